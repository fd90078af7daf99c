// A real MongoDB server of our own.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Db, MongoClient, type MongoClientOptions } from 'mongodb'
import { CACHE } from './cache.ts'
import { freePort } from './ports.ts'
import { findProgram } from './processes.ts'
import { type ServerOptions, ServerProcess } from './server-process.ts'

const REPLICA_SET = 'rs0'

/** Of the cache, or the system's. */
function mongod(): string | undefined {
  return findProgram('mongod', [join(CACHE, 'mongo', '6.0.5')])
}

/**
 * Why tests with MongoDB can't run here, for `{ skip }`; false when they can. Where it could have been had
 * (`scripts/services install`) it is no reason to skip under CI, and the tests then fail.
 */
export function mongoMissing(): string | false {
  if (mongod()) return false
  const obtainable = process.platform === 'linux' && process.arch === 'x64'
  if (process.env.CI === 'true' && obtainable) return false
  return 'MongoDB is not installed: scripts/services install mongo'
}

export interface MongoOptions extends ServerOptions {
  /** Without: a server alone, which has no transactions. */
  readonly replicaSet?: boolean
  /** User and password of its administrator; without, everybody may do everything. */
  readonly admin?: { readonly user: string; readonly password: string }
  /** Joins the set of another server, as a member that answers reads and has no vote. */
  readonly follows?: MongoServer
  /** More words for its command line. */
  readonly flags?: readonly string[]
}

export async function startMongo(options: MongoOptions = {}): Promise<MongoServer> {
  const server = new MongoServer(options.port ?? (await freePort()), options)
  await server.start()
  return server
}

export class MongoServer extends ServerProcess {
  readonly replicaSet: string | undefined
  readonly #options: MongoOptions
  #client: MongoClient | undefined

  constructor(port: number, options: MongoOptions) {
    super('MongoDB', port, options)
    this.#options = options
    this.replicaSet = options.replicaSet === false ? undefined : REPLICA_SET
  }

  /** Until it takes writes. */
  async start(): Promise<void> {
    const { admin, follows, flags = [] } = this.#options
    const data = join(this.folder, 'data')
    const first = !existsSync(data)
    mkdirSync(data, { recursive: true })
    if (first) writeFileSync(join(this.folder, 'key'), 'a key that members show each other', { mode: 0o600 })
    const words = [
      ...['--dbpath', data, '--port', `${this.port}`, '--bind_ip', this.host, '--nounixsocket'],
      ...['--pidfilepath', join(this.folder, 'pid'), '--wiredTigerCacheSizeGB', '0.25'],
      ...parameters({ diagnosticDataCollectionEnabled: false, shutdownTimeoutMillisForSignaledShutdown: 100 }),
      ...(this.replicaSet ? ['--replSet', this.replicaSet, '--oplogSize', '256'] : []),
      ...(admin ? (this.replicaSet ? ['--auth', '--keyFile', join(this.folder, 'key')] : ['--auth']) : []),
      ...flags,
    ]
    await this.launch([mongod() ?? 'mongod', ...words])
    if (first) await this.#asNobody((db) => this.#initiate(db))
    await this.#until(follows ? 'secondary' : 'isWritablePrimary')
  }

  protected override knock(): Promise<unknown> {
    return this.#asNobody((admin) => admin.command({ hello: 1 }))
  }

  async #initiate(db: Db): Promise<void> {
    const { admin, follows } = this.#options
    if (follows) return this.#join(follows)
    if (this.replicaSet) {
      const members = [{ _id: 0, host: `${this.host}:${this.port}` }]
      await db.command({ replSetInitiate: { _id: this.replicaSet, members } })
      await untilSaid(db, 'isWritablePrimary')
    }
    if (admin) await db.command({ createUser: admin.user, pwd: admin.password, roles: ['root'] })
  }

  async #join(leader: MongoServer): Promise<void> {
    const admin = leader.db('admin')
    const { config } = await admin.command({ replSetGetConfig: 1 })
    const member = { _id: config.members.length, host: `${this.host}:${this.port}`, votes: 0, priority: 0 }
    const next = { ...config, version: config.version + 1, members: [...config.members, member] }
    await admin.command({ replSetReconfig: next })
    await this.#until('secondary')
  }

  #until(field: 'isWritablePrimary' | 'secondary'): Promise<void> {
    return this.#asNobody((admin) => untilSaid(admin, field))
  }

  /** Without a name: from this machine that may do everything while there are no users, and ask for the state later. */
  async #asNobody<T>(work: (admin: Db) => Promise<T>): Promise<T> {
    const client = this.connection({})
    try {
      return await work(client.db('admin'))
    } finally {
      await client.close()
    }
  }

  get #credentials(): MongoClientOptions {
    const { admin } = this.#options
    return admin ? { auth: { username: admin.user, password: admin.password } } : {}
  }

  /** A client of its own, not connected yet. */
  connection(options: MongoClientOptions = this.#credentials): MongoClient {
    const url = `mongodb://${this.host}:${this.port}/?directConnection=true`
    return new MongoClient(url, { serverSelectionTimeoutMS: 2000, ...options })
  }

  /** Past the backend. The client is closed at `stop`. */
  db(name = 'mqtt'): Db {
    this.#client ??= this.connection({ ...this.#credentials, serverSelectionTimeoutMS: 10_000 })
    return this.#client.db(name)
  }

  override async end(): Promise<void> {
    await this.#disconnect()
    await super.end()
  }

  override async stop(): Promise<void> {
    await this.#disconnect()
    await super.stop()
  }

  async #disconnect(): Promise<void> {
    await this.#client?.close()
    this.#client = undefined
  }
}

async function untilSaid(admin: Db, field: string): Promise<void> {
  while (!(await admin.command({ hello: 1 }))[field]) await sleep(20)
}

function parameters(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['--setParameter', `${name}=${value}`])
}
