// Payloads in columns of text. A payload is bytes, and none is refused or changed: what is text stays readable as it is,
// anything else is a data URL (RFC 2397), and so is a text that begins like one. Reading undoes it.

import { isUtf8 } from 'node:buffer'

const PREFIX = 'data:;base64,'
const PREFIX_BYTES = Buffer.from(PREFIX)

/** Valid UTF-8 without NUL, which no database keeps in a text without trouble. */
export function isPlainText(payload: Buffer): boolean {
  return isUtf8(payload) && !payload.includes(0)
}

/** @returns the bytes of the text (UTF-8) that stands for the payload; the payload itself where it may. */
export function toTextBytes(payload: Buffer): Buffer {
  const alike = payload.length >= PREFIX.length && PREFIX_BYTES.equals(payload.subarray(0, PREFIX.length))
  return isPlainText(payload) && !alike ? payload : Buffer.from(PREFIX + payload.toString('base64'))
}

/** The payload that the text stands for. A text of somebody else that only begins like ours is taken as it is. */
export function fromText(text: string): Buffer {
  if (text.startsWith(PREFIX)) {
    const payload = Buffer.from(text.slice(PREFIX.length), 'base64')
    if (payload.toString('base64') === text.slice(PREFIX.length)) return payload
  }
  return Buffer.from(text)
}
