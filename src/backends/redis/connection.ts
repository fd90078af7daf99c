// One connection: to a server, to the master that the sentinels name, or to a cluster. Every wait has an end: a caller who
// gives up, or a server that says nothing for too long, destroys it, and it is never used again.

import { Cluster, Redis } from 'ioredis'
import { BackendError } from '../../model/errors.ts'
import { textBeside } from '../../system/program.ts'
import { type Argument, wordOf } from './commands.ts'
import { commonOptions, type Topology, topologyOf } from './options.ts'
import type { RedisSettings } from './settings.ts'

const ANSWER_MS = 60_000
const SLOTS_MS = 5_000
const BATCH = textBeside(import.meta, 'batch.lua')

type Driver = (Redis | Cluster) & {
  /** batch.lua. @param args the number of keys, the keys, the rest */
  batch(...args: (number | Argument)[]): Promise<unknown>
}

export class Connection {
  readonly cluster: boolean
  readonly driver: Driver
  /** What the driver said last; a promise that it rejects often tells less. */
  #trouble: Error | undefined
  #end: Error | undefined

  private constructor(driver: Redis | Cluster) {
    this.driver = driver as Driver
    this.cluster = driver instanceof Cluster
    driver.on('error', (error: Error) => {
      this.#trouble = error
    })
    driver.on('end', () => {
      this.#end ??= this.#trouble ?? new BackendError('transient', 'CLOSED', 'the server closed the connection')
    })
    driver.defineCommand('batch', { lua: BATCH })
  }

  /** Of several servers the first that takes writes; with `anyServer` the first that answers. */
  static async open(settings: RedisSettings, signal: AbortSignal, anyServer = false): Promise<Connection> {
    const topology = topologyOf(settings)
    if (topology.type !== 'single') return Connection.#openOne(settings, topology, signal)
    const errors: unknown[] = []
    for (const server of topology.servers) {
      try {
        const connection = await Connection.#openOne(settings, { ...topology, servers: [server] }, signal)
        if (anyServer || topology.servers.length === 1 || (await connection.#takesWrites(signal))) return connection
        connection.close()
        errors.push(new BackendError('transient', 'READONLY', `${server.host}:${server.port} is a replica now`))
      } catch (error) {
        errors.push(error)
      }
    }
    throw errors[0]
  }

  static async #openOne(settings: RedisSettings, topology: Topology, signal: AbortSignal): Promise<Connection> {
    const connection = new Connection(driverFor(settings, topology))
    try {
      await connection.guard(signal, async () => {
        await connection.driver.connect()
        // Asked for here, since the driver goes on in database 0 when there is no such database.
        if (!connection.cluster && settings.database > 0) await connection.driver.call('select', settings.database)
      })
    } catch (error) {
      connection.close()
      throw connection.#told(error)
    }
    return connection
  }

  get broken(): boolean {
    return this.#end !== undefined
  }

  /** Runs `work`, which uses this connection, and destroys it when the signal says so or the answer takes too long. */
  async guard<T>(signal: AbortSignal, work: () => Promise<T>, answerMs = ANSWER_MS): Promise<T> {
    if (this.#end) throw this.#end
    const over = Promise.withResolvers<never>()
    const giveUp = (code: string, message: string): void => {
      this.#end ??= new BackendError('transient', code, message)
      this.driver.disconnect()
      over.reject(this.#end)
    }
    const abort = (): void => giveUp('ABORTED', 'given up before the answer')
    const timer = setTimeout(() => giveUp('TIMEOUT', `the server said nothing for ${answerMs} ms`), answerMs)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    try {
      return await Promise.race([work(), over.promise])
    } catch (error) {
      throw this.#told(error)
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }

  /** One command, answered in bytes. In a cluster it goes where its first key is. */
  run(command: readonly Argument[]): Promise<unknown> {
    return this.driver.callBuffer(wordOf(command), ...command.slice(1))
  }

  close(): void {
    this.#end ??= new BackendError('transient', 'CLOSED', 'the connection was closed')
    this.driver.disconnect()
  }

  async #takesWrites(signal: AbortSignal): Promise<boolean> {
    const found = await this.guard(signal, () => this.driver.info('replication'))
    return !/^role:slave/m.test(found)
  }

  /** The driver says "Connection is closed." and the like where it has told before why. */
  #told(error: unknown): unknown {
    const { message, lastNodeError } = error as Error & { lastNodeError?: Error }
    if (lastNodeError && !VAGUE.test(lastNodeError.message)) return lastNodeError
    return VAGUE.test(message) ? (this.#end ?? this.#trouble ?? error) : error
  }
}

const VAGUE = /^Connection is closed|^None of startup nodes|aborted/

const addressOf = ({ host, port }: RedisSettings['server'][number]): { host: string; port: number } => ({ host, port })

function driverFor(settings: RedisSettings, topology: Topology): Redis | Cluster {
  const common = { ...commonOptions(settings), lazyConnect: true }
  if (topology.type === 'cluster') {
    return new Cluster(topology.servers.map(addressOf), {
      redisOptions: common,
      lazyConnect: true,
      clusterRetryStrategy: () => null,
      slotsRefreshTimeout: SLOTS_MS,
      enableAutoPipelining: false,
    })
  }
  const single = { ...common, retryStrategy: () => null, enableOfflineQueue: false }
  if (topology.type === 'single') {
    return new Redis({ ...single, ...addressOf(topology.servers[0]!) })
  }
  return new Redis({
    ...single,
    sentinels: topology.sentinels.map(addressOf),
    name: topology.name,
    sentinelRetryStrategy: () => null,
  })
}
