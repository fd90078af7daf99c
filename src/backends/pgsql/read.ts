// Reads: what a query asks, and what its rows mean.

import type { ReadOp, RemoteMessage, RowOf, SubscriptionRow } from '../../model/operation.ts'
import { hasWildcard } from '../../model/topic.ts'
import { filterPattern } from '../filter-pattern.ts'
import { type MessageRow, messageOf } from '../message-row.ts'
import { rowId } from '../row-id.ts'
import { int8Array, textArray } from './arrays.ts'
import type { Connection } from './connection.ts'

type MessagesOp = Extract<ReadOp, { read: 'messages' }>

/** Rows a query; what has no limit is read in such pages, so that no single answer is slow or large. */
const PAGE_ROWS = 2000

export async function read<O extends ReadOp>(connection: Connection, op: O): Promise<readonly RowOf<O>[]> {
  return (await readAny(connection, op)) as readonly RowOf<O>[]
}

function readAny(connection: Connection, op: ReadOp): Promise<readonly (SubscriptionRow | RemoteMessage)[]> {
  switch (op.read) {
    case 'subscriptions':
      return connection.run({
        text: 'select topic, qos from mqtt_sub where clientid = $1 and topic is not null and qos is not null order by id',
        values: [op.clientid],
      })
    case 'retained':
      return readRetained(connection, op.filter)
    case 'messages':
      return op.limit === undefined ? readAll(connection, op) : readNewest(connection, op, op.limit)
  }
}

const FIELDS = 'msgid, sender, topic, qos, payload, extract(epoch from arrived)::float8 * 1000 as at'

async function readRetained(connection: Connection, filter: string): Promise<RemoteMessage[]> {
  const rows = await connection.run<Row>({
    text: `select id::float8 as id, 1 as retain, ${FIELDS} from mqtt_retain where ${hasWildcard(filter) ? 'topic ~ $1' : 'topic = $1'}`,
    values: [hasWildcard(filter) ? filterPattern(filter, 'pgsql') : filter],
  })
  return rows.map(toMessage)
}

async function readNewest(connection: Connection, op: MessagesOp, limit: number): Promise<RemoteMessage[]> {
  const { text, values } = selectMessages(op)
  const newest = `${text} order by m.id desc limit $${values.length + 1}`
  const rows = await connection.run<Row>({ text: newest, values: [...values, limit] })
  return rows.reverse().map(toMessage)
}

async function readAll(connection: Connection, op: MessagesOp): Promise<RemoteMessage[]> {
  const { text, values } = selectMessages(op)
  const page = `${text} and m.id > $${values.length + 1} order by m.id limit ${PAGE_ROWS}`
  const messages: RemoteMessage[] = []
  for (let after = -1; ; ) {
    const rows = await connection.run<Row>({ text: page, values: [...values, after] })
    messages.push(...rows.map(toMessage))
    if (rows.length < PAGE_ROWS) return messages
    after = rows.at(-1)!.id
  }
}

/** Everything but order and limit. */
function selectMessages(op: MessagesOp): { text: string; values: unknown[] } {
  const { filter, start, since } = op
  const values: unknown[] = []
  const bind = (value: unknown): string => `$${values.push(value)}`
  const conditions = [topicCondition(filter, bind)]
  if (since !== undefined) conditions.push(`(m.arrived is null or m.arrived >= ${utc(bind(since / 1000))})`)
  const positions = positionsByTopic(op, bind)
  const nowhere = start === 'latest' ? '9223372036854775807' : '-1'
  let from = 'mqtt_msg m'
  if (hasWildcard(filter)) {
    from += ' left join position p on p.topic = m.topic'
    conditions.push(`m.id > coalesce(p.mid, ${nowhere})`)
  } else {
    // one value, known before the rows are looked at, so that the index begins there
    conditions.push(`m.id > coalesce((select mid from position where topic = ${bind(filter)}), ${nowhere})`)
  }
  const text = `with ${positions} select m.id::float8 as id, ${qualified} from ${from} where ${conditions.join(' and ')}`
  return { text, values }
}

const qualified = `m.retain, ${FIELDS.replace(/\b(msgid|sender|topic|qos|payload|arrived)\b/g, 'm.$1')}`

function utc(seconds: string): string {
  return `to_timestamp(${seconds}::float8) at time zone 'utc'`
}

/** The remote's position and the local one, which may be ahead of it, by topic: whichever is further. */
function positionsByTopic({ clientid, positions = new Map() }: MessagesOp, bind: (value: unknown) => string): string {
  const topics = bind(textArray([...positions.keys()]))
  const msgids = bind(textArray([...positions.values()]))
  const rows = bind(int8Array([...positions.values()].map(rowId)))
  return `position as (
  select topic, max(mid) as mid from (
    select topic, mid from mqtt_acked where clientid = ${bind(clientid ?? null)}::text
    union all
    select l.topic, coalesce(m.id, l.row) from unnest(${topics}::text[], ${msgids}::text[], ${rows}::int8[]) as l(topic, msgid, row)
    left join mqtt_msg m on m.msgid = l.msgid
  ) both_sides where mid is not null group by topic
)`
}

function topicCondition(filter: string, bind: (value: unknown) => string): string {
  if (hasWildcard(filter)) return `m.topic ~ ${bind(filterPattern(filter, 'pgsql'))}`
  const topic = bind(filter)
  return `left(m.topic, 400) = left(${topic}, 400) and m.topic = ${topic}` // the first is what is indexed
}

type Row = MessageRow & { readonly at: number | null }

function toMessage(row: Row): RemoteMessage {
  return messageOf(row, Math.round(row.at ?? 0))
}
