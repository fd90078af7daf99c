// Merged writes as SQL. Pure: the tables' layout in, texts out, and prepared inserts for many rows.

import type { Message } from '../../model/event.ts'
import type { ClientState, Delivery, Merged, PositionChange } from '../merge.ts'
import { rowId } from '../row-id.ts'
import { BULK_ROWS, type Bulk, messageBulk } from './bulk.ts'
import { columnOf, hasRowKey, hasUniqueMsgid, isUnique, type Layout } from './layout.ts'
import * as literal from './literals.ts'
import { payload } from './statement.ts'

/** Characters of a text with many rows, or of a list in it; of three bytes at most, and the least server takes 1 MB. */
const ROWS_CHARS = 150_000

export interface Rendering {
  readonly layout: Layout
  /** Some rows may be there already. */
  readonly idempotent: boolean
  /** Messages that are known to be there, in a table that does not see to that itself. */
  readonly there: ReadonlySet<string>
  /** Bytes of the largest prepared insert; 0: nothing may be prepared. */
  readonly bulkBytes: number
}

/** The statements for a run of built-in writes, in order. Keys in order, so that two gateways don't block each other for good. */
export function renderMerged(merged: Merged, rendering: Rendering): (string | Bulk)[] {
  const { layout, idempotent, there } = rendering
  const changes = [...merged.positions.values()].sort(by(({ clientid, topic }) => `${clientid}\0${topic}`))
  const retained = [...merged.retained].sort(by(([topic]) => topic))
  const clients = [...merged.clients.values()].sort(by(({ clientid }) => clientid))
  return [
    ...insertMessages(
      [...merged.inserts.values()].filter(({ msgid }) => !there.has(msgid)),
      rendering,
    ),
    ...changes.filter(({ forget }) => forget).map((change) => deletePosition(change, layout)),
    ...movePositions(changes, layout),
    ...deleteMessages([...merged.deletes]),
    ...deleteRetained(
      retained.filter(([, message]) => message === null).map(([topic]) => topic),
      layout,
    ),
    ...putRetained(
      retained.flatMap(([, message]) => message ?? []),
      layout,
    ),
    ...putClients(clients, layout),
    ...(layout.has('mqtt_delivered') ? insertDeliveries(merged.deliveries, layout, idempotent) : []),
  ]
}

function by<T>(key: (value: T) => string): (a: T, b: T) => number {
  return (a, b) => (key(a) < key(b) ? -1 : 1)
}

/** Texts of `items`, joined in pieces of a bounded size. */
function inPieces(items: readonly string[], whole: (joined: string) => string, between = ', '): string[] {
  const pieces: string[] = []
  let joined = ''
  for (const item of items) {
    if (joined !== '' && joined.length + item.length > ROWS_CHARS) {
      pieces.push(whole(joined))
      joined = ''
    }
    joined = joined === '' ? item : `${joined}${between}${item}`
  }
  return joined === '' ? pieces : [...pieces, whole(joined)]
}

function timeFor(layout: Layout, table: string, column: string): (ms: number | null) => string {
  const digits = columnOf(layout, table, column)?.timeDigits ?? 3
  return (ms) => literal.time(ms, digits)
}

const MESSAGE = ['msgid', 'topic', 'sender', 'qos', 'payload', 'arrived'] as const

/** The values of the columns above. */
function messageValues(layout: Layout, table: string): (message: Message) => string[] {
  const time = timeFor(layout, table, 'arrived')
  // A table that is not there gets the value for ours.
  const column = layout.has(table) ? columnOf(layout, table, 'payload') : BYTES
  return ({ msgid, topic, from, qos, payload: bytes, at }) => [
    literal.text(msgid),
    literal.text(topic),
    literal.text(from),
    `${qos}`,
    payload(bytes, column),
    time(at),
  ]
}

const BYTES = { name: 'payload', type: 'longblob', maxLength: null, charset: null, collation: null, timeDigits: null }

function insertMessages(
  messages: readonly Message[],
  { layout, idempotent, bulkBytes }: Omit<Rendering, 'there'>,
): (string | Bulk)[] {
  const values = messageValues(layout, 'mqtt_msg')
  const unlessThere = idempotent && hasUniqueMsgid(layout) ? ' on duplicate key update msgid = mqtt_msg.msgid' : ''
  const insert = (rows: string): string =>
    `insert into mqtt_msg (${MESSAGE.join(', ')}, retain) values ${rows}${unlessThere}`
  const asTexts = (some: readonly Message[]): string[] =>
    inPieces(
      some.map((message) => `(${values(message).join(', ')}, ${message.retain ? 1 : 0})`),
      insert,
    )
  const inBulk = bulkBytes > 0 && layout.has('mqtt_msg') ? Math.floor(messages.length / BULK_ROWS) : 0
  const bulks = Array.from({ length: inBulk }, (_, n) => {
    const some = messages.slice(n * BULK_ROWS, (n + 1) * BULK_ROWS)
    const bulk = messageBulk(some, layout, insert)
    return bulk.bytes > bulkBytes ? asTexts(some) : bulk
  })
  return [...bulks.flat(), ...asTexts(messages.slice(inBulk * BULK_ROWS))]
}

function deleteMessages(msgids: readonly string[]): string[] {
  const ids = msgids.map(rowId).filter((id) => id !== null)
  const rows = ids.length > 0 ? [`delete from mqtt_msg where msgid is null and id in (${ids.join(', ')})`] : []
  const own = msgids.filter((msgid) => rowId(msgid) === null).sort()
  return [...inPieces(own.map(literal.text), (list) => `delete from mqtt_msg where ${literal.isMsgid(list)}`), ...rows]
}

/** The condition for one row of a table with a key of names. */
function whereKey(layout: Layout, table: string, key: Readonly<Record<string, string>>): string {
  if (hasRowKey(layout, table)) return `row_key = ${literal.rowKey(...Object.values(key))}`
  return Object.entries(key)
    .map(([name, value]) => `${name} = ${literal.text(value)}`)
    .join(' and ')
}

function deletePosition({ clientid, topic }: PositionChange, layout: Layout): string {
  return `delete from mqtt_acked where ${whereKey(layout, 'mqtt_acked', { clientid, topic })}`
}

/** To the furthest of its messages that has a row, which this very batch may have written. */
function movePositions(changes: readonly PositionChange[], layout: Layout): string[] {
  const scanned = !hasUniqueMsgid(layout) && hasKey(layout, 'mqtt_acked', ['clientid', 'topic'])
  const foreign = (msgid: string): boolean => rowId(msgid) !== null
  return [
    ...(scanned ? movePositionsByScan(changes, layout) : []),
    ...changes.flatMap((change) => {
      const msgids = scanned ? change.msgids.filter(foreign) : change.msgids
      return msgids.length > 0 ? movePosition({ ...change, msgids }, layout) : []
    }),
  ]
}

const FURTHER = { mid: (next: string) => `greatest(coalesce(mqtt_acked.mid, 0), ${next})` }

function positionColumns(layout: Layout): string[] {
  return ['clientid', 'topic', 'mid', ...(columnOf(layout, 'mqtt_acked', 'created') ? ['created'] : [])]
}

/** Without an index on msgid the rows are gone through from the newest on. */
function movePosition({ clientid, topic, msgids }: PositionChange, layout: Layout): string[] {
  const ids = msgids.map(rowId).filter((id) => id !== null)
  const own = msgids.filter((msgid) => rowId(msgid) === null)
  const columns = positionColumns(layout)
  const values = [literal.text(clientid), literal.text(topic), 'found.id', 'now(3)']
  const sources = [
    ...inPieces(
      own.map(literal.text),
      (list) => `(select id from mqtt_msg where ${literal.isMsgid(list)} order by id desc limit 1)`,
    ),
    ...(ids.length > 0 ? [`(select ${Math.max(...ids)} as id)`] : []),
  ]
  return sources.flatMap((source) => {
    const row = `select ${columns.map((name, index) => `${values[index]} as ${name}`).join(', ')} from ${source} found`
    return upsert(layout, { table: 'mqtt_acked', key: { clientid, topic }, columns, row, change: FURTHER })
  })
}

/** All of them in one walk through a table without an index on msgid. */
function movePositionsByScan(changes: readonly PositionChange[], layout: Layout): string[] {
  const columns = positionColumns(layout)
  const own = changes.flatMap(({ clientid, topic, msgids }) =>
    msgids.filter((msgid) => rowId(msgid) === null).map((msgid) => [clientid, topic, msgid].map(literal.hex)),
  )
  const values = ['convert(p.clientid using utf8mb4)', 'convert(p.topic using utf8mb4)', 'max(m.id)', 'now(3)']
  return inPieces(
    own.map(([clientid, topic, msgid]) => `select ${clientid} as clientid, ${topic} as topic, ${msgid} as msgid`),
    (rows) => `insert into mqtt_acked (${columns.join(', ')}) select ${values.slice(0, columns.length).join(', ')}
from mqtt_msg m straight_join (${rows}) p on p.msgid = convert(convert(m.msgid using utf8mb4) using binary)
group by p.clientid, p.topic ${onDuplicate(FURTHER)}`,
    ' union all ',
  )
}

interface Upsert {
  readonly table: string
  readonly key: Readonly<Record<string, string>>
  readonly columns: readonly string[]
  /** A select of the columns. */
  readonly row: string
  /** What the columns become where the row is there, made of the new value. */
  readonly change: Readonly<Record<string, (next: string) => string>>
}

/** Is there one row at most for these columns? */
function hasKey(layout: Layout, table: string, columns: readonly string[]): boolean {
  return isUnique(layout, table, columns) || hasRowKey(layout, table)
}

/** One row. Where the table has no unique key for it, the row is changed first, and made where there is none. */
function upsert(layout: Layout, { table, key, columns, row, change }: Upsert): string[] {
  const insert = `insert into ${table} (${columns.join(', ')})`
  if (hasKey(layout, table, Object.keys(key))) {
    return [`${insert} ${row} ${onDuplicate(change)}`]
  }
  const same = Object.entries(key).map(([name, value]) => `${table}.${name} = ${literal.text(value)}`)
  const set = Object.entries(change).map(([name, become]) => `${table}.${name} = ${become(`fresh.${name}`)}`)
  const where = same.join(' and ')
  return [
    `update ${table}, (${row}) fresh set ${set.join(', ')} where ${where}`,
    `${insert} select * from (${row}) fresh where not exists (select 1 from ${table} where ${where})`,
  ]
}

function onDuplicate(change: Upsert['change']): string {
  const set = Object.entries(change).map(([name, become]) => `${name} = ${become(`values(${name})`)}`)
  return `on duplicate key update ${set.join(', ')}`
}

const itself = (next: string): string => next

/** `values (…), (…)` where the key is unique, else row by row. */
function upsertRows(
  layout: Layout,
  rows: readonly { readonly key: Upsert['key']; readonly values: readonly string[] }[],
  { table, columns, change }: Pick<Upsert, 'table' | 'columns' | 'change'>,
): string[] {
  const [first] = rows
  if (!first) return []
  if (hasKey(layout, table, Object.keys(first.key))) {
    return inPieces(
      rows.map(({ values }) => `(${values.join(', ')})`),
      (joined) => `insert into ${table} (${columns.join(', ')}) values ${joined} ${onDuplicate(change)}`,
    )
  }
  return rows.flatMap(({ key, values }) => {
    const row = `select ${values.map((value, index) => `${value} as ${columns[index]}`).join(', ')}`
    return upsert(layout, { table, key, columns, row, change })
  })
}

function putRetained(messages: readonly Message[], layout: Layout): string[] {
  const values = messageValues(layout, 'mqtt_retain')
  const rows = messages.map((message) => ({ key: { topic: message.topic }, values: values(message) }))
  const change = Object.fromEntries(MESSAGE.map((name) => [name, itself]))
  return upsertRows(layout, rows, { table: 'mqtt_retain', columns: MESSAGE, change })
}

function deleteRetained(topics: readonly string[], layout: Layout): string[] {
  const [column, key] = hasRowKey(layout, 'mqtt_retain') ? ['row_key', literal.rowKey] : ['topic', literal.text]
  return inPieces(
    topics.map((topic) => key(topic)),
    (list) => `delete from mqtt_retain where ${column} in (${list})`,
  )
}

const CLIENT = ['clientid', 'state', 'node', 'online_at', 'offline_at'] as const
const CLIENT_CHANGE = {
  state: itself,
  node: itself,
  online_at: (next: string) => `coalesce(${next}, mqtt_client.online_at)`,
  offline_at: itself,
}

function putClients(clients: readonly ClientState[], layout: Layout): string[] {
  const onlineTime = timeFor(layout, 'mqtt_client', 'online_at')
  const offlineTime = timeFor(layout, 'mqtt_client', 'offline_at')
  const rows = clients.map(({ clientid, state, node, onlineAt, offlineAt }) => ({
    key: { clientid },
    values: [literal.text(clientid), `${state}`, literal.text(node), onlineTime(onlineAt), offlineTime(offlineAt)],
  }))
  return upsertRows(layout, rows, { table: 'mqtt_client', columns: CLIENT, change: CLIENT_CHANGE })
}

function insertDeliveries(deliveries: readonly Delivery[], layout: Layout, idempotent: boolean): string[] {
  const time = timeFor(layout, 'mqtt_delivered', 'delivered_at')
  const columns = ['clientid', 'topic', 'msgid', 'delivered_at']
  const rows = deliveries.map(({ clientid, topic, msgid, at }) => [
    literal.text(clientid),
    literal.text(topic),
    literal.text(msgid),
    time(at),
  ])
  const insert = `insert into mqtt_delivered (${columns.join(', ')})`
  if (!idempotent) {
    return inPieces(
      rows.map((values) => `(${values.join(', ')})`),
      (joined) => `${insert} values ${joined}`,
    )
  }
  return rows.map((values) => {
    const same = columns.map((name, index) => `${name} = ${values[index]}`).join(' and ')
    return `${insert} select ${values.join(', ')} from dual where not exists (select 1 from mqtt_delivered where ${same})`
  })
}
