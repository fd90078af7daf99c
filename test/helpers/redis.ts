// Real Redis servers of our own, each with a folder and a port of its own, stopped by process id: single ones, sentinels,
// and a cluster of three.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { until } from './gateway.ts'
import { freePort } from './ports.ts'
import { dieWithParent, signalProcess } from './processes.ts'

const READY_MS = 20_000

function onPath(name: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, name)))
}

/** Why tests with Redis can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function redisMissing(): string | false {
  if ((onPath('redis-server') && onPath('redis-sentinel')) || process.env.CI === 'true') return false
  return 'Redis is not installed; as root: scripts/services install redis'
}

export interface RedisServerOptions {
  /** Lines of its configuration file, behind ours. */
  readonly conf?: readonly string[]
  readonly program?: 'redis-server' | 'redis-sentinel'
  /** Where the server lives; its content is kept. Absent: a folder that is removed at `stop`. */
  readonly folder?: string
  /** Goes on when this process ends. */
  readonly outlive?: boolean
  /** What a client needs beside host and port, to ask whether it is ready. */
  readonly login?: { readonly username?: string; readonly password?: string; readonly tls?: object }
}

/** A server, started, that keeps an append-only file. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = new RedisServer(await freePort(), options)
  await server.start()
  return server
}

export class RedisServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly folder: string
  readonly #program: string
  readonly #temporary: boolean
  readonly #outlive: boolean
  readonly #login: NonNullable<RedisServerOptions['login']>
  #child: ChildProcess | undefined

  constructor(port: number, options: RedisServerOptions) {
    const { conf = [], program = 'redis-server', folder, outlive = false, login = {} } = options
    this.port = port
    this.#program = program
    this.#temporary = folder === undefined
    this.#outlive = outlive
    this.#login = login
    this.folder = folder ?? mkdtempSync(join(tmpdir(), 'holdfast-redis-'))
    mkdirSync(this.folder, { recursive: true })
    const keeping = program === 'redis-server' ? ['appendonly yes', 'save ""'] : []
    const own = [`port ${port}`, `bind ${this.host}`, `dir "${this.folder}"`, `pidfile "${join(this.folder, 'pid')}"`]
    writeFileSync(join(this.folder, 'redis.conf'), [...own, 'daemonize no', ...keeping, ...conf, ''].join('\n'))
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  async start(): Promise<void> {
    const log = openSync(join(this.folder, 'log'), 'a')
    const server = [this.#program, join(this.folder, 'redis.conf')]
    const [command, ...args] = this.#outlive ? server : dieWithParent(server, 'KILL')
    const child = spawn(command!, args, { detached: this.#outlive, stdio: ['ignore', log, log] })
    this.#child = child
    if (this.#outlive) child.unref()
    await this.#ready(child)
  }

  /** Until it answers. A server that ends instead tells why in its log. */
  async #ready(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + READY_MS
    for (;;) {
      try {
        await this.ask('ping')
        return
      } catch (error) {
        const ended = child.exitCode !== null || child.signalCode !== null
        if (!ended && Date.now() < deadline) await sleep(30)
        else throw new Error(`Redis did not start:\n${this.log()}`, { cause: error })
      }
    }
  }

  log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8')
  }

  client(db = 0): Redis {
    const { host, port } = this
    const client = new Redis({
      host,
      port,
      db,
      ...this.#login,
      retryStrategy: () => null,
      protocol: 2,
      lazyConnect: true,
    })
    client.on('error', () => {}) // the server may be killed while we hold the connection
    return client
  }

  /** One command on a connection of its own. */
  async ask(command: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    const client = this.client()
    try {
      await client.connect()
      return await client.call(command, ...args)
    } finally {
      client.disconnect()
    }
  }

  /** Ends it in order. */
  async end(): Promise<void> {
    await this.#signal('SIGTERM')
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    await this.#signal('SIGKILL')
    if (this.#temporary) rmSync(this.folder, { recursive: true, force: true })
  }

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

/** A master, its replica, and three sentinels that fail over within seconds. */
export class Sentinels {
  readonly name = 'mymaster'
  readonly #servers: RedisServer[]
  readonly #sentinels: RedisServer[]

  private constructor(servers: RedisServer[], sentinels: RedisServer[]) {
    this.#servers = servers
    this.#sentinels = sentinels
  }

  static async start(): Promise<Sentinels> {
    const first = await startRedis()
    const second = await startRedis({ conf: [`replicaof ${first.host} ${first.port}`, 'repl-diskless-sync-delay 0'] })
    const conf = [
      `sentinel monitor mymaster ${first.host} ${first.port} 2`,
      'sentinel down-after-milliseconds mymaster 1000',
      'sentinel failover-timeout mymaster 5000',
    ]
    const sentinels: RedisServer[] = []
    for (let n = 0; n < 3; n++) sentinels.push(await startRedis({ program: 'redis-sentinel', conf }))
    const all = new Sentinels([first, second], sentinels)
    await until('the replica follows', async () =>
      /master_link_status:up/.test(String(await second.ask('info', 'replication'))),
    )
    await until('the sentinels know each other and the replica', async () => {
      const told = await Promise.all(sentinels.map((one) => one.ask('sentinel', 'master', 'mymaster')))
      return told.every((fields) => {
        const list = fields as string[]
        const value = (name: string): string => list[list.indexOf(name) + 1]!
        return value('num-other-sentinels') === '2' && value('num-slaves') === '1'
      })
    })
    return all
  }

  get addresses(): { host: string; port: number }[] {
    return this.#sentinels.map(({ host, port }) => ({ host, port }))
  }

  /** As the sentinels say. */
  async master(): Promise<RedisServer> {
    const [, port] = (await this.#sentinels[0]!.ask('sentinel', 'get-master-addr-by-name', this.name)) as string[]
    return this.#servers.find((server) => server.port === Number(port))!
  }

  /** Kills the master. Resolves with the new one when it is the master. */
  async failOver(): Promise<RedisServer> {
    const old = await this.master()
    await old.kill9()
    const [other] = this.#servers.filter((server) => server !== old)
    await until('another master', async () => {
      return (await this.master()) === other && /role:master/.test(String(await other!.ask('info', 'replication')))
    })
    return other!
  }

  async stop(): Promise<void> {
    for (const server of [...this.#sentinels, ...this.#servers]) await server.stop()
  }
}

/** Three masters. */
export class RedisCluster {
  readonly servers: readonly RedisServer[]

  private constructor(servers: readonly RedisServer[]) {
    this.servers = servers
  }

  static async start(): Promise<RedisCluster> {
    const servers: RedisServer[] = []
    for (let n = 0; n < 3; n++) {
      const bus = await freePort()
      servers.push(
        await startRedis({ conf: ['cluster-enabled yes', `cluster-port ${bus}`, 'cluster-node-timeout 2000'] }),
      )
    }
    const [first, ...others] = servers as [RedisServer, ...RedisServer[]]
    const addresses = servers.map(({ host, port }) => `${host}:${port}`)
    execFileSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], { stdio: 'pipe' })
    await until('the cluster is one', async () => {
      const states = await Promise.all([first, ...others].map((server) => server.ask('cluster', 'info')))
      return states.every((state) => String(state).includes('cluster_state:ok'))
    })
    return new RedisCluster(servers)
  }

  async stop(): Promise<void> {
    for (const server of this.servers) await server.stop()
  }
}
