// What the contract asks of a test bench, in words of no kind: `subjects/<kind>.ts` says it for each.

import type { Backend, Pool } from '../../src/model/backend.ts'
import type { BackendKind } from '../../src/model/binding.ts'

/** Rows as they are stored, past the backend. Times in ms; null: empty, or the kind has no place for it. */
export interface TableRows {
  mqtt_client: {
    clientid: string
    state: number
    node: string | null
    online_at: number | null
    offline_at: number | null
  }
  mqtt_sub: { clientid: string; topic: string; qos: number }
  mqtt_msg: {
    msgid: string | null
    sender: string | null
    topic: string
    qos: number | null
    retain: boolean | null
    /** What is stored, by the payload rule where it is a text. */
    payload: Buffer
    arrived: number | null
  }
  mqtt_retain: Omit<TableRows['mqtt_msg'], 'retain'>
  /** `mid` by the kind: a row's number, or a message's id. */
  mqtt_acked: { clientid: string; topic: string; mid: string | number | null }
  mqtt_delivered: { clientid: string; topic: string; msgid: string; delivered_at: number | null }
}

/** A table of the documentation, or the keys or items that stand for it in a kind without tables. */
export type Table = keyof TableRows

/** As the documentation names them, where the kind has no names of its own. */
export const COLUMNS: Readonly<Record<Table, readonly string[]>> = {
  mqtt_client: ['clientid', 'state', 'node', 'online_at', 'offline_at'],
  mqtt_sub: ['clientid', 'topic', 'qos'],
  mqtt_msg: ['msgid', 'sender', 'topic', 'qos', 'retain', 'payload', 'arrived'],
  mqtt_retain: ['msgid', 'sender', 'topic', 'qos', 'payload', 'arrived'],
  mqtt_acked: ['clientid', 'topic', 'mid'],
  mqtt_delivered: ['clientid', 'topic', 'msgid', 'delivered_at'],
}
export const TIMES = ['online_at', 'offline_at', 'arrived', 'delivered_at']

/** As another application writes it, past the backend: with nothing in it that it can do without. */
export type ForeignRow =
  /** A kind that knows messages by their msgid only makes one up when there is none. */
  | { readonly into: 'mqtt_msg'; readonly msgid?: string; readonly topic: string; readonly payload: string }
  | { readonly into: 'mqtt_sub'; readonly clientid: string; readonly topic: string; readonly qos: number }

/** One database of its own with the tables in it. */
export interface Bench {
  readonly backend: Backend
  readonly pool: Pool
  /** Another pool of the same name on the same database. */
  another(): Promise<Pool>
  /** Messages in the order in which they were stored, where the kind has one. */
  rows<T extends Table>(table: T): Promise<TableRows[T][]>
  insertForeign(row: ForeignRow): Promise<void>
  /** Runs the DDL once more. */
  schemaAgain(): Promise<void>
  /** Takes a table away, with what is in it. @returns brings it back as it was. Only where `Subject.hides`. */
  hide(table: Table): Promise<() => Promise<void>>
  /** SQL kinds only. Rows of a query, columns in order. */
  sql(text: string): Promise<Record<string, unknown>[]>
  end(): Promise<void>
}

/** How a kind of SQL calls a column's type. */
export interface SqlTypes {
  readonly bytes: string
  /** 1 MB and more. */
  readonly text: string
  readonly boolean: string
  /** Of a primary key that counts by itself. */
  readonly serial: string
  /** Of an insert, where there is such a clause. */
  readonly returning: 'returning id' | ''
  /** A 64-bit number's digits. */
  digits(column: string): string
}

export interface Subject {
  readonly name: string
  readonly kind: BackendKind
  readonly skip: string | false
  /** Null: custom statements are not SQL, and are tested in `<kind>.test.ts`. */
  readonly sql: SqlTypes | null
  /** The batch and its mark are one transaction. Else writes are idempotent by key, and the mark is moved behind them. */
  readonly transactions: boolean
  /** The mark is compared only behind a batch, which is there then. */
  readonly comparesBehind?: boolean
  /** Filters with wildcards can be read. */
  readonly wildcards: boolean
  /** A table can be missing. */
  readonly hides: boolean
  /** The tables that it has. */
  readonly tables: readonly Table[]
  /** False: `mqtt_client` does not say which node; absent: it does. */
  readonly stateHasNode?: boolean
  /** Each msgid is stored once by the database itself; else only a batch that is written as idempotent looks. */
  readonly uniqueMsgid: boolean
  /** Times are stored in steps of 1 ms, or 1 s; what lies between is cut off. */
  readonly timeStepMs: 1 | 1000
  /** Characters of the longest topic that fits in `mqtt_msg`; Infinity: any that MQTT allows. */
  readonly maxTopic: number
  readonly maxPayloadBytes: number
  /** Names with characters beyond Unicode's basic plane don't fit. */
  readonly basicPlaneOnly?: boolean
  start(): Promise<void>
  stop(): Promise<void>
  bench(): Promise<Bench>
}

export const ALL_TABLES: readonly Table[] = [
  'mqtt_client',
  'mqtt_sub',
  'mqtt_msg',
  'mqtt_retain',
  'mqtt_acked',
  'mqtt_delivered',
]

export const NODE = 'holdfast@127.0.0.1'
