// A real Cassandra of our own, one node: each with a folder and ports of its own, stopped by process id.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import cassandra from 'cassandra-driver'
import { freePort } from './ports.ts'
import { dieWithParent, signalProcess } from './processes.ts'

const CACHE = process.env.HOLDFAST_CACHE ?? resolve(import.meta.dirname, '../../.cache')
const LIBRARIES = join(CACHE, 'cassandra-5.0.6', 'lib')
const TLS = resolve(import.meta.dirname, 'tls')
const READY_MS = 120_000
const MAIN = 'org.apache.cassandra.service.CassandraDaemon'
/** Our note of the running server: its process id and its port. */
const NOTE = 'running'

function java(): string | undefined {
  const folders = (process.env.PATH ?? '').split(':')
  return folders.map((folder) => join(folder, 'java')).find((file) => existsSync(file))
}

/** Why tests with Cassandra can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function cassandraMissing(): string | false {
  if ((existsSync(LIBRARIES) && java() !== undefined) || process.env.CI === 'true') return false
  return 'Cassandra is not installed; as root: scripts/services install cassa'
}

/** The server that was started in the folder, while it runs. */
export function runningCassandra(folder: string): { pid: number; port: number } | undefined {
  const note = join(folder, NOTE)
  if (!existsSync(note)) return undefined
  const [pid = 0, port = 0] = readFileSync(note, 'utf8').split(' ').map(Number)
  const command = `/proc/${pid}/cmdline`
  return existsSync(command) && readFileSync(command, 'utf8').includes(MAIN) ? { pid, port } : undefined
}

export interface CassandraOptions {
  /** Keys of cassandra.yaml. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Clients may encrypt; the certificate is `tls/cert.pem`. */
  readonly tls?: boolean
  /** Where the server lives; its content is kept. Absent: a folder that is removed at `stop`. */
  readonly folder?: string
  /** Goes on when this process ends. */
  readonly outlive?: boolean
}

/** The server, started. It wants a password, and looks at rights. */
export async function startCassandra(options: CassandraOptions = {}): Promise<CassandraServer> {
  const server = new CassandraServer(await freePort(), await freePort(), options)
  await server.start()
  return server
}

export class CassandraServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly user = 'cassandra'
  readonly password = 'cassandra'
  readonly folder: string
  readonly #storagePort: number
  readonly #options: CassandraOptions
  #child: ChildProcess | undefined

  constructor(port: number, storagePort: number, options: CassandraOptions) {
    this.port = port
    this.#storagePort = storagePort
    this.#options = options
    this.folder = options.folder ?? mkdtempSync(join(tmpdir(), 'holdfast-cassandra-'))
    mkdirSync(this.folder, { recursive: true })
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  async start(): Promise<void> {
    const log = openSync(join(this.folder, 'log'), 'a')
    const { outlive = false } = this.#options
    const server = [
      'nice',
      '-n',
      '19',
      java() ?? 'java',
      ...this.#flags(),
      'org.apache.cassandra.service.CassandraDaemon',
    ]
    const [command, ...args] = outlive ? server : dieWithParent(server, 'TERM')
    this.#child = spawn(command!, args, { cwd: this.folder, detached: outlive, stdio: ['ignore', log, log] })
    writeFileSync(join(this.folder, NOTE), `${this.pid} ${this.port}`)
    if (outlive) this.#child.unref()
    await this.#ready()
  }

  #flags(): string[] {
    const file = (name: string, text: string): string => {
      writeFileSync(join(this.folder, name), text)
      return `file://${join(this.folder, name)}`
    }
    const properties = {
      'cassandra.config': file('cassandra.yaml', this.#yaml()),
      'logback.configurationFile': file('logback.xml', LOGBACK),
      'cassandra.storagedir': this.folder,
      'cassandra-foreground': 'yes',
      'cassandra.jdk11plus': 'true',
      // one node has nobody to wait for
      'cassandra.skip_wait_for_gossip_to_settle': 0,
      'cassandra.ring_delay_ms': 100,
      'cassandra.superuser_setup_delay_ms': 0,
      'cassandra.auth_bcrypt_gensalt_log2_rounds': 4,
    }
    return [
      ...['-Xms512m', '-Xmx512m', '-Xss512k', '-XX:+UseSerialGC'],
      ...EXPORTS.flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]),
      ...OPENS.flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
      ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
      ...['-cp', `${this.folder}:${LIBRARIES}/*`],
    ]
  }

  /** JSON is YAML. */
  #yaml(): string {
    return JSON.stringify({
      cluster_name: 'test',
      num_tokens: 1,
      partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
      data_file_directories: [join(this.folder, 'data')],
      commitlog_directory: join(this.folder, 'commitlog'),
      saved_caches_directory: join(this.folder, 'saved'),
      hints_directory: join(this.folder, 'hints'),
      commitlog_sync: 'periodic',
      commitlog_sync_period: '10000ms',
      auto_snapshot: false,
      // a machine that is busy with other tests is no fault
      write_request_timeout: '20s',
      read_request_timeout: '20s',
      cas_contention_timeout: '20s',
      request_timeout: '20s',
      listen_address: this.host,
      rpc_address: this.host,
      native_transport_port: this.port,
      storage_port: this.#storagePort,
      endpoint_snitch: 'SimpleSnitch',
      seed_provider: [
        {
          class_name: 'org.apache.cassandra.locator.SimpleSeedProvider',
          parameters: [{ seeds: `${this.host}:${this.#storagePort}` }],
        },
      ],
      authenticator: 'PasswordAuthenticator',
      authorizer: 'CassandraAuthorizer',
      // rights are looked up each time, so that a test need not wait for what it granted
      permissions_validity: '0ms',
      roles_validity: '0ms',
      ...(this.#options.tls ? { client_encryption_options: this.#encryption() } : {}),
      ...this.#options.settings,
    })
  }

  #encryption(): object {
    const keystore = join(this.folder, 'keystore.p12')
    const [key, certificate] = [join(TLS, 'key.pem'), join(TLS, 'cert.pem')]
    const out = ['-out', keystore, '-passout', 'pass:cassandra']
    execFileSync('openssl', ['pkcs12', '-export', '-inkey', key, '-in', certificate, ...out], { stdio: 'pipe' })
    return { enabled: true, optional: true, keystore, keystore_password: 'cassandra', store_type: 'PKCS12' }
  }

  /** Until it answers. A server that ends instead tells why in its log. */
  async #ready(): Promise<void> {
    const deadline = Date.now() + READY_MS
    for (;;) {
      try {
        await this.query('select release_version from system.local')
        return
      } catch (error) {
        const ended = this.#child!.exitCode !== null || this.#child!.signalCode !== null
        if (!ended && Date.now() < deadline) await sleep(200)
        else throw new Error(`Cassandra did not start:\n${this.log().slice(-5000)}`, { cause: error })
      }
    }
  }

  log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8')
  }

  /** Asks the server directly. Times come as Date, 64-bit numbers as bigint. */
  async query(text: string, values: unknown[] = [], keyspace?: string): Promise<Record<string, unknown>[]> {
    const client = this.client(keyspace)
    try {
      return (await client.execute(text, values, { prepare: values.length > 0 })).rows ?? [] // a write has none
    } finally {
      await client.shutdown().catch(() => {}) // it may not have connected
    }
  }

  /** To be shut down by the caller. */
  client(keyspace?: string): cassandra.Client {
    return new cassandra.Client({
      contactPoints: [`${this.host}:${this.port}`],
      localDataCenter: 'datacenter1',
      credentials: { username: this.user, password: this.password },
      encoding: { useBigIntAsLong: true },
      ...(keyspace === undefined ? {} : { keyspace }),
    })
  }

  /** Writes what it holds to the disk and ends. */
  async end(): Promise<void> {
    await this.#signal('SIGTERM')
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    await this.#signal(this.#options.folder === undefined ? 'SIGKILL' : 'SIGTERM')
    if (this.#options.folder === undefined) rmSync(this.folder, { recursive: true, force: true })
  }

  /** As a power cut would, but for what the system had not written yet. */
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

const LOGBACK = `<configuration>
<appender name="OUT" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%-5level %d{HH:mm:ss,SSS} %msg%n</pattern></encoder></appender>
<root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>`

/** What Cassandra's own start script opens of Java to it. */
const EXPORTS = [
  'java.base/jdk.internal.misc',
  'java.base/jdk.internal.ref',
  'java.base/sun.nio.ch',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
  'java.base/java.lang.ref',
  'jdk.unsupported/sun.misc',
]
const OPENS = [
  'java.base/java.lang.module',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.util.jar',
  'jdk.management/com.sun.management.internal',
  'java.base/sun.nio.ch',
  'java.base/java.io',
  'java.base/java.nio',
  'java.base/java.util.concurrent',
  'java.base/java.util',
  'java.base/java.util.concurrent.atomic',
  'java.base/java.lang',
  'java.base/java.math',
  'java.base/java.lang.reflect',
  'java.base/java.net',
]
