// One client of the driver: connections to every node, found from the addresses of the pool. Every wait has an end: the
// driver's own time limits, or a caller who gives up.

import { isIP } from 'node:net'
import cassandra, { type ClientOptions, type QueryOptions } from 'cassandra-driver'
import PrepareHandler, { type ParameterType as DriverType } from 'cassandra-driver/lib/prepare-handler.js'
import { BackendError } from '../../model/errors.ts'
import { tlsOptions } from '../tls.ts'
import type { CassaSettings } from './settings.ts'

const { consistencies, distance } = cassandra.types

const CONNECT_MS = 5_000
/** The server gives up after two seconds by itself. */
const ANSWER_MS = 12_000
const RECONNECT_MS = 1_000

type Balancing = cassandra.policies.loadBalancing.LoadBalancingPolicy

export type Row = Record<string, unknown>
/** `code` is one of the driver's `types.dataTypes`. */
export type ParameterType = DriverType

export interface Statement {
  /** With `?` for values. */
  readonly text: string
  readonly values: readonly unknown[]
}

export interface RunOptions {
  /** May be done twice, by the driver too, without a difference. */
  readonly repeatable: boolean
  /** Microseconds: when the statement counts as done, where it doesn't say so itself. */
  readonly timestamp?: bigint
}

export class Session {
  readonly #client: cassandra.Client
  readonly #balancing: Balancing
  /** The way to the server failed, or was given up: whoever needs one opens another. */
  suspect = false

  private constructor(client: cassandra.Client, balancing: Balancing) {
    this.#client = client
    this.#balancing = balancing
    // Left alone with no node, the driver connects again by itself, and then keeps what it had beside what it has: connections
    // and timers, more with each time.
    client.on('hostDown', () => {
      if (client.hosts.values().every((host) => !host.isUp())) void this.close()
    })
  }

  /** @param keyspace null: none, for what makes it. */
  static async open(settings: CassaSettings, keyspace: string | null): Promise<Session> {
    const options = clientOptions(settings)
    const localDataCenter = await nearestDataCenter(options)
    const balancing = cassandra.policies.defaultLoadBalancingPolicy(localDataCenter)
    const client = new cassandra.Client({
      ...options,
      policies: { ...options.policies, loadBalancing: balancing },
      localDataCenter,
      ...(keyspace === null ? {} : { keyspace }),
    })
    try {
      await client.connect()
    } catch (error) {
      await shutDown(client)
      throw error
    }
    return new Session(client, balancing)
  }

  /** Unprepared: for what is asked once. */
  async query(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const { rows } = await this.#client.execute(text, [...values], { consistency: consistencies.localOne })
    return rows
  }

  async run({ text, values }: Statement, { repeatable, timestamp }: RunOptions): Promise<Row[]> {
    const options: QueryOptions = {
      ...PREPARED,
      isIdempotent: repeatable,
      ...(timestamp === undefined ? {} : { timestamp: Number(timestamp) }),
    }
    const { rows } = await this.#client.execute(text, [...values], options)
    return rows ?? []
  }

  /** Reads what a condition is about as it really is: a write of it that was in flight is done or gone then. */
  async runSerial({ text, values }: Statement): Promise<Row[]> {
    const options = { prepare: true, consistency: consistencies.localSerial, isIdempotent: true }
    return (await this.#client.execute(text, [...values], options)).rows
  }

  /** Rows page by page, so that no single answer is large. */
  async *pages({ text, values }: Statement, rowsPerPage: number): AsyncGenerator<readonly Row[]> {
    let pageState: string | undefined
    do {
      const options = { ...PREPARED, isIdempotent: true, fetchSize: rowsPerPage, ...(pageState ? { pageState } : {}) }
      const page = await this.#client.execute(text, [...values], options)
      yield page.rows
      pageState = page.pageState
    } while (pageState)
  }

  /** All of one partition, so that the server takes it as one write. */
  async batch(statements: readonly Statement[]): Promise<void> {
    const queries = statements.map(({ text, values }) => ({ query: text, params: [...values] }))
    await this.#client.batch(queries, { ...PREPARED, logged: false, isIdempotent: true })
  }

  /** The server's types of the parameters; the driver has no other word for it. */
  async types(text: string): Promise<readonly ParameterType[]> {
    const { meta } = await PrepareHandler.getPrepared(this.#client, this.#balancing, text, this.#client.keyspace)
    return meta.columns.map(({ type }) => type)
  }

  /** Runs `work`, which uses this session, until it ends or the signal says so. */
  async guard<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await unlessAborted(signal, work)
    } catch (error) {
      if (isNoAnswer(error)) this.suspect = true
      throw error
    }
  }

  async close(): Promise<void> {
    this.suspect = true
    await shutDown(this.#client)
  }
}

const PREPARED: QueryOptions = { prepare: true, consistency: consistencies.localQuorum }

export async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(new BackendError('transient', 'ABORTED', 'given up before the answer'))
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([aborted, work()])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Not a word of the server's. */
function isNoAnswer(error: unknown): boolean {
  const { NoHostAvailableError, OperationTimedOutError, DriverInternalError } = cassandra.errors
  const ofTheWay = [NoHostAvailableError, OperationTimedOutError, DriverInternalError]
  return (error instanceof BackendError && error.code === 'ABORTED') || ofTheWay.some((type) => error instanceof type)
}

/** Of the first address that answers. The other data centres' nodes are not used. */
async function nearestDataCenter(options: ClientOptions): Promise<string> {
  const client = new cassandra.Client({
    ...options,
    policies: { ...options.policies, loadBalancing: new cassandra.policies.loadBalancing.RoundRobinPolicy() },
    pooling: { coreConnectionsPerHost: { [distance.local]: 1 }, warmup: false },
    isMetadataSyncEnabled: false,
  })
  try {
    const { rows } = await client.execute('select data_center from system.local')
    return String(rows[0]!.data_center)
  } finally {
    await shutDown(client)
  }
}

function clientOptions(settings: CassaSettings): cassandra.DseClientOptions {
  const { nodes, size, username, password = '' } = settings

  return {
    contactPoints: nodes.map(({ host, port }) => `${isIP(host) === 6 ? `[${host}]` : host}:${port}`),
    protocolOptions: { port: nodes[0]!.port },
    ...(username === undefined ? {} : { credentials: { username, password } }),
    ...(settings.ssl ? { sslOptions: tls(settings) } : {}),
    pooling: { coreConnectionsPerHost: { [distance.local]: size, [distance.remote]: 1 } },
    socketOptions: { connectTimeout: CONNECT_MS, readTimeout: ANSWER_MS },
    policies: { reconnection: new cassandra.policies.reconnection.ConstantReconnectionPolicy(RECONNECT_MS) },
    encoding: { useBigIntAsLong: true },
    applicationName: 'holdfast',
    monitorReporting: { enabled: false },
  }
}

function tls(settings: CassaSettings): NonNullable<ClientOptions['sslOptions']> {
  const [{ host } = { host: '' }] = settings.nodes
  // the driver connects to addresses; the certificates may speak of the name
  return { ...tlsOptions(settings), ...(isIP(host) === 0 ? { servername: host } : {}) }
}

/** It only closes sockets; that they were closed already is no news. */
async function shutDown(client: cassandra.Client): Promise<void> {
  await client.shutdown().catch(() => {})
}
