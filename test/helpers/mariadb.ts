// A real MariaDB server of our own; or with HOLDFAST_MYSQL=5.6 (`npm run mysql56`) the vendor's MySQL of that version.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import { copyTemplate } from './cache.ts'
import { MARIADB, MYSQL_56 } from './mysql-programs.ts'
import { freePort } from './ports.ts'
import { type ServerOptions, ServerProcess } from './server-process.ts'

const USER = 'root'
const PASSWORD = 'public'
const PROGRAMS = process.env.HOLDFAST_MYSQL === '5.6' ? MYSQL_56 : MARIADB
const ACCOUNT = process.getuid?.() === 0 ? ['--user=root'] : []

/** Why tests with MariaDB can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function mariadbMissing(): string | false {
  return PROGRAMS.server() || process.env.CI === 'true' ? false : PROGRAMS.missing
}

export interface MariadbOptions extends ServerOptions {
  /** Server settings, e.g. `{ max_connections: 10 }`. */
  readonly settings?: Readonly<Record<string, string | number>>
}

/** The server, started, with the database `mqtt` in it. */
export async function startMariadb(options: MariadbOptions = {}): Promise<MariadbServer> {
  const server = new MariadbServer(options.port ?? (await freePort()), options)
  await server.start()
  return server
}

export class MariadbServer extends ServerProcess {
  readonly user = USER
  readonly password = PASSWORD
  #settings: Readonly<Record<string, string | number>>

  constructor(port: number, { settings = {}, ...options }: MariadbOptions) {
    super(PROGRAMS.name, port, options)
    this.#settings = settings
    const data = join(this.folder, 'data')
    const [command, ...args] = server()
    const version = execFileSync(command!, [...args, '--version'], { encoding: 'utf8' }).match(/\d+\.\d+\.\d+/)![0]
    const template = `${PROGRAMS.name.toLowerCase()}-${version}-${process.getuid?.() ?? 0}`
    if (!existsSync(data)) copyTemplate(template, data, makeTemplate)
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
    const flags = Object.entries(all).map(([name, value]) => `--${name}=${value}`)
    await this.launch([...server(), ...flags, ...ACCOUNT])
    await this.createDatabase('mqtt')
  }

  protected override knock(): Promise<unknown> {
    return this.query('select 1', '')
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
}

/** Its command line, up to the options. */
function server(): string[] {
  const words = PROGRAMS.server()
  if (!words) throw new Error(PROGRAMS.missing)
  return [...words]
}

/** Making the system tables takes a second, a copy of them a fraction of one. */
function makeTemplate(folder: string): void {
  const options = [`--datadir=${join(folder, 'data')}`, '--innodb-log-file-size=32M', ...ACCOUNT]
  const tables = PROGRAMS.systemTables(folder, options)
  const input = `${tables}\nflush privileges;\n${PROGRAMS.setPassword(USER, PASSWORD)}\n`
  const [command, ...args] = server()
  execFileSync(command!, [...args, ...options, '--bootstrap'], { cwd: folder, input, stdio: 'pipe' })
}
