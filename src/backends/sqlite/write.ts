// Writes, one after the other: in an embedded file a statement costs no round trip, so nothing is merged.

import type { Message } from '../../model/event.ts'
import type { BoundStatement, Mark, MarkMove, ParameterValue, Write } from '../../model/operation.ts'
import { isPlainText } from '../payload-rule.ts'
import { rowId } from '../row-id.ts'
import type { Statements } from './statements.ts'
import { timeText } from './values.ts'

export interface WriteContext {
  readonly statements: Statements
  /** Rows may be there already. */
  readonly idempotent: boolean
}

const ROW = 'msgid = ? or (msgid is null and id = ?)'
const INSERT_MESSAGE = `insert into mqtt_msg (msgid, sender, topic, qos, retain, payload, arrived)
values (?, ?, ?, ?, ?, ?, ?) on conflict (msgid) do nothing`
const PUT_RETAINED = `insert into mqtt_retain (topic, msgid, sender, qos, payload, arrived) values (?, ?, ?, ?, ?, ?)
on conflict (topic) do update set msgid = excluded.msgid, sender = excluded.sender, qos = excluded.qos,
payload = excluded.payload, arrived = excluded.arrived`
const ONLINE = `insert into mqtt_client (clientid, state, node, online_at) values (?, 1, ?, ?)
on conflict (clientid) do update set state = 1, node = excluded.node, online_at = excluded.online_at, offline_at = null`
const OFFLINE = `insert into mqtt_client (clientid, state, node, offline_at) values (?, 0, ?, ?)
on conflict (clientid) do update set state = 0, node = excluded.node, offline_at = excluded.offline_at`
const MOVE_POSITION = `insert into mqtt_acked (clientid, topic, mid) select ?, ?, id from mqtt_msg where ${ROW}
on conflict (clientid, topic) do update set mid = max(coalesce(mid, 0), excluded.mid)`
const INSERT_DELIVERY = 'insert into mqtt_delivered (clientid, topic, msgid, delivered_at) values (?, ?, ?, ?)'
const FIND_DELIVERY = 'select 1 from mqtt_delivered where clientid = ? and topic = ? and msgid = ? and delivered_at = ?'

export function write(operation: Write, { statements, idempotent }: WriteContext): void {
  switch (operation.do) {
    case 'message.insert':
      insertMessage(statements, operation.message)
      return
    case 'message.delete':
      statements.run(`delete from mqtt_msg where ${ROW}`, operation.msgid, rowId(operation.msgid))
      return
    case 'retain.put':
      putRetained(statements, operation.message)
      return
    case 'retain.delete':
      statements.run('delete from mqtt_retain where topic = ?', operation.topic)
      return
    case 'client.online':
      statements.run(ONLINE, operation.clientid, operation.node, timeText(operation.at))
      return
    case 'client.offline':
      statements.run(OFFLINE, operation.clientid, operation.node, timeText(operation.at))
      return
    case 'position.move': {
      const { clientid, topic, msgid } = operation
      statements.run(MOVE_POSITION, clientid, topic, msgid, rowId(msgid))
      return
    }
    case 'position.delete':
      statements.run('delete from mqtt_acked where clientid = ? and topic = ?', operation.clientid, operation.topic)
      return
    case 'delivered.insert': {
      const row = [operation.clientid, operation.topic, operation.msgid, timeText(operation.at)]
      const there = idempotent && statements.all(FIND_DELIVERY, ...row).length > 0
      if (!there) statements.run(INSERT_DELIVERY, ...row)
      return
    }
    case 'statements':
      for (const statement of operation.statements) custom(statements, statement)
  }
}

function insertMessage(statements: Statements, { msgid, from, topic, qos, retain, payload, at }: Message): void {
  statements.run(INSERT_MESSAGE, msgid, from, topic, qos, retain ? 1 : 0, storable(payload), timeText(at))
}

function putRetained(statements: Statements, { topic, msgid, from, qos, payload, at }: Message): void {
  statements.run(PUT_RETAINED, topic, msgid, from, qos, storable(payload), timeText(at))
}

function custom(statements: Statements, { texts, values }: BoundStatement): void {
  statements.run(texts.join('?'), ...values.map(parameter))
}

/** SQLite's values have types of their own: whole numbers stay whole in a column without one. */
function parameter(value: ParameterValue): unknown {
  if (Buffer.isBuffer(value)) return storable(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  return Number.isSafeInteger(value) ? BigInt(value as number) : value
}

/** Text where the payload is text, so that it can be read in the shell; bytes otherwise. */
function storable(payload: Buffer): string | Buffer {
  return isPlainText(payload) ? payload.toString() : payload
}

const MARK_ROW = 'where journal = ? and pool = ?'

export function readMark(statements: Statements, journal: string, pool: string): Mark | null {
  const [row] = statements.all<Mark>(`select seq, event from holdfast_mark ${MARK_ROW}`, journal, pool)
  return row ?? null
}

/** Compare-and-set. @returns false when somebody else has moved the mark */
export function moveMark(statements: Statements, { journal, node, from, to }: MarkMove, pool: string): boolean {
  const changed = from
    ? statements.run(
        `update holdfast_mark set seq = ?, event = ?, node = ?, at = strftime('%Y-%m-%d %H:%M:%f', 'now')
${MARK_ROW} and seq = ? and event = ?`,
        ...[to.seq, to.event, node, journal, pool, from.seq, from.event],
      )
    : statements.run(
        'insert into holdfast_mark (seq, event, node, journal, pool) values (?, ?, ?, ?, ?) on conflict do nothing',
        ...[to.seq, to.event, node, journal, pool],
      )
  return changed === 1
}
