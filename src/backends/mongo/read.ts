// Reads: what a query asks, and what its documents mean.

import type { Db, Document, Filter, FindOptions } from 'mongodb'
import type { ReadOp, RemoteMessage, RowOf, SubscriptionRow } from '../../model/operation.ts'
import { hasWildcard, topicMatches } from '../../model/topic.ts'
import { filterPattern } from '../filter-pattern.ts'
import { rowId } from '../row-id.ts'
import { type MessageDocument, NUMBERED, toMessage } from './documents.ts'

type MessagesOp = Extract<ReadOp, { read: 'messages' }>
type NumberedMessage = MessageDocument & { _id: number }

/** @param options session, signal and the like */
export async function read<O extends ReadOp>(db: Db, op: O, options: FindOptions): Promise<readonly RowOf<O>[]> {
  return (await readAny(db, op, options)) as readonly RowOf<O>[]
}

function readAny(db: Db, op: ReadOp, options: FindOptions): Promise<readonly (SubscriptionRow | RemoteMessage)[]> {
  switch (op.read) {
    case 'subscriptions':
      return readSubscriptions(db, op.clientid, options)
    case 'retained':
      return readRetained(db, op.filter, options)
    case 'messages':
      return readMessages(db, op, options)
  }
}

async function readSubscriptions(db: Db, clientid: string, options: FindOptions): Promise<SubscriptionRow[]> {
  const rows = await db
    .collection('mqtt_sub')
    .find({ clientid, topic: { $type: 'string' }, qos: { $type: 'number' } }, options)
    .sort({ _id: 1 })
    .toArray()
  return rows.map(({ topic, qos }) => ({ topic, qos: Number(qos) }))
}

async function readRetained(db: Db, filter: string, options: FindOptions): Promise<RemoteMessage[]> {
  const found = await db
    .collection<MessageDocument>('mqtt_retain')
    .find({ topic: topicCondition(filter) }, options)
    .toArray()
  return found.map((document) => ({ ...toMessage(document), retain: true }))
}

async function readMessages(db: Db, op: MessagesOp, options: FindOptions): Promise<RemoteMessage[]> {
  const { filter, start, since, limit = Number.POSITIVE_INFINITY } = op
  const positions = await positionsByTopic(db, op, options)
  if (start === 'latest' && positions.size === 0) return []
  const wild = hasWildcard(filter)
  const conditions: Filter<NumberedMessage> = {
    topic: topicCondition(filter),
    _id: wild ? NUMBERED : { $gt: positions.get(filter) ?? Number.NEGATIVE_INFINITY },
    ...(since === undefined ? {} : { $or: [{ arrived: null }, { arrived: { $gte: Math.floor(since / 1000) } }] }),
  }
  const newestFirst = Number.isFinite(limit)
  const cursor = db
    .collection<NumberedMessage>('mqtt_msg')
    .find(conditions, { ...options, batchSize: Math.min(limit, PAGE_ROWS) })
    .sort({ _id: newestFirst ? -1 : 1 })
  if (!wild && newestFirst) cursor.limit(limit)
  const messages: RemoteMessage[] = []
  for await (const document of cursor) {
    const position = positions.get(document.topic) ?? (start === 'latest' ? Number.POSITIVE_INFINITY : undefined)
    if (position === undefined || document._id > position) messages.push(toMessage(document))
    if (messages.length >= limit) break
  }
  return newestFirst ? messages.reverse() : messages
}

/** Rows an answer, so that none is slow or large. */
const PAGE_ROWS = 2000

/** The remote's position and the local one, which may be ahead of it, by topic: whichever is further. */
async function positionsByTopic(
  db: Db,
  { filter, clientid, positions = new Map() }: MessagesOp,
  options: FindOptions,
): Promise<Map<string, number>> {
  const wild = hasWildcard(filter)
  const local = [...positions].filter(([topic]) => topicMatches(filter, topic))
  const msgids = local.map(([, msgid]) => msgid).filter((msgid) => rowId(msgid) === null)
  const [acked, rows] = await Promise.all([
    clientid === undefined
      ? []
      : db
          .collection('mqtt_acked')
          .find(wild ? { clientid } : { clientid, topic: filter }, options)
          .toArray(),
    msgids.length === 0
      ? []
      : db
          .collection<NumberedMessage>('mqtt_msg')
          .find({ msgid: { $in: msgids } }, { ...options, projection: { msgid: 1 } })
          .toArray(),
  ])
  const numbers = new Map(rows.map(({ _id, msgid }) => [msgid!, _id]))
  const furthest = new Map<string, number>()
  const reach = (topic: string, number: unknown): void => {
    if (typeof number === 'number') furthest.set(topic, Math.max(number, furthest.get(topic) ?? number))
  }
  for (const { topic, mongo_id } of acked) reach(topic, mongo_id)
  for (const [topic, msgid] of local) reach(topic, rowId(msgid) ?? numbers.get(msgid))
  return furthest
}

function topicCondition(filter: string): string | Document {
  return hasWildcard(filter) ? { $regex: filterPattern(filter, 'pcre') } : filter
}
