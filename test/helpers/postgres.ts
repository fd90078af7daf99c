// A real PostgreSQL server of our own: any number of them, each with a folder and a port of its own, stopped by process id.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from './ports.ts'
import { childrenOf, dieWithParent, isAlive, signalProcess } from './processes.ts'

const CACHE = process.env.HOLDFAST_CACHE ?? resolve(import.meta.dirname, '../../.cache')
const DEBIAN = '/usr/lib/postgresql'
const USER = 'postgres'
const PASSWORD = 'public'
const READY_MS = 30_000

/** The folder of `postgres` and `initdb`, the newest version; undefined when there is none on this machine. */
export function postgresBinaries(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...versions.map((version) => join(DEBIAN, version, 'bin')), ...(process.env.PATH ?? '').split(':')]
  return folders.find((folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')))
}

/** Why tests with PostgreSQL can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function postgresMissing(): string | false {
  if (postgresBinaries() !== undefined || process.env.CI === 'true') return false
  return 'PostgreSQL is not installed; as root: scripts/services install pgsql'
}

export interface PostgresOptions {
  /** Server settings, e.g. `{ max_connections: 10 }`. */
  readonly settings?: Readonly<Record<string, string | number>>
  /** Where the server lives; its content is kept. Absent: a folder that is removed at `stop`. */
  readonly folder?: string
  readonly port?: number
  /** Goes on when this process ends. */
  readonly outlive?: boolean
}

/** The server, started, with the database `mqtt` in it. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const server = new PostgresServer(options.port ?? (await freePort()), options)
  await server.start()
  return server
}

export class PostgresServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly user = USER
  readonly password = PASSWORD
  readonly folder: string
  readonly #settings: Readonly<Record<string, string | number>>
  readonly #temporary: boolean
  readonly #outlive: boolean
  #child: ChildProcess | undefined

  constructor(port: number, { settings = {}, folder, outlive = false }: PostgresOptions) {
    this.port = port
    this.#settings = settings
    this.#temporary = folder === undefined
    this.#outlive = outlive
    this.folder = folder ?? temporaryFolder()
    if (!existsSync(join(this.folder, 'data'))) copyTemplate(this.folder)
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  url(database = 'mqtt'): string {
    return `postgres://${this.user}:${this.password}@${this.host}:${this.port}/${database}`
  }

  async start(): Promise<void> {
    const settings = {
      port: this.port,
      listen_addresses: this.host,
      unix_socket_directories: this.folder,
      shared_buffers: '32MB',
      max_connections: 40,
      ...this.#settings,
    }
    const log = openSync(join(this.folder, 'log'), 'a')
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const server = [binary('postgres'), '-D', join(this.folder, 'data'), ...flags]
    const [command, ...args] = this.#outlive ? server : dieWithParent(server)
    const stdio = ['ignore', log, log] as const
    this.#child = spawn(command!, args, { ...account(), cwd: this.folder, detached: this.#outlive, stdio: [...stdio] })
    if (this.#outlive) this.#child.unref()
    await this.#ready()
    await this.createDatabase('mqtt')
  }

  /** Until it answers. A server that ends instead tells why in its log. */
  async #ready(): Promise<void> {
    const deadline = Date.now() + READY_MS
    for (;;) {
      try {
        await this.query('select 1', [], 'postgres')
        return
      } catch (error) {
        const ended = this.#child!.exitCode !== null || this.#child!.signalCode !== null
        if (!ended && Date.now() < deadline) await sleep(30)
        else throw new Error(`PostgreSQL did not start:\n${this.log()}`, { cause: error })
      }
    }
  }

  log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8')
  }

  async query(text: string, values: unknown[] = [], database = 'mqtt'): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.url(database), connectionTimeoutMillis: 5000 })
    client.on('error', () => {}) // the server may be killed while we hold the connection
    await client.connect()
    try {
      return (await client.query(text, values)).rows ?? []
    } finally {
      await client.end()
    }
  }

  /** Makes the database when it is not there. */
  async createDatabase(name: string): Promise<void> {
    const found = await this.query('select 1 from pg_database where datname = $1', [name], 'postgres')
    if (found.length === 0) await this.query(`create database ${pg.escapeIdentifier(name)}`, [], 'postgres')
  }

  /** Fast shutdown; open connections are ended. */
  async end(): Promise<void> {
    await this.#signal('SIGINT')
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    await this.end()
    if (this.#temporary) rmSync(this.folder, { recursive: true, force: true })
  }

  /** As a power cut would: the server and all its processes at once. */
  async kill9(): Promise<void> {
    const children = childrenOf(this.pid!)
    await this.#signal('SIGKILL')
    for (const pid of children) signalProcess(pid, 'SIGKILL')
    // The next server refuses to start while one of them is still attached to the shared memory.
    while (children.some(isAlive)) await sleep(5)
  }

  /** Hangs: connections stay open and nothing answers. */
  pause(): void {
    for (const pid of [this.pid!, ...childrenOf(this.pid!)]) signalProcess(pid, 'SIGSTOP')
  }

  resume(): void {
    for (const pid of [...childrenOf(this.pid!), this.pid!]) signalProcess(pid, 'SIGCONT')
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

function binary(name: string): string {
  const folder = postgresBinaries()
  if (folder === undefined) throw new Error('PostgreSQL is not installed; as root: scripts/services install pgsql')
  return join(folder, name)
}

/** PostgreSQL refuses to run as root; the package's user does then. */
function account(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(execFileSync('id', [flag, USER], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-pgsql-'))
  chmodSync(folder, 0o755)
  return folder
}

/** `initdb` takes seconds, a copy of its result a fraction of one. */
function copyTemplate(folder: string): void {
  const version = execFileSync(binary('postgres'), ['--version'], { encoding: 'utf8' }).match(/\d+/)![0]
  const template = join(CACHE, `pgsql-${version}-${process.getuid?.() ?? 0}`)
  if (!existsSync(template)) makeTemplate(template)
  mkdirSync(folder, { recursive: true })
  execFileSync('cp', ['-a', template, join(folder, 'data')])
  const { uid, gid } = account()
  if (uid !== undefined) execFileSync('chown', [`${uid}:${gid}`, folder])
}

function makeTemplate(template: string): void {
  const folder = temporaryFolder()
  const { uid, gid } = account()
  if (uid !== undefined) execFileSync('chown', [`${uid}:${gid}`, folder])
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, PASSWORD, { mode: 0o644 })
  const auth = ['--auth-local=trust', '--auth-host=scram-sha-256', `--pwfile=${passwordFile}`]
  const shape = ['-U', USER, '-E', 'UTF8', '--locale=C.UTF-8', '--wal-segsize=1']
  execFileSync(binary('initdb'), ['-D', join(folder, 'data'), ...shape, ...auth], {
    ...account(),
    cwd: folder,
    stdio: 'pipe',
  })
  mkdirSync(CACHE, { recursive: true })
  const beside = `${template}.${process.pid}`
  execFileSync('cp', ['-a', join(folder, 'data'), beside])
  rmSync(folder, { recursive: true })
  if (existsSync(template)) rmSync(beside, { recursive: true })
  else renameSync(beside, template)
}
