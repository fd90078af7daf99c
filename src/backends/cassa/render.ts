// Writes of the functions as changes of rows. Pure: the tables' layout in, statements out.

import type { Message } from '../../model/event.ts'
import type { Write } from '../../model/operation.ts'
import { toTextBytes } from '../payload-rule.ts'
import { hasColumn, holdsBytes, type Layout, takesDeliveries } from './layout.ts'
import type { Statement } from './session.ts'

export interface Change extends Statement {
  /** Table and partition: what the server can take as one write. */
  readonly partition: string
  /** The row. */
  readonly row: string
  /** It leaves nothing of what was in the row. */
  readonly whole: boolean
}

export type RowWrite = Exclude<Write, { do: 'statements' | 'position.move' | 'position.delete' }>

/** @param stamp microseconds, as Cassandra counts a write's time */
export function renderWrite(write: RowWrite, layout: Layout, stamp: bigint): Change[] {
  switch (write.do) {
    case 'message.insert':
      return [insertMessage(write.message, layout, stamp)]
    case 'message.delete':
      return [remove({ table: 'msg', key: { topic: write.topic, msgid: write.msgid } }, stamp)]
    case 'retain.put':
      return putRetained(write.message, layout, stamp)
    case 'retain.delete':
      return [remove({ table: 'retain', key: { topic: write.topic } }, stamp)]
    case 'client.online': {
      const { clientid, node, at } = write
      const values = { node, state: 1, connected: new Date(at), disconnected: null }
      return [put({ table: 'client', key: { client_id: clientid } }, values, stamp)]
    }
    case 'client.offline': {
      const { clientid, node, at } = write
      const row = { table: 'client', key: { client_id: clientid } } as const
      return [{ ...put(row, { node, state: 0, disconnected: new Date(at) }, stamp), whole: false }]
    }
    case 'delivered.insert': {
      if (!takesDeliveries(layout)) return []
      const { clientid, topic, msgid, at } = write
      const key = { client_id: clientid, topic, msgid, delivered_at: new Date(at) }
      return [put({ table: 'delivered', key }, {}, stamp)]
    }
    case 'subscription.publish':
      return [] // Cassandra has nobody who listens
  }
}

export function putPosition(clientid: string, topic: string, msgid: string, stamp: bigint): Change {
  return put({ table: 'acked', key: { client_id: clientid, topic } }, { msgid }, stamp)
}

export function removePosition(clientid: string, topic: string, stamp: bigint): Change {
  return remove({ table: 'acked', key: { client_id: clientid, topic } }, stamp)
}

/** Most of what is ever written: nothing of it is put together anew. */
const INSERT_MESSAGE = insertText('msg', ['topic', 'msgid', 'sender', 'qos', 'retain', 'payload', 'arrived'])

function insertMessage(message: Message, layout: Layout, stamp: bigint): Change {
  const { topic, msgid, from, qos, retain, payload, at } = message
  const partition = `msg\0${topic}`
  return {
    text: INSERT_MESSAGE,
    values: [topic, msgid, from, qos, retain ? 1 : 0, stored(payload, layout, 'msg'), new Date(at), stamp],
    partition,
    row: `${partition}\0${msgid}`,
    whole: true,
  }
}

/** EMQX's own table only tells which of the stored messages it is. */
function putRetained(message: Message, layout: Layout, stamp: bigint): Change[] {
  const { topic, msgid, from, qos, payload, at } = message
  const row = { table: 'retain', key: { topic } } as const
  if (!hasColumn(layout, 'retain', 'payload')) {
    return [insertMessage(message, layout, stamp), put(row, { msgid }, stamp)]
  }
  const values = { msgid, sender: from, qos, payload: stored(payload, layout, 'retain'), arrived: new Date(at) }
  return [put(row, values, stamp)]
}

function stored(payload: Buffer, layout: Layout, table: string): Buffer | string {
  return holdsBytes(layout, table) ? payload : toTextBytes(payload).toString()
}

interface RowKey {
  readonly table: string
  /** The first column is the partition. */
  readonly key: Readonly<Record<string, unknown>>
}

/** In Cassandra an insert is an upsert. */
function put({ table, key }: RowKey, values: Readonly<Record<string, unknown>>, stamp: bigint): Change {
  const columns = { ...key, ...values }
  return {
    text: insertText(table, Object.keys(columns)),
    values: [...Object.values(columns), stamp],
    ...place({ table, key }),
    whole: true,
  }
}

function insertText(table: string, columns: readonly string[]): string {
  return `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')}) using timestamp ?`
}

function remove({ table, key }: RowKey, stamp: bigint): Change {
  const same = Object.keys(key).map((name) => `${name} = ?`)
  return {
    text: `delete from ${table} using timestamp ? where ${same.join(' and ')}`,
    values: [stamp, ...Object.values(key)],
    ...place({ table, key }),
    whole: true,
  }
}

/** No name in MQTT holds a NUL. */
function place({ table, key }: RowKey): { partition: string; row: string } {
  const [first, ...others] = Object.values(key).map((value) => (value instanceof Date ? value.getTime() : value))
  const partition = `${table}\0${first}`
  return { partition, row: [partition, ...others].join('\0') }
}
