// PostgreSQL under the contract: with our tables, and with EMQX's own old ones.

import { BACKENDS } from '../../../src/backends/index.ts'
import type { PgsqlSettings } from '../../../src/backends/pgsql/settings.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../../helpers/postgres.ts'
import { ALL_TABLES, type Bench, type Subject, type Table } from '../subject.ts'
import { OPTIONS, opener } from '../support.ts'
import { sqlBench } from './sql.ts'

// The DDL of the EMQX backend documentation, PostgreSQL.
const OLD_TABLES = `
CREATE TABLE mqtt_client(id SERIAL primary key, clientid character varying(100), state integer,
  node character varying(100), online_at timestamp, offline_at timestamp, created timestamp without time zone, UNIQUE (clientid));
CREATE TABLE mqtt_sub(id SERIAL primary key, clientid character varying(100), topic character varying(200), qos integer,
  created timestamp without time zone, UNIQUE (clientid, topic));
CREATE TABLE mqtt_msg (id SERIAL primary key, msgid character varying(60), sender character varying(100),
  topic character varying(200), qos integer, retain integer, payload text, arrived timestamp without time zone);
CREATE TABLE mqtt_retain(id SERIAL primary key, topic character varying(200), msgid character varying(60),
  sender character varying(100), qos integer, payload text, arrived timestamp without time zone, UNIQUE (topic));
CREATE TABLE mqtt_acked (id SERIAL primary key, clientid character varying(100), topic character varying(100), mid integer,
  created timestamp without time zone, UNIQUE (clientid, topic));`
const OLD: readonly Table[] = ['mqtt_client', 'mqtt_sub', 'mqtt_msg', 'mqtt_retain', 'mqtt_acked']

class Postgres implements Subject {
  readonly name: string
  readonly kind = 'pgsql'
  readonly skip = postgresMissing()
  readonly sql = {
    bytes: 'bytea',
    text: 'text',
    boolean: 'boolean',
    serial: 'serial',
    digits: (column: string) => `cast(${column} as text)`,
  }
  readonly transactions = true
  readonly wildcards = true
  readonly hides = true
  readonly tables: readonly Table[]
  readonly uniqueMsgid: boolean
  readonly timeStepMs = 1
  readonly maxTopic: number
  readonly maxPayloadBytes = Number.POSITIVE_INFINITY
  #server: PostgresServer | undefined
  #databases = 0

  constructor(name: string, oldTables: boolean) {
    this.name = name
    this.tables = oldTables ? OLD : ALL_TABLES
    this.uniqueMsgid = !oldTables
    this.maxTopic = oldTables ? 200 : Number.POSITIVE_INFINITY
  }

  async start(): Promise<void> {
    this.#server = await startPostgres()
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
  }

  async bench(): Promise<Bench> {
    const server = this.#server!
    const database = `test${this.#databases++}`
    await server.createDatabase(database)
    const backend = await BACKENDS.pgsql!()
    const settings = pgsqlSettings(server, database)
    const sql: Bench['sql'] = (text) => server.query(text, undefined, database)
    if (this.tables === OLD) await sql(OLD_TABLES)
    else await backend.applySchema(OPTIONS, settings)
    const { connected: another, close } = opener(backend, () => settings)
    return {
      backend,
      pool: await another(),
      another,
      ...sqlBench(sql, (column) => `extract(epoch from ${column})::float8 * 1000`),
      schemaAgain: () => backend.applySchema(OPTIONS, settings),
      end: close,
    }
  }
}

export function pgsqlSettings(server: PostgresServer, database = 'mqtt'): PgsqlSettings {
  return {
    server: [{ host: server.host, port: server.port }],
    pool_size: 3,
    username: server.user,
    password: server.password,
    database,
    ssl: false,
    cafile: undefined,
    certfile: undefined,
    keyfile: undefined,
    verify: true,
  }
}

export const subjects: readonly Subject[] = [
  new Postgres('pgsql', false),
  new Postgres("pgsql with EMQX's own tables", true),
]
