// A real Cassandra of our own, one node.

import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import cassandra from 'cassandra-driver'
import { CACHE } from './cache.ts'
import { freePort } from './ports.ts'
import { findProgram } from './processes.ts'
import { type ServerOptions, ServerProcess } from './server-process.ts'

const LIBRARIES = join(CACHE, 'cassandra-5.0.6', 'lib')
const TLS = resolve(import.meta.dirname, 'tls')
/** Why tests with Cassandra can't run here, for `{ skip }`; false when they can. Under CI they fail instead. */
export function cassandraMissing(): string | false {
  if ((existsSync(LIBRARIES) && findProgram('java')) || process.env.CI === 'true') return false
  return 'Cassandra is not installed; as root: scripts/services install cassa'
}

export interface CassandraOptions extends ServerOptions {
  /** Keys of cassandra.yaml. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Clients may encrypt; the certificate is `tls/cert.pem`. */
  readonly tls?: boolean
}

/** The server, started. It wants a password, and looks at rights. */
export async function startCassandra(options: CassandraOptions = {}): Promise<CassandraServer> {
  const server = new CassandraServer(options.port ?? (await freePort()), options)
  await server.start()
  return server
}

export class CassandraServer extends ServerProcess {
  readonly user = 'cassandra'
  readonly password = 'cassandra'
  /** Of each start: nobody else is told, and the last one may be taken meanwhile. */
  #storagePort = 0
  readonly #options: CassandraOptions

  constructor(port: number, options: CassandraOptions) {
    super('Cassandra', port, options)
    this.#options = options
  }

  async start(): Promise<void> {
    this.#storagePort = await freePort()
    const main = 'org.apache.cassandra.service.CassandraDaemon'
    await this.launch(['nice', '-n', '19', findProgram('java') ?? 'java', ...this.#flags(), main])
  }

  protected override knock(): Promise<unknown> {
    return this.query('select release_version from system.local')
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
      'java.io.tmpdir': this.folder,
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
