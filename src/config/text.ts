// The grammar of a conf file: `key = value`, one a line; lines that begin with `#` are comments. What a value means is
// settled elsewhere.

import { isUtf8 } from 'node:buffer'
import type { Faults, Place } from './fault.ts'

/** One `key = value`; the place is the key's. */
export interface Entry extends Place {
  readonly key: string
  readonly value: string
  readonly valueColumn: number
}

const KEY_VALUE = /^(\s*)([^\s=]+)\s*=\s*(.*?)\s*$/
const BYTE_ORDER_MARK = '\uFEFF'

/** Entries in file order, each key once: of two with the same key the last one counts, and there is a warning. */
export function parseText(file: string, content: Buffer, faults: Faults): Entry[] {
  const entries = new Map<string, Entry>()
  for (const { line, text } of textLines(file, content, faults)) {
    const entry = parseLine({ file, line, column: 1 }, text, faults)
    if (!entry) continue
    const earlier = entries.get(entry.key)
    if (earlier) {
      faults.warning(entry, `${entry.key} is set twice`, `line ${earlier.line} does not count: the last one wins`)
      entries.delete(entry.key) // so that it is inserted anew, in file order
    }
    entries.set(entry.key, entry)
  }
  return [...entries.values()]
}

/** Lines that are neither empty nor a comment. A line that is not UTF-8 is a fault. */
export function textLines(file: string, content: Buffer, faults: Faults): { line: number; text: string }[] {
  const valid = isUtf8(content)
  const lines: { line: number; text: string }[] = []
  for (const [index, raw] of content.toString('utf8').split(/\r?\n/).entries()) {
    const text = index === 0 && raw.startsWith(BYTE_ORDER_MARK) ? raw.slice(1) : raw
    if (/^\s*(#|$)/.test(text)) continue
    const bad = valid ? -1 : text.indexOf('\uFFFD')
    if (bad >= 0) faults.error({ file, line: index + 1, column: bad + 1 }, 'expected UTF-8 text')
    else lines.push({ line: index + 1, text })
  }
  return lines
}

function parseLine(place: Place, text: string, faults: Faults): Entry | undefined {
  const [, indent, key, value] = KEY_VALUE.exec(text) ?? []
  if (indent === undefined || key === undefined || value === undefined) {
    const column = text.search(/\S/) + 1
    faults.error({ ...place, column }, 'expected key = value', 'a comment begins with #')
    return undefined
  }
  const column = indent.length + 1
  if (key.split('.').includes('')) {
    faults.error({ ...place, column }, `expected a key whose parts are split by single dots, not '${key}'`)
    return undefined
  }
  const afterEquals = text.indexOf('=', indent.length) + 1
  const valueColumn = afterEquals + text.slice(afterEquals).search(/\S|$/) + 1
  return { ...place, column, key, value, valueColumn }
}
