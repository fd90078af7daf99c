// A real MariaDB server of our own: any number of them, each with a folder and a port of its own, stopped by process id.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { freePort } from './ports.ts'
import { dieWithParent, signalProcess } from './processes.ts'

const CACHE = process.env.HOLDFAST_CACHE ?? resolve(import.meta.dirname, '../../.cache')
const USER = 'root'
const PASSWORD = 'public'
const READY_MS = 30_000
const FOLDERS = ['/usr/sbin', '/usr/bin', '/usr/local/bin', ...(process.env.PATH ?? '').split(':')]

function find(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find(existsSync)
}

/** Why tests with MariaDB can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function mariadbMissing(): string | false {
  if ((find('mariadbd') && find('mariadb-install-db')) || process.env.CI === 'true') return false
  return 'MariaDB is not installed; as root: scripts/services install mysql'
}

export interface MariadbOptions {
  /** Server settings, e.g. `{ max_connections: 10 }`. */
  readonly settings?: Readonly<Record<string, string | number>>
  /** Where the server lives; its content is kept. Absent: a folder that is removed at `stop`. */
  readonly folder?: string
  readonly port?: number
  /** Goes on when this process ends. */
  readonly outlive?: boolean
}

/** The server, started, with the database `mqtt` in it. */
export async function startMariadb(options: MariadbOptions = {}): Promise<MariadbServer> {
  const server = new MariadbServer(options.port ?? (await freePort()), options)
  await server.start()
  return server
}

export class MariadbServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly user = USER
  readonly password = PASSWORD
  readonly folder: string
  #settings: Readonly<Record<string, string | number>>
  readonly #temporary: boolean
  readonly #outlive: boolean
  #child: ChildProcess | undefined

  constructor(port: number, { settings = {}, folder, outlive = false }: MariadbOptions) {
    this.port = port
    this.#settings = settings
    this.#temporary = folder === undefined
    this.#outlive = outlive
    this.folder = folder ?? mkdtempSync(join(tmpdir(), 'holdfast-mariadb-'))
    if (!existsSync(join(this.folder, 'data'))) copyTemplate(this.folder)
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** @param settings more of them, from now on */
  async start(settings: MariadbOptions['settings'] = {}): Promise<void> {
    this.#settings = { ...this.#settings, ...settings }
    const all = {
      datadir: join(this.folder, 'data'),
      port: this.port,
      bind_address: this.host,
      socket: join(this.folder, 'socket'),
      'pid-file': join(this.folder, 'pid'),
      innodb_buffer_pool_size: '64M',
      innodb_log_file_size: '32M',
      skip_name_resolve: 1,
      ...this.#settings,
    }
    const log = openSync(join(this.folder, 'log'), 'a')
    const flags = Object.entries(all).map(([name, value]) => `--${name}=${value}`)
    const account = process.getuid?.() === 0 ? ['--user=root'] : []
    const server = [found('mariadbd'), '--no-defaults', ...flags, ...account]
    const [command, ...args] = this.#outlive ? server : dieWithParent(server, 'TERM')
    this.#child = spawn(command!, args, { cwd: this.folder, detached: this.#outlive, stdio: ['ignore', log, log] })
    if (this.#outlive) this.#child.unref()
    await this.#ready()
    await this.createDatabase('mqtt')
  }

  /** Until it answers. A server that ends instead tells why in its log. */
  async #ready(): Promise<void> {
    const deadline = Date.now() + READY_MS
    for (;;) {
      try {
        await this.query('select 1', '')
        return
      } catch (error) {
        const ended = this.#child!.exitCode !== null || this.#child!.signalCode !== null
        const awaited = /^ECONN/.test((error as { code?: string }).code ?? '')
        if (awaited && !ended && Date.now() < deadline) await sleep(30)
        else throw new Error(`MariaDB did not start:\n${this.log().slice(-5000)}`, { cause: error })
      }
    }
  }

  log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8')
  }

  /** The rows of the last of the statements; times as texts. */
  async query(text: string, database = 'mqtt'): Promise<Record<string, unknown>[]> {
    const connection = await mysql.createConnection({
      host: this.host,
      port: this.port,
      user: this.user,
      password: this.password,
      database,
      charset: 'utf8mb4_bin',
      multipleStatements: true,
      dateStrings: true,
      connectTimeout: 5000,
    })
    connection.on('error', () => {}) // the server may be killed while we hold the connection
    try {
      const [answers] = await connection.query(text)
      const last = Array.isArray(answers) && Array.isArray(answers.at(-1)) ? answers.at(-1) : answers
      return Array.isArray(last) ? (last as Record<string, unknown>[]) : []
    } finally {
      connection.destroy()
    }
  }

  async createDatabase(name: string): Promise<void> {
    await this.query(`create database if not exists \`${name}\``, '')
  }

  /** Orderly shutdown. */
  async end(): Promise<void> {
    await this.#signal('SIGTERM')
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    if (this.#temporary)
      await this.kill9() // nothing of it is needed any more
    else await this.end()
    if (this.#temporary) rmSync(this.folder, { recursive: true, force: true })
  }

  /** As a power cut would. */
  async kill9(): Promise<void> {
    await this.#signal('SIGKILL')
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

function found(name: string): string {
  const file = find(name)
  if (file === undefined) throw new Error('MariaDB is not installed; as root: scripts/services install mysql')
  return file
}

/** Making the system tables takes a second, a copy of them a fraction of one. */
function copyTemplate(folder: string): void {
  const version = execFileSync(found('mariadbd'), ['--version'], { encoding: 'utf8' }).match(/\d+\.\d+\.\d+/)![0]
  const template = join(CACHE, `mariadb-${version}-${process.getuid?.() ?? 0}`)
  if (!existsSync(template)) makeTemplate(template)
  mkdirSync(folder, { recursive: true })
  execFileSync('cp', ['-a', template, join(folder, 'data')])
}

function makeTemplate(template: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-mariadb-'))
  const data = join(folder, 'data')
  const account = process.getuid?.() === 0 ? ['--user=root'] : []
  const shape = ['--innodb-log-file-size=32M', '--auth-root-authentication-method=normal', '--skip-test-db']
  execFileSync(found('mariadb-install-db'), ['--no-defaults', `--datadir=${data}`, ...shape, ...account], {
    cwd: folder,
    stdio: 'pipe',
  })
  const words = ['flush privileges;', `alter user ${USER}@'127.0.0.1' identified by '${PASSWORD}';`]
  execFileSync(
    found('mariadbd'),
    ['--no-defaults', `--datadir=${data}`, '--innodb-log-file-size=32M', '--bootstrap', ...account],
    {
      cwd: folder,
      input: words.map((line) => `${line}\n`).join(''),
      stdio: 'pipe',
    },
  )
  mkdirSync(CACHE, { recursive: true })
  const beside = `${template}.${process.pid}`
  execFileSync('cp', ['-a', data, beside])
  rmSync(folder, { recursive: true })
  if (existsSync(template)) rmSync(beside, { recursive: true })
  else renameSync(beside, template)
}
