// The order of a topic's messages. DynamoDB has none to give: a topic's ids are a set. Our ids begin with their time, and
// their texts are in its order; a message of somebody else stands among them where its time of arrival puts it.

import { EventId } from '../../model/event-id.ts'
import type { Connection, Item } from './connection.ts'
import { numberIn, textIn } from './items.ts'
import { getItems } from './requests.ts'

export interface Place {
  readonly micros: number
  readonly msgid: string
}

/** @returns undefined for an id that is not of our making: then the item must tell */
export function ownPlace(msgid: string): Place | undefined {
  const id = EventId.parse(msgid)
  return id && { micros: id.micros, msgid }
}

export function placeOf(item: Item): Place {
  const msgid = textIn(item, 'msgid') ?? ''
  return ownPlace(msgid) ?? { micros: (numberIn(item, 'arrived') ?? 0) * 1_000_000, msgid }
}

export function compare(one: Place, other: Place): number {
  return one.micros - other.micros || (one.msgid < other.msgid ? -1 : one.msgid > other.msgid ? 1 : 0)
}

export function further(one: Place | undefined, other: Place | undefined): Place | undefined {
  if (!one || !other) return one ?? other
  return compare(one, other) < 0 ? other : one
}

/** The places of messages by msgid; one of somebody else that is not there any more has none. */
export async function placesOf(
  connection: Connection,
  msgids: Iterable<string>,
  signal: AbortSignal,
): Promise<Map<string, Place>> {
  const places = new Map<string, Place>()
  const foreign = new Set<string>()
  for (const msgid of msgids) {
    const place = ownPlace(msgid)
    if (place) places.set(msgid, place)
    else if (msgid !== '') foreign.add(msgid)
  }
  if (foreign.size > 0) {
    const keys = [...foreign].map((msgid) => ({ msgid: { S: msgid } }))
    for (const item of await getItems(connection, 'mqtt_msg', keys, signal))
      places.set(textIn(item, 'msgid')!, placeOf(item))
  }
  return places
}
