// One connection.

import { connect, type Socket } from 'node:net'
import mysql from 'mysql2'
import { orDestroy } from '../or-destroy.ts'
import { ANSWER_MS, CONNECT_MS, SocketConnection } from '../socket-connection.ts'
import { tlsOptions } from '../tls.ts'
import type { Bulk } from './bulk.ts'
import type { MysqlSettings } from './settings.ts'

/** What a statement needs of `max_allowed_packet` beside its text. */
const PACKET_HEAD_BYTES = 1024
/** One text is not longer than this, whatever the server allows. */
const MAX_TEXT_BYTES = 8 << 20

// Times are UTC, and what does not fit is refused, whatever the server's own settings are.
const SESSION = `set time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
innodb_lock_wait_timeout = ${ANSWER_MS / 1000};
select @@max_allowed_packet as maxPacket, @@version as version, @@max_prepared_stmt_count as statements;
show variables like 'binlog_format'`

type Greeting = [unknown, [{ maxPacket: number; version: string; statements: number }], { Value: string }[]]

export class Connection extends SocketConnection {
  readonly #client: mysql.Connection
  readonly #socket: Socket
  #maxTextBytes = 0
  #generatesColumns = true
  #prepares = true

  private constructor(client: mysql.Connection, socket: Socket) {
    super(socket)
    this.#client = client
    this.#socket = socket
    client.on('error', (error) => this.ended(error))
  }

  static async open(settings: MysqlSettings, signal: AbortSignal): Promise<Connection> {
    const { host, port } = settings.server
    const socket = connect({ host, port, keepAlive: true, keepAliveInitialDelay: 30_000, noDelay: true })
    // Node checks a certificate against this; for an address that is a number it leaves it out.
    Object.assign(socket, { _host: host })
    const client = mysql.createConnection({
      host,
      user: settings.user,
      password: settings.password ?? '',
      database: settings.database,
      ...(settings.ssl && { ssl: { ...tlsOptions(settings), verifyIdentity: settings.verify } }),
      charset: 'utf8mb4_bin',
      timezone: 'Z',
      multipleStatements: true,
      flags: ['-IGNORE_SPACE'],
      connectTimeout: 0, // the guard's
      stream: () => socket,
    })
    const connection = new Connection(client, socket)
    await orDestroy(
      connection,
      connection.guard(signal, () => connection.#greet(), CONNECT_MS),
    )
    return connection
  }

  async #greet(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#client.connect((error) => (error ? reject(error) : resolve()))
    })
    const [, [server], [binlog]] = await this.query<Greeting>(SESSION)
    this.#prepares = server.statements > 0
    this.#generatesColumns = isAtLeast(server.version, { MySQL: [5, 7], MariaDB: [10, 2] })
    this.#maxTextBytes = Math.min(server.maxPacket - PACKET_HEAD_BYTES, MAX_TEXT_BYTES)
    // Gateways that write the same tables block each other less; a log of statements does not allow it.
    if (binlog?.Value !== 'STATEMENT') await this.query('set session transaction isolation level read committed')
    // The server gives up too, so that what we no longer wait for holds no locks. MySQL has no such limit for writes.
    if (/mariadb/i.test(server.version)) await this.query(`set max_statement_time = ${ANSWER_MS / 1000}`)
  }

  /** May a column be computed from others? */
  get generatesColumns(): boolean {
    return this.#generatesColumns
  }

  /** May statements be prepared? */
  get prepares(): boolean {
    return this.#prepares
  }

  /** Bytes of the longest text that the server takes in one go. */
  get maxTextBytes(): number {
    return this.#maxTextBytes
  }

  /** One statement or several, sent in one go; those behind one that fails are not run. @returns rows, or a list of them */
  query<T>(text: string): Promise<T> {
    this.allowFor(text.length)
    return new Promise((resolve, reject) => {
      this.#client.query(text, (error, answer) => (error ? reject(error) : resolve(answer as T)))
    })
  }

  /** A statement that is prepared on its first use. */
  execute({ text, values, bytes }: Bulk): Promise<void> {
    this.allowFor(bytes)
    return new Promise((resolve, reject) => {
      this.#client.execute(text, values as mysql.ExecuteValues, (error) => (error ? reject(error) : resolve()))
    })
  }

  protected override takeLeave(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.once('close', () => resolve())
      this.#client.end(() => this.#socket.end())
    })
  }
}

/** @param version as the server says it: `5.6.21`, `10.11.6-MariaDB-…` */
function isAtLeast(version: string, wanted: Readonly<Record<'MySQL' | 'MariaDB', readonly [number, number]>>): boolean {
  const [major, minor] = wanted[/mariadb/i.test(version) ? 'MariaDB' : 'MySQL']
  const [first = 0, second = 0] = version.split('.').map(Number)
  return first > major || (first === major && second >= minor)
}
