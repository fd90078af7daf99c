// Rows that applications wrote without a msgid are known by their row's id: `id:<number>`.

const FORM = /^id:(\d{1,15})$/

export function msgidOfRow(msgid: string | null, id: number): string {
  return msgid ?? `id:${id}`
}

/** @returns null for the msgid of any other message. */
export function rowId(msgid: string): number | null {
  const digits = FORM.exec(msgid)?.[1]
  return digits === undefined ? null : Number(digits)
}
