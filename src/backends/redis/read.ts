// Reads. A key that is something else than what is looked for (a topic may be called like a message) counts as not there.

import type { Qos } from '../../model/event.ts'
import type { ReadOp, RemoteMessage, RowOf, SubscriptionRow } from '../../model/operation.ts'
import type { Connection } from './connection.ts'
import { backendError } from './errors.ts'
import { ackedKey, indexKey, latestKey, messageKey, retainKey, subscriptionsKey } from './keys.ts'

type MessagesOp = Extract<ReadOp, { read: 'messages' }>

/** Ids a question. */
const PAGE = 500

export async function read<O extends ReadOp>(connection: Connection, op: O): Promise<readonly RowOf<O>[]> {
  return (await readAny(connection, op)) as readonly RowOf<O>[]
}

async function readAny(connection: Connection, op: ReadOp): Promise<readonly (SubscriptionRow | RemoteMessage)[]> {
  switch (op.read) {
    case 'subscriptions':
      return readSubscriptions(connection, op.clientid)
    case 'retained':
      return readRetained(connection, op.filter)
    case 'messages':
      return readMessages(connection, op)
  }
}

async function readRetained(connection: Connection, topic: string): Promise<RemoteMessage[]> {
  const message = await readHash(connection, retainKey(topic))
  return message ? [{ ...message, topic, retain: true }] : []
}

async function readSubscriptions(connection: Connection, clientid: string): Promise<SubscriptionRow[]> {
  const found = await connection.driver.hgetall(subscriptionsKey(clientid))
  return Object.entries(found).map(([topic, qos]) => ({ topic, qos: qos.trim() === '' ? Number.NaN : Number(qos) }))
}

/** The newest, oldest first. */
async function readMessages(connection: Connection, op: MessagesOp): Promise<RemoteMessage[]> {
  const { filter, start, since = 0, limit = Number.POSITIVE_INFINITY } = op
  const position = await readPosition(connection, op)
  if (position === '' && start === 'latest') return []
  const wanted = ({ at }: RemoteMessage): boolean => at >= since - (since % 1000) // times are whole seconds
  if (op.latest) {
    const message = await readHash(connection, latestKey(filter))
    return message && wanted(message) && isBehind(position, message.msgid) ? [{ ...message, topic: filter }] : []
  }
  const messages: RemoteMessage[] = []
  for await (const page of newestFirst(connection, filter, position)) {
    messages.push(...page.filter(wanted))
    if (messages.length >= limit || page.length === 0) break
  }
  return messages.slice(0, limit).reverse()
}

/** The id behind which the client's messages begin, its own or the local one, whichever is further; '': all. */
async function readPosition(connection: Connection, { clientid, filter, positions }: MessagesOp): Promise<string> {
  const local = positions?.get(filter) ?? ''
  if (clientid === undefined) return local
  const remote = (await unlessOther(connection.driver.get(ackedKey(clientid, filter)))) ?? ''
  return isBehind(local, remote) ? remote : local
}

/** By bytes, as the sorted set has them. */
function isBehind(position: string, msgid: string): boolean {
  return Buffer.compare(Buffer.from(position), Buffer.from(msgid)) < 0
}

/** Pages of the topic's messages that have not expired. Ids of those that have go out of the index. */
async function* newestFirst(
  connection: Connection,
  topic: string,
  position: string,
): AsyncGenerator<readonly RemoteMessage[]> {
  const index = indexKey(topic)
  const from = position === '' ? '-' : `(${position}`
  for (let to = '+'; ; ) {
    const ids = (await unlessOther(connection.driver.zrevrangebylex(index, to, from, 'LIMIT', 0, PAGE))) ?? []
    const found = await Promise.all(ids.map((id) => readHash(connection, messageKey(id))))
    const gone = ids.filter((_, n) => found[n] === undefined)
    if (gone.length > 0) await forget(connection, index, gone)
    const messages = found.filter((message) => message !== undefined && message !== null)
    if (messages.length > 0) yield messages.map((message) => ({ ...message, topic }))
    if (ids.length < PAGE) return
    to = `(${ids.at(-1)}`
  }
}

/** Whoever may not write (a replica, a user who only reads) leaves them there: the next one meets them, and nothing is lost. */
async function forget(connection: Connection, index: string, ids: readonly string[]): Promise<void> {
  try {
    await connection.driver.zrem(index, ...ids)
  } catch (error) {
    if (!['READONLY', 'NOPERM'].includes(backendError(error).code)) throw error
  }
}

/** @returns undefined where there is none, null where the key is something else. */
async function readHash(connection: Connection, key: string): Promise<RemoteMessage | undefined | null> {
  const found = await unlessOther(connection.driver.hgetallBuffer(key))
  if (!found) return null
  return Object.keys(found).length === 0 ? undefined : toMessage(found)
}

const NOTHING = Buffer.alloc(0)

/** A field that others left out is empty; `retain` is written true or 1. */
function toMessage({ id, from, qos, topic, retain, payload, ts }: Record<string, Buffer>): RemoteMessage {
  const level = Number(qos)
  return {
    msgid: String(id ?? ''),
    topic: String(topic ?? ''),
    payload: payload ?? NOTHING,
    qos: (level === 1 || level === 2 ? level : 0) satisfies Qos,
    retain: /^(true|1)$/.test(String(retain)),
    from: String(from ?? ''),
    at: Number(ts ?? 0) * 1000 || 0,
  }
}

async function unlessOther<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    if ((error as Error).message.startsWith('WRONGTYPE')) return null
    throw error
  }
}
