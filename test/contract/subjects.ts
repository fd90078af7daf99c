// The backends under the contract: each against its real server, and PostgreSQL with EMQX's own old tables too.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BACKENDS } from '../../src/backends/index.ts'
import type { PgsqlSettings } from '../../src/backends/pgsql/settings.ts'
import type { Backend, Pool } from '../../src/model/backend.ts'
import type { BackendKind } from '../../src/model/binding.ts'
import { openForWrite } from '../../src/sqlite/open.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../helpers/postgres.ts'

export type Row = Record<string, unknown>

/** One database of its own with the tables in it. */
export interface Bench {
  readonly backend: Backend
  readonly pool: Pool
  /** Another pool of the same name on the same database. */
  another(): Promise<Pool>
  /** Asks the database directly, past the backend. Rows come with times as texts. */
  sql(text: string): Promise<Row[]>
  end(): Promise<void>
}

export interface Subject {
  readonly name: string
  readonly kind: BackendKind
  readonly skip: string | false
  /** Have `varchar(n)` and 32-bit ids, and no unique msgid. */
  readonly oldTables: boolean
  /** DDL of a column of bytes. */
  readonly bytes: string
  start(): Promise<void>
  stop(): Promise<void>
  bench(): Promise<Bench>
}

// The DDL of the EMQX backend documentation, PostgreSQL.
export const OLD_TABLES = `
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

const NODE = 'holdfast@127.0.0.1'
const never = new AbortController().signal

class Postgres implements Subject {
  readonly name: string
  readonly kind = 'pgsql'
  readonly skip = postgresMissing()
  readonly oldTables: boolean
  readonly bytes = 'bytea'
  #server: PostgresServer | undefined
  #databases = 0

  constructor(name: string, oldTables: boolean) {
    this.name = name
    this.oldTables = oldTables
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
    const options = { name: 'pool1', dataDir: '/', node: NODE }
    const settings = pgsqlSettings(server, database)
    if (this.oldTables) await server.query(OLD_TABLES, undefined, database)
    else await backend.applySchema(options, settings)
    const pools: Pool[] = []
    const another = async (): Promise<Pool> => {
      const pool = await backend.open(options, settings)
      await pool.connect(never)
      pools.push(pool)
      return pool
    }
    return {
      backend,
      pool: await another(),
      another,
      sql: (text) => server.query(text, undefined, database),
      end: async () => {
        for (const pool of pools) await pool.close()
      },
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

class Sqlite implements Subject {
  readonly name = 'sqlite'
  readonly kind = 'sqlite'
  readonly skip = false
  readonly oldTables = false
  readonly bytes = 'blob'

  async start(): Promise<void> {}
  async stop(): Promise<void> {}

  async bench(): Promise<Bench> {
    const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-sqlite-'))
    const backend = await BACKENDS.sqlite!()
    const pools: Pool[] = []
    const another = async (): Promise<Pool> => {
      const pool = await backend.open({ name: 'pool1', dataDir, node: NODE }, { database: 'mqtt.db', pool_size: 1 })
      await pool.connect(never)
      pools.push(pool)
      return pool
    }
    const pool = await another()
    const direct = openForWrite(join(dataDir, 'mqtt.db'))
    return {
      backend,
      pool,
      another,
      sql: async (text) => {
        try {
          return direct.prepare(text).all() as Row[]
        } catch {
          direct.exec(text) // several statements, or one that returns nothing
          return []
        }
      },
      end: async () => {
        for (const open of pools) await open.close()
        direct.close()
        rmSync(dataDir, { recursive: true })
      },
    }
  }
}

export const SUBJECTS: readonly Subject[] = [
  new Postgres('pgsql', false),
  new Postgres("pgsql with EMQX's own tables", true),
  new Sqlite(),
]
