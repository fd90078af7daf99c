// One client of the driver. Every wait has an end: the driver's limits, and a caller who gives up, which destroys it.
//
// Invariant: a connection that was destroyed, or whose lane gave up, answers everything with an error and is never used again.

import { type ClientSession, type Db, MongoClient, type MongoClientOptions } from 'mongodb'
import { BackendError } from '../../model/errors.ts'
import { tlsOptions } from '../tls.ts'
import type { MongoSettings } from './settings.ts'

/** The lane's write is given up by its own deadline; this only ends what would wait for good. */
const ANSWER_MS = 70_000
/** Less than a lane waits for a connection, so that it hears why there is none. */
const SELECTION_MS = 5_000
const CLOSE_MS = 2_000
/** EMQX's documentation has 100 ms: on a slow link that cuts every connection. A read has a deadline of its own. */
const SOCKET_FLOOR_MS = 5_000

/** `lane`: writes, and what must be seen at once. `reads`: as the operator's r_mode and sizes say. */
type Purpose = 'lane' | 'reads'

export class Connection {
  readonly client: MongoClient
  readonly db: Db
  /** Of the lane: its transactions, one after the other. */
  readonly session: ClientSession
  #end: Error | undefined

  private constructor(client: MongoClient, database: string) {
    this.client = client
    this.db = client.db(database)
    this.session = client.startSession({ causalConsistency: true })
    client.on('error', () => {}) // every operation hears of it
  }

  static async open(settings: MongoSettings, signal: AbortSignal, purpose: Purpose = 'lane'): Promise<Connection> {
    const client = new MongoClient(serverUrl(settings), clientOptions(settings, purpose))
    const connection = new Connection(client, settings.database)
    try {
      await connection.guard(signal, () => client.connect())
      return connection
    } catch (error) {
      connection.destroy(error as Error)
      throw error
    }
  }

  get broken(): boolean {
    return this.#end !== undefined
  }

  /** Runs `work`, which uses this connection; destroys it when the signal says so. */
  guard<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.destroy(new BackendError('transient', 'ABORTED', 'given up before the answer'))
        reject(this.#end)
      }
      if (signal.aborted) abort()
      if (this.#end) return reject(this.#end)
      signal.addEventListener('abort', abort)
      work()
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', abort))
    })
  }

  /** What hangs is not waited for. */
  destroy(why: Error): void {
    this.#end ??= why
    this.client.close().catch(() => {}) // it is of no use any more
  }

  async close(): Promise<void> {
    if (this.#end) return
    this.#end = new BackendError('transient', 'CLOSED', 'the connection was closed')
    const patience = AbortSignal.timeout(CLOSE_MS)
    await Promise.race([
      this.client.close(),
      new Promise<void>((resolve) => patience.addEventListener('abort', () => resolve())),
    ])
  }
}

/** Of a batch's commit. The gateway always waits for an answer: what is not confirmed stays in the queue. */
export function writeConcern({ w_mode }: MongoSettings): { w: 1 | 'majority'; j: boolean } {
  return w_mode === 'safe' ? { w: 'majority', j: true } : { w: 1, j: false }
}

export function serverUrl({ server, srv_record }: MongoSettings): string {
  if (srv_record) return `mongodb+srv://${server[0]!.host}/`
  return `mongodb://${server.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',')}/`
}

/** What each key becomes in the driver's words. */
export function clientOptions(settings: MongoSettings, purpose: Purpose): MongoClientOptions {
  const { type, rs_set_name, server, srv_record, plugin, login, password, database, auth_source, r_mode } = settings
  const size = settings.c_pool_size * Math.max(1, plugin['topology.pool_size'] ?? 1)
  const selection = plugin['topology.server_selection_timeout_ms'] ?? SELECTION_MS
  const options: Record<string, unknown> = {
    appName: 'holdfast',
    // a replica set asked directly would not tell who leads it now
    directConnection: type === 'single' && server.length === 1 && !srv_record ? true : undefined,
    replicaSet: type === 'rs' ? rs_set_name : undefined,
    auth: login === undefined ? undefined : { username: login, password: password ?? '' },
    authSource: login === undefined ? undefined : (auth_source ?? database),
    ...tls(settings),
    localThresholdMS: plugin['topology.local_threshold_ms'],
    connectTimeoutMS: plugin['topology.connect_timeout_ms'],
    heartbeatFrequencyMS: plugin['topology.heartbeat_frequency_ms'],
    minHeartbeatFrequencyMS: plugin['topology.min_heartbeat_frequency_ms'],
    waitQueueTimeoutMS: plugin['topology.wait_queue_timeout_ms'],
  }
  const own: MongoClientOptions =
    purpose === 'lane'
      ? { maxPoolSize: 2, socketTimeoutMS: ANSWER_MS, serverSelectionTimeoutMS: Math.min(selection, SELECTION_MS) }
      : {
          maxPoolSize: size + (plugin['topology.max_overflow'] ?? 0),
          serverSelectionTimeoutMS: selection,
          readPreference: r_mode === 'slave_ok' ? 'secondaryPreferred' : 'primary',
          ...defined({
            socketTimeoutMS: floored(plugin['topology.socket_timeout_ms'], SOCKET_FLOOR_MS),
            maxIdleTimeMS: plugin['topology.overflow_ttl'],
          }),
        }
  return { ...defined(options), ...own }
}

function tls(settings: MongoSettings): Record<string, unknown> {
  if (!settings.ssl) return {}
  const { rejectUnauthorized, ...files } = tlsOptions(settings)
  const careless = rejectUnauthorized ? {} : { tlsAllowInvalidCertificates: true, tlsAllowInvalidHostnames: true }
  return { tls: true, ...careless, ...files }
}

function floored(value: number | undefined, floor: number): number | undefined {
  return value === undefined ? undefined : Math.max(value, floor)
}

function defined(options: Readonly<Record<string, unknown>>): MongoClientOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
