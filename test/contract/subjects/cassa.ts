// Cassandra under the contract: with our tables, and with EMQX's own old ones.

import type { CassaSettings } from '../../../src/backends/cassa/settings.ts'
import { BACKENDS } from '../../../src/backends/index.ts'
import { type CassandraServer, cassandraMissing, startCassandra } from '../../helpers/cassandra.ts'
import { AT } from '../operations.ts'
import { ALL_TABLES, type Bench, type ForeignRow, type Subject, type Table, type TableRows } from '../subject.ts'
import { OPTIONS, opener } from '../support.ts'

// The DDL of the EMQX backend documentation, Cassandra; the keyspace's name is ours.
export const OLD_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS client (client_id text, node text, state int, connected timestamp, disconnected timestamp,
    PRIMARY KEY(client_id))`,
  'CREATE TABLE IF NOT EXISTS sub (client_id text, topic text, qos int, PRIMARY KEY(client_id, topic))',
  `CREATE TABLE IF NOT EXISTS msg (topic text, msgid text, sender text, qos int, retain int, payload text,
    arrived timestamp, PRIMARY KEY(topic, msgid)) WITH CLUSTERING ORDER BY (msgid DESC)`,
  'CREATE TABLE IF NOT EXISTS retain (topic text, msgid text, PRIMARY KEY(topic))',
  'CREATE TABLE IF NOT EXISTS acked (client_id text, topic text, msgid text, PRIMARY KEY(client_id, topic))',
]

class Cassandra implements Subject {
  readonly name: string
  readonly kind = 'cassa'
  readonly skip = cassandraMissing()
  readonly sql = null
  readonly transactions = false
  readonly comparesBehind = true
  readonly wildcards = false
  readonly hides = true
  readonly tables: readonly Table[]
  readonly uniqueMsgid = true
  readonly timeStepMs = 1
  readonly maxTopic = Number.POSITIVE_INFINITY
  readonly maxPayloadBytes = 10 << 20
  readonly #old: boolean
  #server: CassandraServer | undefined
  #keyspaces = 0

  constructor(name: string, old: boolean) {
    this.name = name
    this.#old = old
    this.tables = old ? ALL_TABLES.filter((table) => table !== 'mqtt_delivered') : ALL_TABLES
  }

  async start(): Promise<void> {
    this.#server = await startCassandra()
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
  }

  async bench(): Promise<Bench> {
    const server = this.#server!
    const keyspace = `test${this.#keyspaces++}`
    const backend = await BACKENDS.cassa!()
    const settings = cassaSettings(server, keyspace)
    const schema = async (): Promise<void> => {
      if (!this.#old) return backend.applySchema(OPTIONS, settings)
      await server.query(
        `create keyspace if not exists ${keyspace} with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
      )
      const client = server.client(keyspace)
      for (const table of OLD_TABLES) await client.execute(table)
      await client.shutdown()
    }
    await schema()
    const direct = server.client(keyspace)
    const { connected: another, close } = opener(backend, () => settings)
    return {
      backend,
      pool: await another(),
      another,
      ...cassaTables(async (text, values) => (await direct.execute(text, values)).rows),
      schemaAgain: schema,
      async hide(table) {
        await direct.execute(`drop table ${NAMES[table]}`)
        return schema
      },
      sql: () => Promise.reject(new Error('Cassandra speaks CQL')),
      end: async () => {
        await close()
        await direct.execute(`drop keyspace ${keyspace}`)
        await direct.shutdown()
      },
    }
  }
}

const NAMES: Readonly<Record<Table, string>> = {
  mqtt_client: 'client',
  mqtt_sub: 'sub',
  mqtt_msg: 'msg',
  mqtt_retain: 'retain',
  mqtt_acked: 'acked',
  mqtt_delivered: 'delivered',
}

// biome-ignore lint/suspicious/noExplicitAny: rows of the server, in its types
type Stored = any

const ms = (time: Date | null | undefined): number | null => time?.getTime() ?? null
const stored = (row: Stored): TableRows['mqtt_retain'] => ({
  msgid: row.msgid,
  sender: row.sender ?? null,
  topic: row.topic,
  qos: row.qos ?? null,
  payload: Buffer.from(row.payload ?? ''),
  arrived: ms(row.arrived),
})

const AS: { readonly [T in Table]: (row: Stored) => TableRows[T] } = {
  mqtt_client: ({ client_id, state, node, connected, disconnected }) => ({
    clientid: client_id,
    state,
    node,
    online_at: ms(connected),
    offline_at: ms(disconnected),
  }),
  mqtt_sub: ({ client_id, topic, qos }) => ({ clientid: client_id, topic, qos }),
  mqtt_msg: (row) => ({ ...stored(row), retain: row.retain === null ? null : row.retain === 1 }),
  mqtt_retain: stored,
  mqtt_acked: ({ client_id, topic, msgid }) => ({ clientid: client_id, topic, mid: msgid }),
  mqtt_delivered: ({ client_id, topic, msgid, delivered_at }) => ({
    clientid: client_id,
    topic,
    msgid,
    delivered_at: ms(delivered_at),
  }),
}

/** The tables by the neutral names. */
export function cassaTables(
  query: (text: string, values?: string[]) => Promise<Stored[]>,
): Pick<Bench, 'rows' | 'insertForeign'> {
  return {
    rows: async (table) => (await query(`select * from ${NAMES[table]}`)).map(AS[table]) as never,
    async insertForeign(row) {
      await query(...foreign(row))
    },
  }
}

/** Older than any event of the tests, by Cassandra's count too. Texts only: the driver would take a number for a double. */
const BEFORE = `using timestamp ${AT * 1000 - 1}`

function foreign(row: ForeignRow): [text: string, values: string[]] {
  if (row.into === 'mqtt_sub') {
    return [`insert into sub (client_id, topic, qos) values (?, ?, ${row.qos}) ${BEFORE}`, [row.clientid, row.topic]]
  }
  const { msgid = '2PguFrHsrzEvIIBdctmb', topic, payload } = row
  return [`insert into msg (msgid, topic, payload) values (?, ?, ?) ${BEFORE}`, [msgid, topic, payload]]
}

export function cassaSettings(server: CassandraServer, keyspace = 'mqtt'): CassaSettings {
  return {
    nodes: [{ host: server.host, port: server.port }],
    size: 1,
    auto_reconnect: 1,
    username: server.user,
    password: server.password,
    keyspace,
    logger: 'info',
    ssl: false,
    cafile: undefined,
    certfile: undefined,
    keyfile: undefined,
    verify: true,
  }
}

export const subjects: readonly Subject[] = [
  new Cassandra('cassa', false),
  new Cassandra("cassa with EMQX's own tables", true),
]
