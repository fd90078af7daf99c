// mqtt_acked: the msgid up to which a client has a topic. It only moves on, which DynamoDB's own comparison can't tell where
// ids are somebody else's: the old position is read, and the new one written on condition that it still is the same.

import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { PositionChange } from '../merge.ts'
import type { Connection, Item } from './connection.ts'
import { textIn } from './items.ts'
import { itemName } from './part.ts'
import { further, type Place, placesOf } from './places.ts'
import { getItems } from './requests.ts'

const TABLE = 'mqtt_acked'

export interface Action {
  /** Of the item, as `itemName` makes it. */
  readonly name: string
  readonly item: TransactWriteItem
}

export async function moves(
  connection: Connection,
  changes: readonly PositionChange[],
  signal: AbortSignal,
): Promise<Action[]> {
  const read = changes.filter(({ forget }) => !forget).map(keyOf)
  const items = read.length > 0 ? await getItems(connection, TABLE, read, signal) : []
  const olds = new Map(items.map((item) => [nameOf(item.topic!.S!, item.clientid!.S!), textIn(item, 'msgid')]))
  const oldOf = (change: PositionChange): string | undefined => olds.get(nameOf(change.topic, change.clientid))
  const msgids = changes.flatMap((change) => [...change.msgids, oldOf(change) ?? ''])
  const places = await placesOf(connection, msgids, signal)
  return changes.flatMap((change) => move(change, oldOf(change), places) ?? [])
}

function move(change: PositionChange, old: string | undefined, places: ReadonlyMap<string, Place>): Action | undefined {
  const name = nameOf(change.topic, change.clientid)
  const furthest = change.msgids.map((msgid) => places.get(msgid)).reduce(further, undefined)
  // A message of somebody else that is gone has no place; the client had it all the same.
  const msgid = furthest?.msgid ?? (old === undefined ? change.msgids.at(-1) : undefined)
  if (change.forget && msgid === undefined) return { name, item: { Delete: { TableName: TABLE, Key: keyOf(change) } } }
  const before = old === undefined ? undefined : places.get(old)
  if (msgid === undefined || (before && further(before, furthest) === before)) return undefined
  const put = { TableName: TABLE, Item: { ...keyOf(change), msgid: { S: msgid } } }
  return { name, item: { Put: change.forget ? put : { ...put, ...stillIs(old) } } }
}

function stillIs(old: string | undefined): object {
  if (old === undefined) return { ConditionExpression: 'attribute_not_exists(msgid)' }
  return { ConditionExpression: 'msgid = :old', ExpressionAttributeValues: { ':old': { S: old } } }
}

function keyOf({ topic, clientid }: PositionChange): Item {
  return { topic: { S: topic }, clientid: { S: clientid } }
}

function nameOf(topic: string, clientid: string): string {
  return itemName(TABLE, topic, clientid)
}
