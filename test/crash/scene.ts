// What every scene of this folder is made of: a PostgreSQL of its own (fsync on), gateways, publishers with ledgers, and the
// audit of both tables: `mqtt_msg` by the built-in function, `log` by a custom statement, which has no unique key, so that
// anything sent twice shows.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GatewayFiles, GatewayProcess, until } from '../helpers/gateway.ts'
import { type PostgresOptions, type PostgresServer, startPostgres } from '../helpers/postgres.ts'
import { type AuditRules, audit, type Row } from './audit.ts'
import { readLedger } from './ledger.ts'
import { Publishers, type PublishersOptions } from './publishers.ts'

export const CONF = 'forward.backoff_max = 1s\nclock.wait_for_sync = 0s\n'

export const HOOKS = `
backend.pgsql.hook.message.publish.1 = {"topic": "crash/#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
backend.pgsql.hook.message.publish.2 = {"topic": "crash/#", "action": {"sql": ["insert into log(n, payload) values (\${msgid}, \${payload})"]}, "pool": "pool1"}
`

const LOG_TABLE = 'create table log (id bigserial primary key, n text, payload text)'

const TABLES = {
  mqtt_msg: 'select msgid, payload from mqtt_msg order by id',
  log: 'select n as msgid, payload from log order by id',
}
export type Table = keyof typeof TABLES

/** Where a pool connects to. */
export interface Address {
  readonly port: number
  readonly user: string
  readonly password: string
}

export function poolConf({ port, user, password }: Address, hooks = HOOKS): string {
  return `backend.pgsql.pool1.server = 127.0.0.1:${port}
backend.pgsql.pool1.pool_size = 2
backend.pgsql.pool1.username = ${user}
backend.pgsql.pool1.password = ${password}
backend.pgsql.pool1.database = mqtt
${hooks}`
}

interface Verification extends AuditRules {
  /** Whose messages are in the tables. Default: all publishers'. */
  readonly publishers?: readonly Publishers[]
  readonly tables?: readonly Table[]
}

/** As far as `node:test` is concerned. */
interface Context {
  after(done: () => Promise<void>): void
  readonly passed?: boolean
}

export class Scene {
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdfast-crash-'))
  readonly #servers: PostgresServer[] = []
  readonly #gateways: GatewayProcess[] = []
  readonly #publishers: Publishers[] = []
  readonly #others: (() => Promise<void>)[] = []

  /** Without a context the caller calls `close`. */
  constructor(context?: Context) {
    context?.after(async () => {
      if (context.passed === false) for (const { output } of this.#gateways) console.log(output.slice(-4000))
      await this.close()
    })
  }

  async postgres(options: PostgresOptions = {}): Promise<PostgresServer> {
    const server = await startPostgres(options)
    this.#servers.push(server)
    return server
  }

  /** Not started yet. */
  gateway(pool: Address): GatewayProcess {
    return this.#add(new GatewayProcess({ conf: CONF, plugins: { pgsql: poolConf(pool) } }))
  }

  /** With the embedded database. Not started yet. */
  embedded(files: GatewayFiles): GatewayProcess {
    return this.#add(new GatewayProcess(files))
  }

  #add(gateway: GatewayProcess): GatewayProcess {
    this.#gateways.push(gateway)
    return gateway
  }

  publishers(gateway: GatewayProcess, options: Omit<PublishersOptions, 'port'> = {}): Publishers {
    const name = options.name ?? `p${this.#publishers.length}-`
    const publishers = new Publishers(join(this.#folder, name), { ...options, name, port: gateway.port })
    this.#publishers.push(publishers)
    return publishers
  }

  /** Called when the scene ends. */
  closing(close: () => Promise<void>): void {
    this.#others.push(close)
  }

  /** A file or folder of the scene's own. */
  path(name: string): string {
    return join(this.#folder, name)
  }

  /** Asserts that the tables hold what the ledgers say. */
  async verify(server: PostgresServer, rules: Verification = {}): Promise<void> {
    const { publishers = this.#publishers, tables = ['mqtt_msg', 'log'] } = rules
    const ledger = readLedger(...publishers.map(({ ledger }) => ledger))
    assert.ok(ledger.size > 0)
    for (const table of tables) {
      const faults = audit(ledger, await rowsOf(server, table), rules)
      assert.deepEqual(faults.slice(0, 20), [], `${table}: ${faults.length} faults`)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#publishers.map((publishers) => publishers.kill()))
    await Promise.all(this.#gateways.map((gateway) => gateway.remove()))
    await Promise.all(this.#others.map((close) => close()))
    await Promise.all(this.#servers.map((server) => server.stop()))
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** A server with the tables, and a gateway that runs. */
export async function straightLine(scene: Scene): Promise<{ server: PostgresServer; gateway: GatewayProcess }> {
  const server = await scene.postgres()
  const gateway = scene.gateway(server)
  await makeTables(gateway, server)
  await gateway.start()
  return { server, gateway }
}

export async function makeTables(gateway: GatewayProcess, server: PostgresServer): Promise<void> {
  await gateway.holdfast('schema', 'pgsql', '--apply', '--pool', 'pool1')
  await server.query(LOG_TABLE)
}

export async function rowsOf(server: PostgresServer, table: Table): Promise<Row[]> {
  return (await server.query(TABLES[table])) as unknown as Row[]
}

// biome-ignore lint/suspicious/noExplicitAny: the answer's shape is what tests look at
export async function poolStatus(gateway: GatewayProcess): Promise<any> {
  return (await gateway.ctl('status')).pools.find(({ name }: { name: string }) => name === 'pool1')
}

/** Until the lane is up and nothing waits in it. */
export async function drained(gateway: GatewayProcess): Promise<void> {
  await until('the lane has nothing left', async () => {
    const { state, lag } = await poolStatus(gateway)
    return state === 'up' && lag.events === 0
  })
}
