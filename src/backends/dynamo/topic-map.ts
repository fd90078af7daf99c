// mqtt_topic_msg_map: the ids of each topic's messages, a set in one item. An item holds 400 KB, some 19,000 of our ids; where
// more come, the oldest leave the set. Their messages stay in mqtt_msg, but are not fetched from here any more.

import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { Connection } from './connection.ts'
import { MAX_ITEM_BYTES } from './items.ts'
import { ownPlace } from './places.ts'

export const TABLE = 'mqtt_topic_msg_map'
/** So much of the item is in use after the oldest have left: not each message is to cost a trim. */
const TRIMMED_BYTES = 0.75 * MAX_ITEM_BYTES

type Update = NonNullable<TransactWriteItem['Update']>

export function changeIds(
  action: 'ADD' | 'DELETE',
  topic: string,
  msgids: readonly string[],
): Update & { UpdateExpression: string } {
  return {
    TableName: TABLE,
    Key: { topic: { S: topic } },
    UpdateExpression: `${action} #ids :ids`,
    ExpressionAttributeNames: { '#ids': 'MsgId' },
    ExpressionAttributeValues: { ':ids': { SS: [...msgids] } },
  }
}

export async function idsOf({ db }: Connection, topic: string, signal: AbortSignal): Promise<string[]> {
  const request = { TableName: TABLE, Key: { topic: { S: topic } }, ConsistentRead: true }
  return (await db.getItem(request, { abortSignal: signal })).Item?.MsgId?.SS ?? []
}

/** Makes room for the ids that are to come. @returns how many have left */
export async function trim(
  connection: Connection,
  topic: string,
  coming: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const ids = oldestFirst(await idsOf(connection, topic, signal))
  const bytes = (list: readonly string[]): number => list.reduce((sum, id) => sum + Buffer.byteLength(id) + 1, 0)
  let room = TRIMMED_BYTES - bytes(ids) - bytes(coming)
  let count = 0
  for (; count < ids.length && room < 0; count++) room += Buffer.byteLength(ids[count]!) + 1
  if (count === 0) return 0
  await connection.db.updateItem(changeIds('DELETE', topic, ids.slice(0, count)), { abortSignal: signal })
  return count
}

/** Ids that are not of our making came before: EMQX wrote them. */
function oldestFirst(ids: readonly string[]): string[] {
  const own = ids.filter(ownPlace)
  const theirs = ids.filter((id) => !ownPlace(id))
  return [...theirs.sort(), ...own.sort()]
}
