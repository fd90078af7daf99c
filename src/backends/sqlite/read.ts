// Reads: what a query asks, and what its rows mean.

import type { ReadOp, RemoteMessage, RowOf, SubscriptionRow } from '../../model/operation.ts'
import { hasWildcard } from '../../model/topic.ts'
import { type MessageRow, messageOf } from '../message-row.ts'
import { rowId } from '../row-id.ts'
import type { Statements } from './statements.ts'
import { parseTime, timeText } from './values.ts'

type MessagesOp = Extract<ReadOp, { read: 'messages' }>

export function read<O extends ReadOp>(statements: Statements, op: O): readonly RowOf<O>[] {
  return readAny(statements, op) as readonly RowOf<O>[]
}

function readAny(statements: Statements, op: ReadOp): readonly (SubscriptionRow | RemoteMessage)[] {
  switch (op.read) {
    case 'subscriptions':
      return statements.all(
        'select topic, qos from mqtt_sub where clientid = ? and qos is not null order by id',
        op.clientid,
      )
    case 'retained': {
      const text = `select *, 1 as retain from mqtt_retain where ${topicCondition(op.filter)} order by id`
      return statements.all<Row>(text, op.filter).map(toMessage)
    }
    case 'messages':
      return readMessages(statements, op)
  }
}

/** The newest rows, oldest first. `json_each` makes a table of the local positions. */
function readMessages(statements: Statements, op: MessagesOp): RemoteMessage[] {
  const { filter, clientid = null, positions = new Map(), start, since, limit = -1 } = op
  const locals = [...positions].map(([topic, msgid]) => [topic, msgid, rowId(msgid)])
  const sinceText = since === undefined ? '' : timeText(since)
  const nowhere = start === 'latest' ? Number.MAX_SAFE_INTEGER : -1
  // of one topic the position is one value, and the index begins there
  const [topic, topicValues] = hasWildcard(filter) ? ['m.topic', []] : ['?', [filter]]
  const rows = statements.all<Row>(
    `with position as (
  select topic, max(mid) as mid from (
    select topic, mid from mqtt_acked where clientid = ?
    union all
    select l.value ->> 0, coalesce(m.id, l.value ->> 2)
    from json_each(?) l left join mqtt_msg m on m.msgid = l.value ->> 1
  ) group by topic
)
select m.* from mqtt_msg m where ${topicCondition(filter)} and (arrived is null or arrived >= ?)
  and m.id > coalesce((select mid from position p where p.topic = ${topic}), ?)
order by m.id desc limit ?`,
    ...[clientid, JSON.stringify(locals), filter, sinceText, ...topicValues, nowhere, limit],
  )
  return rows.reverse().map(toMessage)
}

/** `topic_matches` is ours: the rule of MQTT itself. */
function topicCondition(filter: string): string {
  return hasWildcard(filter) ? 'topic_matches(?, topic)' : 'topic = ?'
}

type Row = Omit<MessageRow, 'payload'> & {
  readonly payload: string | Buffer | number | null
  readonly arrived: string | null
}

/** Payloads are bytes here; what somebody stored as a text or a number is one as it reads. */
function toMessage(row: Row): RemoteMessage {
  const payload = Buffer.isBuffer(row.payload) ? row.payload : Buffer.from(String(row.payload ?? ''))
  return messageOf({ ...row, payload }, parseTime(row.arrived))
}
