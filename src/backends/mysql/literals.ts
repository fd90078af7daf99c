// Values as literals of SQL. None depends on the server's rules for escaping: a text that holds a quote, a backslash or
// a control character is written in hexadecimal digits, and so are bytes that are no text.

import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'

const PLAIN = /^[ -&(-[\]-~\u0080-\uffff]*$/

/** Beyond the basic plane: a column of three-byte UTF-8 can't even be compared with such a text, unless it is said how. */
const ASTRAL = /[\ud800-\udfff]/

export function text(value: string): string {
  const written = PLAIN.test(value) ? `'${value}'` : `_utf8mb4 ${hex(value)}`
  return ASTRAL.test(value) ? `${written} collate utf8mb4_bin` : written
}

/** A text's bytes. */
export function hex(value: string): string {
  return `x'${Buffer.from(value).toString('hex')}'`
}

export function bytes(value: Buffer): string {
  if (isUtf8(value)) {
    const decoded = value.toString()
    if (PLAIN.test(decoded)) return `'${decoded}'`
  }
  return `x'${value.toString('hex')}'`
}

/** The rows of these messages: by an index where there is one, and exactly, since a column may fold case. */
export function isMsgid(list: string): string {
  return `msgid in (${list}) and convert(msgid using utf8mb4) collate utf8mb4_bin in (${list})`
}

export function texts(values: Iterable<string>): string {
  return [...values].map(text).join(', ')
}

/** A double where it is no whole number: MySQL would take it for a decimal. */
export function number(value: number): string {
  return Number.isInteger(value) || String(value).includes('e') ? String(value) : `${value}e0`
}

/** @param ms wall time; null: NULL */
export function time(ms: number | null, digits = 3): string {
  return ms === null ? 'null' : `'${timeText(ms, digits)}'`
}

/** Cut off to `digits` of a second, which MySQL would round. */
export function timeText(ms: number, digits: number): string {
  const text = new Date(ms).toISOString().slice(0, 19 + (digits > 0 ? Math.min(digits, 3) + 1 : 0))
  return text.replace('T', ' ')
}

/** The hash that our tables' `row_key` holds. */
export function rowKey(...values: readonly string[]): string {
  return `x'${createHash('sha256').update(values.join('\0')).digest('hex')}'`
}

/** A pattern of LIKE that only the text itself matches; to be used with `escape '!'`. */
export function likeText(value: string): string {
  return value.replace(/[!%_]/g, '!$&')
}
