// Messages as items, and back. Times are whole seconds.

import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { Message } from '../../model/event.ts'
import type { RemoteMessage } from '../../model/operation.ts'
import { fromText, toTextBytes } from '../payload-rule.ts'
import type { Item } from './connection.ts'

/** What an item may hold, names of its attributes included (DynamoDB, service quotas). */
export const MAX_ITEM_BYTES = 400 << 10

export function inSeconds(ms: number): AttributeValue {
  return { N: String(Math.floor(ms / 1000)) }
}

export function messageItem({ msgid, topic, from, qos, retain, payload, at }: Message): Item {
  return {
    msgid: { S: msgid },
    topic: { S: topic },
    sender: { S: from },
    qos: { N: String(qos) },
    retain: { N: retain ? '1' : '0' },
    payload: { S: toTextBytes(payload).toString() },
    arrived: inSeconds(at),
  }
}

/** As somebody else may have written it: any attribute but the key can be missing, or have another type. */
export function toMessage(item: Item): RemoteMessage {
  const qos = numberIn(item, 'qos')
  const payload = item.payload
  return {
    msgid: textIn(item, 'msgid') ?? '',
    topic: textIn(item, 'topic') ?? '',
    payload: payload?.B ? Buffer.from(payload.B) : fromText(textIn(item, 'payload') ?? ''),
    qos: qos === 1 || qos === 2 ? qos : 0,
    retain: numberIn(item, 'retain') === 1 || item.retain?.BOOL === true,
    from: textIn(item, 'sender') ?? '',
    at: (numberIn(item, 'arrived') ?? 0) * 1000,
  }
}

export function textIn(item: Item | undefined, name: string): string | undefined {
  return item?.[name]?.S ?? item?.[name]?.N
}

export function numberIn(item: Item | undefined, name: string): number | undefined {
  const text = textIn(item, name)
  return text === undefined || Number.isNaN(Number(text)) ? undefined : Number(text)
}

const NUMBER_BYTES = 21

/** Of an item with texts and numbers, at most. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + name.length + (value.S === undefined ? NUMBER_BYTES : Buffer.byteLength(value.S)),
    0,
  )
}

/** Bytes of the text that a payload is stored as, at most. */
export function storedBytes(payload: Buffer): number {
  return Math.ceil(payload.length / 3) * 4 + 13
}
