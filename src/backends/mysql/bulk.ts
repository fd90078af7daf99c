// Many rows by a prepared insert: the server need not read a text with all of their values, nor do we write one.

import type { Message } from '../../model/event.ts'
import { columnOf, type Layout } from './layout.ts'
import * as literal from './literals.ts'
import { payloadValue } from './statement.ts'

export interface Bulk {
  readonly text: string
  readonly values: readonly (string | number | Buffer)[]
  /** Of the values. */
  readonly bytes: number
}

/** Of one insert. Its text stays the same, so that it is prepared once a connection. */
export const BULK_ROWS = 1000
const ROW_BYTES = 64

/** Values of `mqtt_msg` in the order of render.ts' columns. The table is there. */
export function messageBulk(messages: readonly Message[], layout: Layout, insert: (rows: string) => string): Bulk {
  const column = columnOf(layout, 'mqtt_msg', 'payload')
  const digits = columnOf(layout, 'mqtt_msg', 'arrived')?.timeDigits ?? 3
  let bytes = 0
  let last = { at: -1, text: '' } // many messages come in one millisecond
  const timeText = (at: number): string => {
    if (at !== last.at) last = { at, text: literal.timeText(at, digits) }
    return last.text
  }
  const values = messages.flatMap(({ msgid, topic, from, qos, payload, at, retain }) => {
    const stored = payloadValue(payload, column)
    bytes += ROW_BYTES + 3 * (topic.length + from.length) + (typeof stored === 'string' ? 3 : 1) * stored.length
    return [msgid, topic, from, qos, stored, timeText(at), Number(retain)]
  })
  return { text: insert(rowsOf(messages.length)), values, bytes }
}

const rowsOf = (count: number): string => Array.from({ length: count }, () => '(?, ?, ?, ?, ?, ?, ?)').join(', ')
