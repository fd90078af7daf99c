// One connection. Every wait has an end: a server that says nothing for too long, or a caller who gives up, destroys it.
//
// Invariant: a connection that was destroyed answers every query with an error and is never used again.

import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import mysql from 'mysql2'
import { BackendError } from '../../model/errors.ts'
import { orDestroy } from '../or-destroy.ts'
import type { MysqlSettings } from './settings.ts'

const CONNECT_MS = 10_000
/** Longest silence of a server that has something to do … */
const ANSWER_MS = 60_000
/** … and what a slow link may take beyond that for each byte sent: 64 kbit/s. */
const MS_PER_BYTE = 1 / 8
/** What a statement needs of `max_allowed_packet` beside its text. */
const PACKET_HEAD_BYTES = 1024
/** One text is not longer than this, whatever the server allows. */
const MAX_TEXT_BYTES = 8 << 20

// Times are UTC, and what does not fit is refused, whatever the server's own settings are.
const SESSION = `set time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
innodb_lock_wait_timeout = ${ANSWER_MS / 1000};
select @@max_allowed_packet as maxPacket, @@version as version; show variables like 'binlog_format'`

type Greeting = [unknown, [{ maxPacket: number; version: string }], { Value: string }[]]

export class Connection {
  readonly #client: mysql.Connection
  readonly #socket: Socket
  #maxTextBytes = 0
  #end: Error | undefined

  private constructor(client: mysql.Connection, socket: Socket) {
    this.#client = client
    this.#socket = socket
    client.on('error', (error) => {
      this.#end ??= error
    })
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
      ...tls(settings),
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
    this.#maxTextBytes = Math.min(server.maxPacket - PACKET_HEAD_BYTES, MAX_TEXT_BYTES)
    // Gateways that write the same tables block each other less; a log of statements does not allow it.
    if (binlog?.Value !== 'STATEMENT') await this.query('set session transaction isolation level read committed')
    // The server gives up too, so that what we no longer wait for holds no locks. MySQL has no such limit for writes.
    if (/mariadb/i.test(server.version)) await this.query(`set max_statement_time = ${ANSWER_MS / 1000}`)
  }

  get broken(): boolean {
    return this.#end !== undefined
  }

  /** Bytes of the longest text that the server takes in one go. */
  get maxTextBytes(): number {
    return this.#maxTextBytes
  }

  /** Runs `work`, which uses this connection; destroys it when the signal says so or the server keeps silent. */
  async guard<T>(signal: AbortSignal, work: () => Promise<T>, answerMs = ANSWER_MS): Promise<T> {
    const abort = (): void => this.destroy(new BackendError('transient', 'ABORTED', 'given up before the answer'))
    if (signal.aborted) abort()
    if (this.#end) throw this.#end
    const silence = (): void =>
      this.destroy(new BackendError('transient', 'TIMEOUT', `the server said nothing for ${this.#socket.timeout} ms`))
    signal.addEventListener('abort', abort)
    this.#socket.setTimeout(answerMs, silence)
    try {
      return await work()
    } catch (error) {
      throw this.#end ?? error
    } finally {
      this.#socket.setTimeout(0)
      this.#socket.off('timeout', silence)
      signal.removeEventListener('abort', abort)
    }
  }

  /** One statement or several, sent in one go; those behind one that fails are not run. @returns rows, or a list of them */
  query<T>(text: string): Promise<T> {
    if (text.length > 100_000) this.#socket.setTimeout(ANSWER_MS + Math.ceil(text.length * MS_PER_BYTE))
    return new Promise((resolve, reject) => {
      this.#client.query(text, (error, answer) => (error ? reject(error) : resolve(answer as T)))
    })
  }

  destroy(why: Error): void {
    this.#end ??= why
    this.#socket.destroy()
  }

  async close(): Promise<void> {
    if (this.#end || this.#socket.destroyed) return
    this.#end = new BackendError('transient', 'CLOSED', 'the connection was closed')
    this.#socket.setTimeout(CONNECT_MS, () => this.#socket.destroy())
    await new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve())
      this.#client.end(() => this.#socket.end())
    })
  }
}

function tls({ ssl, cafile, certfile, keyfile, verify }: MysqlSettings): Pick<mysql.ConnectionOptions, 'ssl'> {
  if (!ssl) return {}
  return {
    ssl: {
      rejectUnauthorized: verify,
      verifyIdentity: verify,
      ...(cafile ? { ca: readFileSync(cafile) } : {}),
      ...(certfile ? { cert: readFileSync(certfile) } : {}),
      ...(keyfile ? { key: readFileSync(keyfile) } : {}),
    },
  }
}
