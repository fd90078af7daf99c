// One connection. Queries are pipelined (sent without waiting for answers) and answered in order.

import { Socket } from 'node:net'
import pg from 'pg'
import { BackendError } from '../../model/errors.ts'
import { orDestroy } from '../or-destroy.ts'
import { ANSWER_MS, CONNECT_MS, SocketConnection } from '../socket-connection.ts'
import { tlsOptions } from '../tls.ts'
import type { PgsqlSettings } from './settings.ts'

// The server gives up too, so that what we no longer wait for holds no locks.
const SESSION = `set client_encoding = 'UTF8'; set statement_timeout = ${ANSWER_MS};
set idle_in_transaction_session_timeout = ${ANSWER_MS}`

export interface Query {
  readonly text: string
  readonly values?: readonly unknown[]
}

export class Connection extends SocketConnection {
  readonly #client: pg.Client
  readonly #prepared = new Map<string, { readonly name: string; types?: readonly number[] }>()
  #names = 0

  private constructor(client: pg.Client, socket: Socket) {
    super(socket)
    this.#client = client
    client.on('error', (error) => this.ended(error))
  }

  /** The first server of the list that takes writes; with `anyServer` the first that answers. */
  static async open(settings: PgsqlSettings, signal: AbortSignal, anyServer = false): Promise<Connection> {
    const errors: unknown[] = []
    for (const address of settings.server) {
      try {
        const connection = await Connection.#openOne(address, settings, signal)
        const ask = `select current_setting('transaction_read_only') as "readOnly"`
        const asked = connection.guard(signal, () => connection.query<{ readOnly: string }>(ask))
        const [row] = await orDestroy(connection, asked)
        if (anyServer || row!.readOnly === 'off') return connection
        await connection.close()
        errors.push(new BackendError('transient', '25006', `${address.host}:${address.port} takes no writes now`))
      } catch (error) {
        errors.push(error)
      }
    }
    throw errors[0]
  }

  static async #openOne(
    { host, port }: PgsqlSettings['server'][number],
    settings: PgsqlSettings,
    signal: AbortSignal,
  ): Promise<Connection> {
    const socket = new Socket()
    const client = new pg.Client({
      host,
      port,
      user: settings.username,
      password: settings.password ?? '',
      database: settings.database,
      ssl: settings.ssl && tlsOptions(settings),
      application_name: 'holdfast',
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
      pipeline: true,
      stream: () => socket,
    })
    const connection = new Connection(client, socket)
    const greeted = connection
      .guard(signal, () => client.connect(), CONNECT_MS)
      .then(() => connection.guard(signal, () => connection.query(SESSION)))
    await orDestroy(connection, greeted)
    return connection
  }

  /** Unprepared: for what is asked once. */
  async query<Row>(text: string, values?: unknown[]): Promise<Row[]> {
    const { rows } = await this.#client.query(values ? { text, values } : text)
    return rows
  }

  /** Prepared on first use, and sent at once. */
  async run<Row>({ text, values = [] }: Query): Promise<Row[]> {
    this.allowFor(values.reduce((sum: number, value) => sum + bytesOf(value), 0))
    const { name } = this.#statement(text)
    const { rows } = await this.#client.query({ name, text, values: values as unknown[] })
    return rows
  }

  /** Types (OIDs) that the server found for the parameters, when it has been asked already. */
  knownTypes(text: string): readonly number[] | undefined {
    return this.#prepared.get(text)?.types
  }

  /** Prepares the statement and asks the server for its parameters' types. */
  async describe(text: string): Promise<readonly number[]> {
    const statement = this.#statement(text)
    const { name } = statement
    statement.types = await new Promise<readonly number[]>((resolve, reject) => {
      this.#client.query(new Description(name, text, (error, types) => (error ? reject(error) : resolve(types))))
    })
    return statement.types
  }

  /** Forgets what was prepared, since the tables have changed. */
  async forgetStatements(): Promise<void> {
    this.#prepared.clear()
    await this.query('deallocate all')
  }

  protected override takeLeave(): Promise<void> {
    return this.#client.end()
  }

  #statement(text: string): { readonly name: string; types?: readonly number[] } {
    let statement = this.#prepared.get(text)
    if (!statement) {
      statement = { name: `h${this.#names++}` }
      this.#prepared.set(text, statement)
    }
    return statement
  }
}

function bytesOf(value: unknown): number {
  return value instanceof Buffer || typeof value === 'string' ? value.length : 0
}

/** Parse and describe only: the protocol tells the parameters' types, the driver has no word for it. */
class Description extends pg.Query {
  readonly name: string
  readonly text: string

  constructor(name: string, text: string, done: (error: Error | undefined, types: readonly number[]) => void) {
    let types: readonly number[] = []
    let stop = (): void => {}
    super({ name, text, values: [] }, (error) => {
      stop()
      done(error, types)
    })
    this.name = name
    this.text = text
    this.submit = (connection) => {
      const listen = (message: { dataTypeIDs: number[] }): void => {
        types = message.dataTypeIDs
      }
      connection.on('parameterDescription', listen)
      stop = () => connection.off('parameterDescription', listen)
      connection.parse({ name, text, types: [] }, true)
      connection.describe({ type: 'S', name }, true)
      connection.sync()
    }
  }
}
