// Reads: what a query asks, and what its rows mean. A topic's messages are one partition, ordered by their ids.

import type { ReadOp, RemoteMessage, RowOf, SubscriptionRow } from '../../model/operation.ts'
import { fromText } from '../payload-rule.ts'
import type { Row, Session, Statement } from './session.ts'

type MessagesOp = Extract<ReadOp, { read: 'messages' }>

/** Rows a page: payloads may be large. */
const PAGE_ROWS = 250
/** After so many rows in a row that are too old nothing younger is expected. */
const OLD_ROWS = 1000

export async function read<O extends ReadOp>(session: Session, op: O): Promise<readonly RowOf<O>[]> {
  return (await readAny(session, op)) as readonly RowOf<O>[]
}

function readAny(session: Session, op: ReadOp): Promise<readonly (SubscriptionRow | RemoteMessage)[]> {
  switch (op.read) {
    case 'subscriptions':
      return readSubscriptions(session, op.clientid)
    case 'retained':
      return readRetained(session, op.filter)
    case 'messages':
      return readMessages(session, op)
  }
}

function select(session: Session, text: string, ...values: unknown[]): Promise<Row[]> {
  return session.run({ text, values }, { repeatable: true })
}

async function readSubscriptions(session: Session, clientid: string): Promise<SubscriptionRow[]> {
  const rows = await select(session, 'select topic, qos from sub where client_id = ?', clientid)
  return rows.flatMap(({ topic, qos }) => (typeof qos === 'number' ? [{ topic: String(topic), qos }] : []))
}

/** A row without a payload, as EMQX and its applications write it, names one of the stored messages. */
async function readRetained(session: Session, topic: string): Promise<RemoteMessage[]> {
  const [row] = await select(session, 'select * from retain where topic = ?', topic)
  if (!row) return []
  const whole = row.payload === null || row.payload === undefined
  const [message] = whole
    ? await select(session, 'select * from msg where topic = ? and msgid = ?', topic, row.msgid)
    : [row]
  return message ? [{ ...toMessage(message), retain: true }] : []
}

/** From the newest back, then turned round. */
async function readMessages(session: Session, op: MessagesOp): Promise<RemoteMessage[]> {
  const { start, since = Number.NEGATIVE_INFINITY, limit = Number.POSITIVE_INFINITY } = op
  const position = await positionOf(session, op)
  if ((position === undefined && start === 'latest') || limit <= 0) return []
  const messages: RemoteMessage[] = []
  let old = 0
  for await (const rows of session.pages(behind(op.filter, position), Math.min(limit, PAGE_ROWS))) {
    for (const row of rows) {
      old = row.arrived instanceof Date && row.arrived.getTime() < since ? old + 1 : 0
      if (old === 0) messages.push(toMessage(row))
      if (messages.length === limit) return messages.reverse()
    }
    if (old >= OLD_ROWS) break
  }
  return messages.reverse()
}

function behind(topic: string, position: string | undefined): Statement {
  const columns = 'topic, msgid, sender, qos, retain, payload, arrived'
  return position === undefined
    ? { text: `select ${columns} from msg where topic = ? order by msgid desc`, values: [topic] }
    : {
        text: `select ${columns} from msg where topic = ? and msgid > ? order by msgid desc`,
        values: [topic, position],
      }
}

/** The remote's position or the local one, which may be ahead of it: whichever is further. */
async function positionOf(session: Session, { filter, clientid, positions }: MessagesOp): Promise<string | undefined> {
  const local = positions?.get(filter)
  if (clientid === undefined || clientid === '') return local
  const text = 'select msgid from acked where client_id = ? and topic = ?'
  const [row] = await select(session, text, clientid, filter)
  const remote = row?.msgid as string | null | undefined
  return remote && (local === undefined || remote > local) ? remote : local
}

function toMessage({ topic, msgid, sender, qos, retain, payload, arrived }: Row): RemoteMessage {
  return {
    msgid: String(msgid),
    topic: String(topic),
    payload: Buffer.isBuffer(payload) ? payload : fromText(String(payload ?? '')),
    qos: qos === 1 || qos === 2 ? qos : 0,
    retain: retain === 1 || retain === true,
    from: String(sender ?? ''),
    at: arrived instanceof Date ? arrived.getTime() : 0,
  }
}
