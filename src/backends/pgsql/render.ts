// Merged writes and bound statements as SQL. Pure: the tables' layout in, texts and values out.

import type { Message } from '../../model/event.ts'
import type { BoundStatement, ParameterValue } from '../../model/operation.ts'
import type { ClientState, Delivery, Merged, PositionChange } from '../merge.ts'
import { toTextBytes } from '../payload-rule.ts'
import { rowId } from '../row-id.ts'
import { byteaArray, int4Array, int8Array, textArray, timeArray } from './arrays.ts'
import type { Query } from './connection.ts'
import { columnType, hasColumn, isUnique, type Layout } from './layout.ts'

const NOW = "timezone('utc', now())"

/** Messages of one insert: the server works on the first while the next is rendered. */
const INSERT_ROWS = 1000

/** The statements for a run of built-in writes, in order, each rendered when it is asked for. @param idempotent some rows may be there already */
export function* renderMerged(merged: Merged, layout: Layout, idempotent: boolean): Generator<Query> {
  const changes = [...merged.positions.values()]
  const forgotten = changes.filter(({ forget }) => forget)
  const moved = changes.filter(({ msgids }) => msgids.length > 0)
  const retained = [...merged.retained.values()].filter((message) => message !== null)
  const cleared = [...merged.retained].filter(([, message]) => message === null).map(([topic]) => topic)
  const deliveries = layout.has('mqtt_delivered') ? merged.deliveries : []
  const inserts = [...merged.inserts.values()]
  for (let at = 0; at < inserts.length; at += INSERT_ROWS) {
    yield insertMessages(inserts.slice(at, at + INSERT_ROWS), layout, idempotent)
  }
  if (forgotten.length > 0) yield deletePositions(forgotten)
  if (moved.length > 0) yield movePositions(moved, layout)
  if (merged.deletes.size > 0) yield deleteMessages([...merged.deletes])
  if (cleared.length > 0) yield deleteRetained(cleared)
  if (retained.length > 0) yield putRetained(retained, layout)
  if (merged.clients.size > 0) yield putClients([...merged.clients.values()], layout)
  if (deliveries.length > 0) yield insertDeliveries(deliveries, layout, idempotent)
}

interface ColumnValues {
  readonly name: string
  readonly type: string
  readonly array: Buffer
}

/** `from unnest(…)`: the columns as a table `r`, with the rows' order as `n`. */
function rows(columns: readonly ColumnValues[]): string {
  const arrays = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')
  return `unnest(${arrays}) with ordinality as r(${names(columns)}, n)`
}

function names(columns: readonly ColumnValues[]): string {
  return columns.map(({ name }) => name).join(', ')
}

const values = (columns: readonly ColumnValues[]): Buffer[] => columns.map(({ array }) => array)

const texts = (name: string, array: readonly (string | Buffer)[]): ColumnValues => ({
  name,
  type: 'text',
  array: textArray(array),
})

const integers = (name: string, array: readonly number[]): ColumnValues => ({
  name,
  type: 'int4',
  array: int4Array(array),
})

interface Target {
  readonly layout: Layout
  readonly table: string
}

function times({ layout, table }: Target, name: string, array: readonly (number | null)[]): ColumnValues {
  const type = columnType(layout, table, name) === 'timestamptz' ? 'timestamptz' : 'timestamp'
  return { name, type, array: timeArray(type, array) }
}

function payloads({ layout, table }: Target, messages: readonly Message[]): ColumnValues {
  return columnType(layout, table, 'payload') === 'bytea'
    ? { name: 'payload', type: 'bytea', array: byteaArray(messages.map(({ payload }) => payload)) }
    : texts(
        'payload',
        messages.map(({ payload }) => toTextBytes(payload)),
      )
}

function messageColumns(target: Target, messages: readonly Message[]): ColumnValues[] {
  return [
    texts(
      'msgid',
      messages.map(({ msgid }) => msgid),
    ),
    texts(
      'sender',
      messages.map(({ from }) => from),
    ),
    texts(
      'topic',
      messages.map(({ topic }) => topic),
    ),
    integers(
      'qos',
      messages.map(({ qos }) => qos),
    ),
    payloads(target, messages),
    times(
      target,
      'arrived',
      messages.map(({ at }) => at),
    ),
  ]
}

function insertMessages(messages: readonly Message[], layout: Layout, idempotent: boolean): Query {
  const columns = [
    ...messageColumns({ layout, table: 'mqtt_msg' }, messages),
    integers(
      'retain',
      messages.map(({ retain }) => (retain ? 1 : 0)),
    ),
  ]
  const insert = `insert into mqtt_msg (${names(columns)}) select ${names(columns)} from ${rows(columns)}`
  const unlessThere = isUnique(layout, 'mqtt_msg', ['msgid'])
    ? 'order by n on conflict (msgid) do nothing'
    : 'where not exists (select from mqtt_msg m where m.msgid = r.msgid) order by n'
  const text = `${insert} ${idempotent ? unlessThere : 'order by n'}`
  return { text, values: values(columns) }
}

function deleteMessages(msgids: readonly string[]): Query {
  const ids = msgids.map(rowId).filter((id) => id !== null)
  return {
    text: 'delete from mqtt_msg where msgid = any($1::text[]) or (msgid is null and id = any($2::int8[]))',
    values: [textArray(msgids), int8Array(ids)],
  }
}

function deletePositions(changes: readonly PositionChange[]): Query {
  const columns = [
    texts(
      'clientid',
      changes.map(({ clientid }) => clientid),
    ),
    texts(
      'topic',
      changes.map(({ topic }) => topic),
    ),
  ]
  const text = `delete from mqtt_acked a using ${rows(columns)} where a.clientid = r.clientid and a.topic = r.topic`
  return { text, values: values(columns) }
}

/** The row of a message may have been written by this very batch. A message without a row moves nothing. */
function movePositions(changes: readonly PositionChange[], layout: Layout): Query {
  const moves = changes.flatMap(({ clientid, topic, msgids }) => msgids.map((msgid) => ({ clientid, topic, msgid })))
  const columns = [
    texts(
      'clientid',
      moves.map(({ clientid }) => clientid),
    ),
    texts(
      'topic',
      moves.map(({ topic }) => topic),
    ),
    texts(
      'msgid',
      moves.map(({ msgid }) => msgid),
    ),
    { name: 'row', type: 'int8', array: int8Array(moves.map(({ msgid }) => rowId(msgid))) },
  ]
  const source = `select r.clientid, r.topic, max(coalesce(m.id, r.row)) as mid
from ${rows(columns)} left join mqtt_msg m on m.msgid = r.msgid
where coalesce(m.id, r.row) is not null group by r.clientid, r.topic`
  const text = upsert({
    layout,
    table: 'mqtt_acked',
    key: ['clientid', 'topic'],
    source,
    others: ['mid'],
    change: (next, now) => `mid = greatest(${next}.mid, ${now}.mid)`,
  })
  return { text, values: values(columns) }
}

function putRetained(messages: readonly Message[], layout: Layout): Query {
  const columns = messageColumns({ layout, table: 'mqtt_retain' }, messages)
  const others = columns.map(({ name }) => name).filter((name) => name !== 'topic')
  const text = upsert({
    layout,
    table: 'mqtt_retain',
    key: ['topic'],
    source: `select ${names(columns)} from ${rows(columns)}`,
    others,
    change: (next) => others.map((name) => `${name} = ${next}.${name}`).join(', '),
  })
  return { text, values: values(columns) }
}

function deleteRetained(topics: readonly string[]): Query {
  return { text: 'delete from mqtt_retain where topic = any($1::text[])', values: [textArray(topics)] }
}

function putClients(clients: readonly ClientState[], layout: Layout): Query {
  const target = { layout, table: 'mqtt_client' }
  const columns = [
    texts(
      'clientid',
      clients.map(({ clientid }) => clientid),
    ),
    integers(
      'state',
      clients.map(({ state }) => state),
    ),
    texts(
      'node',
      clients.map(({ node }) => node),
    ),
    times(
      target,
      'online_at',
      clients.map(({ onlineAt }) => onlineAt),
    ),
    times(
      target,
      'offline_at',
      clients.map(({ offlineAt }) => offlineAt),
    ),
  ]
  const text = upsert({
    ...target,
    key: ['clientid'],
    source: `select ${names(columns)} from ${rows(columns)}`,
    others: ['state', 'node', 'online_at', 'offline_at'],
    change: (next, now) =>
      `state = ${next}.state, node = ${next}.node, online_at = coalesce(${next}.online_at, ${now}.online_at), offline_at = ${next}.offline_at`,
  })
  return { text, values: values(columns) }
}

function insertDeliveries(deliveries: readonly Delivery[], layout: Layout, idempotent: boolean): Query {
  const columns = [
    texts(
      'clientid',
      deliveries.map(({ clientid }) => clientid),
    ),
    texts(
      'topic',
      deliveries.map(({ topic }) => topic),
    ),
    texts(
      'msgid',
      deliveries.map(({ msgid }) => msgid),
    ),
    times(
      { layout, table: 'mqtt_delivered' },
      'delivered_at',
      deliveries.map(({ at }) => at),
    ),
  ]
  const same = 'd.msgid = r.msgid and d.clientid = r.clientid and d.delivered_at = r.delivered_at'
  const unlessThere = idempotent ? `where not exists (select from mqtt_delivered d where ${same})` : ''
  const text = `insert into mqtt_delivered (${names(columns)}) select ${names(columns)} from ${rows(columns)} ${unlessThere} order by n`
  return { text, values: values(columns) }
}

interface Upsert extends Target {
  readonly key: readonly string[]
  /** A select of key and others; one row a key. */
  readonly source: string
  readonly others: readonly string[]
  /** The assignments where the row is there; `next` and `now` name the new row and the old one. */
  readonly change: (next: string, now: string) => string
}

/** Rows in the order of their keys, so that two gateways wait for each other and don't block each other for good. */
function upsert({ layout, table, key, source, others, change }: Upsert): string {
  const created = hasColumn(layout, table, 'created')
  const into = `insert into ${table} (${[...key, ...others, ...(created ? ['created'] : [])].join(', ')})
select ${[...key, ...others, ...(created ? [NOW] : [])].join(', ')} from source`
  if (isUnique(layout, table, key)) {
    return `with source as (${source})
${into} order by ${key.join(', ')}
on conflict (${key.join(', ')}) do update set ${change('excluded', table)}`
  }
  const same = (other: string): string => key.map((name) => `${other}.${name} = source.${name}`).join(' and ')
  return `with source as (${source}),
changed as (update ${table} set ${change('source', table)} from source where ${same(table)})
${into} where not exists (select from ${table} t where ${same('t')})`
}

/** `insert … values ($1, $2)`, as the server wants it. */
export function statementText({ texts }: BoundStatement): string {
  return texts.map((piece, index) => (index === 0 ? piece : `$${index}${piece}`)).join('')
}

const BOOL = 16
const BYTEA = 17
const TIMES: readonly number[] = [1114, 1184]

/** @param types the server's types (OIDs) of the parameters */
export function statementValues({ values }: BoundStatement, types: readonly number[]): unknown[] {
  return values.map((value, index) => parameter(value, types[index]!))
}

function parameter(value: ParameterValue, type: number): unknown {
  if (value === null) return null
  if (type === BYTEA) return Buffer.isBuffer(value) ? value : Buffer.from(String(value))
  if (Buffer.isBuffer(value)) return toTextBytes(value).toString()
  if (typeof value === 'boolean') return type === BOOL ? value : Number(value)
  if (typeof value === 'number' && TIMES.includes(type)) return new Date(value).toISOString()
  return value
}
