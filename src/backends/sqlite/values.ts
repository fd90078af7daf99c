// Times as SQLite's own functions write them: `2016-11-15 09:40:40.000`, UTC, so that text order is time order.

/** @param time wall time, ms */
export function timeText(time: number): string {
  return new Date(time).toISOString().slice(0, -1).replace('T', ' ')
}

/** @returns ms; 0 for what is no such time. */
export function parseTime(text: string | null): number {
  const time = Date.parse(`${(text ?? '').replace(' ', 'T')}Z`)
  return Number.isNaN(time) ? 0 : time
}
