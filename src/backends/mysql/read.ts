// Reads: what a query asks, and what its rows mean.
//
// Tables may fold case, and MySQL does so with spaces at the end: `=` finds the rows by an index, and `like`, in a
// collation that tells everything apart, picks those that are meant.

import type { ReadOp, RemoteMessage, RowOf, SubscriptionRow } from '../../model/operation.ts'
import { hasWildcard } from '../../model/topic.ts'
import { type MessageRow, messageOf } from '../message-row.ts'
import { rowId } from '../row-id.ts'
import type { Connection } from './connection.ts'
import * as literal from './literals.ts'

type MessagesOp = Extract<ReadOp, { read: 'messages' }>

/** Rows a query; what has no limit is read in such pages, so that no single answer is slow or large. */
const PAGE_ROWS = 2000

export async function read<O extends ReadOp>(connection: Connection, op: O): Promise<readonly RowOf<O>[]> {
  return (await readAny(connection, op)) as readonly RowOf<O>[]
}

async function readAny(connection: Connection, op: ReadOp): Promise<readonly (SubscriptionRow | RemoteMessage)[]> {
  switch (op.read) {
    case 'subscriptions':
      return connection.query<SubscriptionRow[]>(
        `select topic, qos from mqtt_sub where ${isText('clientid', op.clientid)} and topic is not null and qos is not null order by id`,
      )
    case 'retained': {
      const text = `select id, msgid, sender, topic, qos, 1 as retain, payload, arrived from mqtt_retain where ${matches('topic', op.filter)}`
      return (await connection.query<Row[]>(text)).map(toMessage)
    }
    case 'messages':
      return readMessages(connection, op)
  }
}

async function readMessages(connection: Connection, op: MessagesOp): Promise<RemoteMessage[]> {
  const select = selectMessages(op, await positionsByTopic(connection, op))
  const rows =
    op.limit === undefined
      ? await readAll(connection, select)
      : (await connection.query<Row[]>(`${select} order by m.id desc limit ${op.limit}`)).reverse()
  const { since = 0 } = op
  return rows.map(toMessage).filter(({ at }) => at === 0 || at >= (at % 1000 === 0 ? wholeSecond(since) : since))
}

async function readAll(connection: Connection, select: string): Promise<Row[]> {
  const rows: Row[] = []
  for (let after = 0; ; ) {
    const page = await connection.query<Row[]>(`${select} and m.id > ${after} order by m.id limit ${PAGE_ROWS}`)
    rows.push(...page)
    if (page.length < PAGE_ROWS) return rows
    after = page.at(-1)!.id
  }
}

/** Columns may hold whole seconds only. */
function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}

/** Everything but order and limit. */
function selectMessages({ filter, start, since }: MessagesOp, positions: ReadonlyMap<string, number>): string {
  const nowhere = start === 'latest' ? '18446744073709551615' : '0'
  const conditions = [matches('m.topic', filter)]
  if (since !== undefined) {
    conditions.push(`(m.arrived is null or m.arrived >= ${literal.time(wholeSecond(since), 0)})`)
  }
  let from = 'mqtt_msg m'
  if (hasWildcard(filter) && positions.size > 0) {
    const rows = [...positions].map(
      ([topic, id], index) =>
        `select ${literal.hex(topic)}${index === 0 ? ' as topic' : ''}, ${id}${index === 0 ? ' as id' : ''}`,
    )
    from += ` left join (${rows.join(' union all ')}) p on p.topic = convert(convert(m.topic using utf8mb4) using binary)`
    conditions.push(`m.id > coalesce(p.id, ${nowhere})`)
  } else conditions.push(`m.id > ${positions.get(filter) ?? nowhere}`)
  return `select m.id, m.msgid, m.sender, m.topic, m.qos, m.retain, m.payload, m.arrived from ${from} where ${conditions.join(' and ')}`
}

/** The remote's position and the local one, which may be ahead of it, by topic: whichever is further, as a row's id. */
async function positionsByTopic(
  connection: Connection,
  { clientid, filter, positions: all = new Map() }: MessagesOp,
): Promise<Map<string, number>> {
  const exact = hasWildcard(filter) ? undefined : filter
  const local = [...all].filter(([topic]) => exact === undefined || topic === exact)
  const msgids = local.map(([, msgid]) => msgid).filter((msgid) => rowId(msgid) === null)
  const acked =
    clientid === undefined
      ? 'select null as topic, null as id from dual where false'
      : `select topic, mid as id from mqtt_acked where ${isText('clientid', clientid)} and ${matches('topic', filter)} and mid is not null`
  const rows = `select msgid, id from mqtt_msg where ${literal.isMsgid(literal.texts(msgids))} order by id`
  const [remote, known] = await connection.query<[{ topic: string; id: number }[], { msgid: string; id: number }[]]>(
    `${acked}; ${msgids.length > 0 ? rows : 'select null as msgid, null as id from dual where false'}`,
  )
  const idOf = new Map(known.map(({ msgid, id }) => [msgid, id]))
  const found = new Map<string, number>()
  const further = (topic: string, id: number): void => {
    found.set(topic, Math.max(found.get(topic) ?? 0, id))
  }
  for (const { topic, id } of remote) further(topic, id)
  for (const [topic, msgid] of local) further(topic, rowId(msgid) ?? idOf.get(msgid) ?? 0)
  return found
}

function exactly(expression: string, pattern: string): string {
  return `convert(${expression} using utf8mb4) collate utf8mb4_bin like ${literal.text(pattern)} escape '!'`
}

function isText(column: string, value: string): string {
  return `${column} = ${literal.text(value)} and ${exactly(column, literal.likeText(value))}`
}

/** Does the topic in the column match the filter? Pure; for any version of MySQL, so without regular expressions. */
export function matches(column: string, filter: string): string {
  if (!hasWildcard(filter)) return isText(column, filter)
  const levels = filter.split('/')
  const rest = levels.at(-1) === '#'
  if (rest) levels.pop()
  const conditions: string[] = []
  if (/^[+#]/.test(filter)) conditions.push(`${column} not like '$%'`) // [MQTT-4.7.2-1]
  if (levels.length > 0) {
    // As many levels as the filter has: with their number fixed, a `%` can't stand for more than one. 'a/#' matches 'a' too.
    const head = rest ? `substring_index(${column}, '/', ${levels.length})` : column
    const pattern = levels.map((level) => (level === '+' ? '%' : literal.likeText(level))).join('/')
    conditions.push(
      exactly(head, pattern),
      `char_length(${head}) - char_length(replace(${head}, '/', '')) = ${levels.length - 1}`,
    )
  }
  return conditions.length > 0 ? conditions.join(' and ') : 'true'
}

type Row = MessageRow & { readonly arrived: Date | null }

function toMessage(row: Row): RemoteMessage {
  return messageOf(row, row.arrived?.getTime() || 0) // a time that MySQL calls zero is none
}
