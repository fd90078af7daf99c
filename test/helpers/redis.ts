// Real Redis servers of our own: single ones, sentinels, and a cluster of three.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { until } from './gateway.ts'
import { freePort } from './ports.ts'
import { findProgram } from './processes.ts'
import { type ServerOptions, ServerProcess } from './server-process.ts'

/** Why tests with Redis can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function redisMissing(): string | false {
  if ((findProgram('redis-server') && findProgram('redis-sentinel')) || process.env.CI === 'true') return false
  return 'Redis is not installed; as root: scripts/services install redis'
}

export interface RedisServerOptions extends ServerOptions {
  /** Lines of its configuration file, behind ours. */
  readonly conf?: readonly string[]
  readonly program?: 'redis-server' | 'redis-sentinel'
  /** What a client needs beside host and port, to ask whether it is ready. */
  readonly login?: { readonly username?: string; readonly password?: string; readonly tls?: object }
}

/** A server, started, that keeps an append-only file. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = new RedisServer(options.port ?? (await freePort()), options)
  await server.start()
  return server
}

export class RedisServer extends ServerProcess {
  readonly #program: string
  readonly #login: NonNullable<RedisServerOptions['login']>

  constructor(port: number, options: RedisServerOptions) {
    const { conf = [], program = 'redis-server', login = {} } = options
    super('Redis', port, options)
    this.#program = program
    this.#login = login
    const keeping = program === 'redis-server' ? ['appendonly yes', 'save ""'] : []
    const own = [`port ${port}`, `bind ${this.host}`, `dir "${this.folder}"`, 'daemonize no']
    writeFileSync(join(this.folder, 'redis.conf'), [...own, ...keeping, ...conf, ''].join('\n'))
  }

  async start(): Promise<void> {
    await this.launch([this.#program, join(this.folder, 'redis.conf')])
  }

  protected override knock(): Promise<unknown> {
    return this.ask('ping')
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

  /** @param password that the sentinels themselves want */
  static async start(password?: string): Promise<Sentinels> {
    const first = await startRedis()
    const second = await startRedis({ conf: [`replicaof ${first.host} ${first.port}`, 'repl-diskless-sync-delay 0'] })
    const conf = [
      `sentinel monitor mymaster ${first.host} ${first.port} 2`,
      'sentinel down-after-milliseconds mymaster 1000',
      'sentinel failover-timeout mymaster 5000',
      ...(password ? [`requirepass ${password}`] : []),
    ]
    const options = { program: 'redis-sentinel', conf, ...(password && { login: { password } }) } as const
    const sentinels: RedisServer[] = []
    for (let n = 0; n < 3; n++) sentinels.push(await startRedis(options))
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
