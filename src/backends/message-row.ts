// A row of messages, as databases that number their rows return it.

import type { RemoteMessage } from '../model/operation.ts'
import { fromText } from './payload-rule.ts'
import { msgidOfRow } from './row-id.ts'

export interface MessageRow {
  readonly id: number
  /** Null where an application wrote the row. */
  readonly msgid: string | null
  readonly sender: string | null
  readonly topic: string
  readonly qos: number | null
  readonly retain: number | boolean | null
  /** A text is by the payload rule. */
  readonly payload: string | Buffer | null
}

/** @param at ms; 0 where the row has no time */
export function messageOf({ id, msgid, sender, topic, qos, retain, payload }: MessageRow, at: number): RemoteMessage {
  return {
    msgid: msgidOfRow(msgid, id),
    topic,
    payload: Buffer.isBuffer(payload) ? payload : fromText(payload ?? ''),
    qos: qos === 1 || qos === 2 ? qos : 0,
    retain: Boolean(retain),
    from: sender ?? '',
    at,
  }
}
