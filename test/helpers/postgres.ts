// A real PostgreSQL server of our own.

import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { copyTemplate } from './cache.ts'
import { freePort } from './ports.ts'
import { childrenOf, findProgram, hang, isAlive, signalProcess } from './processes.ts'
import { type ServerOptions, ServerProcess } from './server-process.ts'

const DEBIAN = '/usr/lib/postgresql'
const USER = 'postgres'
const PASSWORD = 'public'
const MISSING = 'PostgreSQL is not installed; as root: scripts/services install pgsql'

/** The newest version's. */
function find(name: string): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  return findProgram(
    name,
    versions.map((version) => join(DEBIAN, version, 'bin')),
  )
}

/** Why tests with PostgreSQL can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function postgresMissing(): string | false {
  return (find('postgres') && find('initdb')) || process.env.CI === 'true' ? false : MISSING
}

export interface PostgresOptions extends ServerOptions {
  /** Server settings, e.g. `{ max_connections: 10 }`. */
  readonly settings?: Readonly<Record<string, string | number>>
}

/** The server, started, with the database `mqtt` in it. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const server = new PostgresServer(options.port ?? (await freePort()), options)
  await server.start()
  return server
}

export class PostgresServer extends ServerProcess {
  readonly user = USER
  readonly password = PASSWORD
  /** Fast: open connections are ended. Killed it would leave its shared memory behind. */
  protected override readonly signals = { end: 'SIGINT', discard: 'SIGINT' } as const
  readonly #settings: Readonly<Record<string, string | number>>

  constructor(port: number, { settings = {}, ...options }: PostgresOptions) {
    super('PostgreSQL', port, options)
    this.#settings = settings
    giveToAccount(this.folder)
    const data = join(this.folder, 'data')
    const version = execFileSync(found('postgres'), ['--version'], { encoding: 'utf8' }).match(/\d+/)![0]
    if (!existsSync(data)) copyTemplate(`pgsql-${version}-${process.getuid?.() ?? 0}`, data, makeTemplate)
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
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    await this.launch([found('postgres'), '-D', join(this.folder, 'data'), ...flags], account())
    await this.createDatabase('mqtt')
  }

  protected override knock(): Promise<unknown> {
    return this.query('select 1', [], 'postgres')
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

  /** The server and all its processes at once. */
  override async kill9(): Promise<void> {
    const children = childrenOf(this.pid!)
    await super.kill9()
    for (const pid of children) signalProcess(pid, 'SIGKILL')
    // The next server refuses to start while one of them is still attached to the shared memory.
    while (children.some(isAlive)) await sleep(5)
  }

  override pause(): void {
    super.pause()
    for (const pid of childrenOf(this.pid!)) hang(pid)
  }

  override resume(): void {
    for (const pid of childrenOf(this.pid!)) signalProcess(pid, 'SIGCONT')
    super.resume()
  }
}

function found(name: string): string {
  const file = find(name)
  if (file === undefined) throw new Error(MISSING)
  return file
}

/** PostgreSQL refuses to run as root; the package's user does then. */
function account(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(execFileSync('id', [flag, USER], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

function giveToAccount(folder: string): void {
  const { uid, gid } = account()
  if (uid !== undefined) chownSync(folder, uid, gid!)
  chmodSync(folder, 0o755)
}

/** `initdb` takes seconds, a copy of its result a fraction of one. */
function makeTemplate(folder: string): void {
  giveToAccount(folder)
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, PASSWORD, { mode: 0o644 })
  const auth = ['--auth-local=trust', '--auth-host=scram-sha-256', `--pwfile=${passwordFile}`]
  const shape = ['-U', USER, '-E', 'UTF8', '--locale=C.UTF-8', '--wal-segsize=1']
  const options = { ...account(), cwd: folder, stdio: 'pipe' } as const
  execFileSync(found('initdb'), ['-D', join(folder, 'data'), ...shape, ...auth], options)
}
