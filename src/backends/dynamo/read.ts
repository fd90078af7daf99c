// Reads: what is asked, and what the items mean. All are consistent: what the lane has written is in them.

import type { ReadOp, RemoteMessage, RowOf, SubscriptionRow } from '../../model/operation.ts'
import { hasWildcard } from '../../model/topic.ts'
import type { Connection, Item } from './connection.ts'
import { numberIn, textIn, toMessage } from './items.ts'
import { compare, further, ownPlace, type Place, placeOf, placesOf } from './places.ts'
import { getItems } from './requests.ts'
import { idsOf } from './topic-map.ts'

type MessagesOp = Extract<ReadOp, { read: 'messages' }>

/** Messages that are looked at together where only the newest are wanted. */
const PAGE = 100

export async function read<O extends ReadOp>(
  connection: Connection,
  op: O,
  signal: AbortSignal,
): Promise<readonly RowOf<O>[]> {
  return (await readAny(connection, op, signal)) as readonly RowOf<O>[]
}

function readAny(
  connection: Connection,
  op: ReadOp,
  signal: AbortSignal,
): Promise<readonly (SubscriptionRow | RemoteMessage)[]> {
  if (op.read === 'subscriptions') return subscriptions(connection, op.clientid, signal)
  if (hasWildcard(op.filter)) throw new Error(`DynamoDB can't read with the filter ${op.filter}`)
  return op.read === 'retained' ? retained(connection, op.filter, signal) : messages(connection, op, signal)
}

async function subscriptions({ db }: Connection, clientid: string, signal: AbortSignal): Promise<SubscriptionRow[]> {
  const rows: SubscriptionRow[] = []
  for (let start: Item | undefined; ; ) {
    const page = await db.query(
      {
        TableName: 'mqtt_sub',
        KeyConditionExpression: 'clientid = :clientid',
        ExpressionAttributeValues: { ':clientid': { S: clientid } },
        ConsistentRead: true,
        ...(start && { ExclusiveStartKey: start }),
      },
      { abortSignal: signal },
    )
    for (const item of page.Items ?? []) {
      const [topic, qos] = [textIn(item, 'topic'), numberIn(item, 'qos')]
      if (topic !== undefined && qos !== undefined) rows.push({ topic, qos })
    }
    start = page.LastEvaluatedKey
    if (!start) return rows
  }
}

async function retained({ db }: Connection, topic: string, signal: AbortSignal): Promise<RemoteMessage[]> {
  const request = { TableName: 'mqtt_retain', Key: { topic: { S: topic } }, ConsistentRead: true }
  const { Item } = await db.getItem(request, { abortSignal: signal })
  return Item ? [{ ...toMessage(Item), retain: true }] : []
}

interface Row {
  readonly place: Place
  readonly message: RemoteMessage
}

async function messages(connection: Connection, op: MessagesOp, signal: AbortSignal): Promise<RemoteMessage[]> {
  const [ids, behind] = await Promise.all([idsOf(connection, op.filter, signal), positionOf(connection, op, signal)])
  if (!behind && op.start === 'latest') return []
  const oldest = op.since === undefined ? 0 : op.since - (op.since % 1000)
  const load = async (msgids: readonly string[]): Promise<Row[]> => {
    const keys = msgids.map((msgid) => ({ msgid: { S: msgid } }))
    const rows = (await getItems(connection, 'mqtt_msg', keys, signal)).map((item) => ({
      place: placeOf(item),
      message: { ...toMessage(item), topic: op.filter },
    }))
    return rows.filter(({ place, message }) => message.at >= oldest && (!behind || compare(place, behind) > 0))
  }
  const own = ids.flatMap((id) => ownPlace(id) ?? []).filter((place) => !behind || compare(place, behind) > 0)
  const rows = await load(ids.filter((id) => !ownPlace(id)))
  rows.push(
    ...(await newest(
      own.sort(compare).map(({ msgid }) => msgid),
      op.limit ?? own.length,
      load,
    )),
  )
  const inOrder = rows.sort((a, b) => compare(a.place, b.place)).map(({ message }) => message)
  return op.limit === undefined ? inOrder : inOrder.slice(Math.max(0, inOrder.length - op.limit))
}

/** Loads from the end of the list until so many are found, or all are loaded. */
async function newest(
  msgids: readonly string[],
  limit: number,
  load: (msgids: readonly string[]) => Promise<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = []
  for (let end = msgids.length; end > 0 && rows.length < limit; ) {
    const begin = Math.max(0, end - Math.max(PAGE, limit - rows.length))
    rows.push(...(await load(msgids.slice(begin, end))))
    end = begin
  }
  return rows
}

/** The further one of the client's position here and the one that the gateway knows. */
async function positionOf(
  connection: Connection,
  { filter, clientid, positions }: MessagesOp,
  signal: AbortSignal,
): Promise<Place | undefined> {
  if (clientid === undefined) return undefined
  const key = { topic: { S: filter }, clientid: { S: clientid } }
  const request = { TableName: 'mqtt_acked', Key: key, ConsistentRead: true }
  const here = textIn((await connection.db.getItem(request, { abortSignal: signal })).Item, 'msgid')
  const msgids = [here, positions?.get(filter)].filter((msgid) => msgid !== undefined)
  const places = await placesOf(connection, msgids, signal)
  return [...places.values()].reduce<Place | undefined>(further, undefined)
}
