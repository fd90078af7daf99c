// A real MongoDB server of our own: any number of them, each with a folder and a port of its own, stopped by process id.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Db, MongoClient, type MongoClientOptions } from 'mongodb'
import { freePort } from './ports.ts'
import { dieWithParent, signalProcess } from './processes.ts'

const CACHE = process.env.HOLDFAST_CACHE ?? resolve(import.meta.dirname, '../../.cache')
const REPLICA_SET = 'rs0'
const READY_MS = 60_000

/** `mongod`: of the cache, or the system's; undefined when there is none on this machine. */
export function mongoBinary(): string | undefined {
  const folders = [join(CACHE, 'mongo', '6.0.5'), ...(process.env.PATH ?? '').split(':')]
  return folders.map((folder) => join(folder, 'mongod')).find(existsSync)
}

/**
 * Why tests with MongoDB can't run here, for `{ skip }`; false when they can. Where it could have been had
 * (`scripts/services install`) it is no reason to skip under CI, and the tests then fail.
 */
export function mongoMissing(): string | false {
  if (mongoBinary() !== undefined) return false
  const obtainable = process.platform === 'linux' && process.arch === 'x64'
  if (process.env.CI === 'true' && obtainable) return false
  return 'MongoDB is not installed: scripts/services install mongo'
}

export interface MongoOptions {
  /** Where the server lives; its content is kept. Absent: a folder that is removed at `stop`. */
  readonly folder?: string
  readonly port?: number
  /** Without: a server alone, which has no transactions. */
  readonly replicaSet?: boolean
  /** User and password of its administrator; without, everybody may do everything. */
  readonly admin?: { readonly user: string; readonly password: string }
  /** Joins the set of another server, as a member that answers reads and has no vote. */
  readonly follows?: MongoServer
  /** More words for its command line. */
  readonly flags?: readonly string[]
  /** Goes on when this process ends. */
  readonly outlive?: boolean
}

export async function startMongo(options: MongoOptions = {}): Promise<MongoServer> {
  const server = new MongoServer(options.port ?? (await freePort()), options)
  await server.start()
  return server
}

export class MongoServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly folder: string
  readonly replicaSet: string | undefined
  readonly #options: MongoOptions
  #child: ChildProcess | undefined
  #client: MongoClient | undefined

  constructor(port: number, options: MongoOptions) {
    this.port = port
    this.#options = options
    this.replicaSet = options.replicaSet === false ? undefined : REPLICA_SET
    this.folder = options.folder ?? mkdtempSync(join(tmpdir(), 'holdfast-mongo-'))
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Until it takes writes. */
  async start(): Promise<void> {
    const { admin, flags = [], outlive = false } = this.#options
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
    const server = [mongoBinary() ?? 'mongod', ...words]
    const [command, ...args] = outlive ? server : dieWithParent(server)
    const log = openSync(join(this.folder, 'log'), 'a')
    this.#child = spawn(command!, args, { cwd: this.folder, detached: outlive, stdio: ['ignore', log, log] })
    if (outlive) this.#child.unref()
    await this.#untilReady(first)
  }

  async #untilReady(first: boolean): Promise<void> {
    const deadline = Date.now() + READY_MS
    for (;;) {
      const client = this.connection(first ? {} : this.#credentials)
      try {
        await client.connect()
        if (first) await this.#initiate(client)
        first = false
        return
      } catch (error) {
        const ended = this.#child!.exitCode !== null || this.#child!.signalCode !== null
        if (ended || Date.now() > deadline) throw new Error(`MongoDB did not start:\n${this.log()}`, { cause: error })
        await sleep(30)
      } finally {
        await client.close()
        if (!first) await this.#until(this.#options.follows ? 'secondary' : 'isWritablePrimary')
      }
    }
  }

  async #initiate(client: MongoClient): Promise<void> {
    const admin = client.db('admin')
    if (this.#options.follows) return this.#join(this.#options.follows)
    if (this.replicaSet) {
      const members = [{ _id: 0, host: `${this.host}:${this.port}` }]
      await admin.command({ replSetInitiate: { _id: this.replicaSet, members } })
      await untilSaid(admin, 'isWritablePrimary')
    }
    const { user, password } = this.#options.admin ?? {}
    if (user) await admin.command({ createUser: user, pwd: password, roles: ['root'] })
  }

  async #join(leader: MongoServer): Promise<void> {
    const admin = leader.db('admin')
    const { config } = await admin.command({ replSetGetConfig: 1 })
    const member = { _id: config.members.length, host: `${this.host}:${this.port}`, votes: 0, priority: 0 }
    const next = { ...config, version: config.version + 1, members: [...config.members, member] }
    await admin.command({ replSetReconfig: next })
    await this.#until('secondary')
  }

  async #until(field: 'isWritablePrimary' | 'secondary'): Promise<void> {
    const client = this.connection({})
    try {
      await untilSaid(client.db('admin'), field)
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

  log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8')
  }

  async end(): Promise<void> {
    await this.#client?.close()
    this.#client = undefined
    await this.#signal('SIGTERM')
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    await this.end()
    if (this.#options.folder === undefined) rmSync(this.folder, { recursive: true, force: true })
  }

  /** As a power cut would. */
  kill9(): Promise<void> {
    return this.#signal('SIGKILL')
  }

  /** Hangs: connections stay open and nothing answers. */
  pause(): void {
    signalProcess(this.pid!, 'SIGSTOP')
  }

  resume(): void {
    signalProcess(this.pid!, 'SIGCONT')
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    this.resume()
    child.kill(signal)
    await ended
  }
}

async function untilSaid(admin: Db, field: string): Promise<void> {
  while (!(await admin.command({ hello: 1 }))[field]) await sleep(20)
}

function parameters(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['--setParameter', `${name}=${value}`])
}
