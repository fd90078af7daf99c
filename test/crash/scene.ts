// What every scene of this folder is made of: a database server of a kind, gateways, publishers with ledgers, and the audit
// of the kind's tables: one by the built-in function and, where there are any, one by a custom statement, which has no
// unique key, so that anything sent twice shows.

import assert from 'node:assert/strict'
import { type GatewayFiles, type GatewayProcess, until } from '../helpers/gateway.ts'
import { type FaultyProxy, startProxy } from '../helpers/proxy.ts'
import type { Random } from '../helpers/random.ts'
import { type AuditRules, audit } from './audit.ts'
import type { Address, CrashKind, Server } from './kind.ts'
import { readLedger } from './ledger.ts'
import type { Publishers } from './publishers.ts'
import { CONF, type Context, Stage } from './stage.ts'
import { Subscriber } from './subscriber.ts'

interface Verification extends AuditRules {
  /** Whose messages are in the tables. Default: all publishers' that are present. */
  readonly publishers?: readonly Publishers[]
  /** Default: all that the kind has. */
  readonly tables?: readonly string[]
  /** Two journals held the same events, so a row that has no key may be there from both. Default: no. */
  readonly twins?: boolean
}

export class Scene<S extends Server = Server, Options = object> extends Stage {
  readonly kind: CrashKind<S, Options>

  constructor(kind: CrashKind<S, Options>, context?: Context) {
    super(context)
    this.kind = kind
  }

  /** Without the tables. */
  async server(options?: Options): Promise<S> {
    const server = await this.kind.start(options)
    this.closing(() => server.stop())
    return server
  }

  /** Not started yet. */
  gateway(pool: Address): GatewayProcess {
    return this.gatewayWith(this.files(pool))
  }

  files(pool: Address): GatewayFiles {
    return { conf: CONF, plugins: { [this.kind.kind]: this.kind.conf(pool) } }
  }

  async makeTables(gateway: GatewayProcess, server: S): Promise<void> {
    await gateway.holdfast('schema', this.kind.kind, '--apply', '--pool', 'pool1')
    await this.kind.makeTables?.(server)
  }

  /** One of each QoS, subscribed to what the publishers say. */
  async subscribers(gateway: GatewayProcess, random: Random): Promise<Subscriber[]> {
    const { port } = gateway
    const subscribers = ([1, 2] as const).map((qos) => new Subscriber({ name: `subscriber${qos}`, port, qos, random }))
    for (const subscriber of subscribers) {
      this.closing(() => subscriber.end())
      await subscriber.ready()
    }
    return subscribers
  }

  /** Asserts that they receive what the ledgers say; of QoS 2 once, where it was published with that, too. They end. */
  async verifyReceived(subscribers: readonly Subscriber[]): Promise<void> {
    for (const subscriber of subscribers) {
      const { qos, received } = subscriber
      await subscriber.settle(() => ledgerOf(this.present))
      await subscriber.end()
      assert.equal(subscriber.isForgotten, false)
      const rows = received.map((payload, at) => ({ msgid: String(at).padStart(20, '0'), payload }))
      const faults = audit(ledgerOf(this.present), rows, { received: qos })
      assert.deepEqual(faults.slice(0, 20), [], `subscriber of QoS ${qos}: ${faults.length} faults`)
    }
  }

  /** Asserts that the tables hold what the ledgers say and the kind promises. */
  async verify(server: S, rules: Verification = {}): Promise<void> {
    const { publishers = this.present, tables = Object.keys(this.kind.tables), twins = false } = rules
    const ledger = ledgerOf(publishers)
    const earlier = ledgerOf(this.earlier)
    assert.ok(ledger.size > 0)
    for (const table of tables) {
      const { atLeastOnce = false, byKey = false, twinsMix = false } = this.kind.tables[table]!
      const rows = (await this.kind.rows(server, table)).filter(({ payload }) => !earlier.has(payload))
      const faults = audit(ledger, rows, {
        resent: atLeastOnce || (twins && !byKey),
        order: !(twins && twinsMix),
        ...rules,
      })
      assert.deepEqual(faults.slice(0, 20), [], `${table}: ${faults.length} faults`)
    }
  }
}

const ledgerOf = (publishers: readonly Publishers[]) => readLedger(...publishers.map(({ ledger }) => ledger))

/** A server with the tables. */
export async function prepared<S extends Server>(scene: Scene<S>): Promise<S> {
  const server = await scene.server()
  await scene.makeTables(scene.gateway(server), server)
  return server
}

/** A server with the tables, and a gateway that runs. */
export interface Line<S extends Server = Server> {
  readonly server: S
  readonly gateway: GatewayProcess
}

/** @param server has the tables. Default: a new one */
export async function straightLine<S extends Server>(scene: Scene<S>, server?: S): Promise<Line<S>> {
  const there = server ?? (await prepared(scene))
  return { server: there, gateway: await scene.gateway(there).start() }
}

export interface ProxiedLine<S extends Server = Server> extends Line<S> {
  readonly proxy: FaultyProxy
  /** All that the gateway knows of the server. */
  readonly address: Address
}

/** @param server has the tables. Default: a new one */
export async function behindProxy<S extends Server>(scene: Scene<S>, server?: S): Promise<ProxiedLine<S>> {
  const there = server ?? (await prepared(scene))
  const proxy = await startProxy(there)
  scene.closing(() => proxy.close())
  const address = { user: there.user, password: there.password, port: proxy.port }
  return { server: there, proxy, address, gateway: await scene.gateway(address).start() }
}

// biome-ignore lint/suspicious/noExplicitAny: the answer's shape is what tests look at
export async function poolStatus(gateway: GatewayProcess): Promise<any> {
  return (await gateway.ctl('status')).pools.find(({ name }: { name: string }) => name === 'pool1')
}

/** A first batch that a busy machine does not get done in the lane's 60 s for a write is tried again, by halves. */
const PATIENCE_MS = 180_000

/** Until the lane is up and nothing waits in it, however long that takes while it gets on. */
export async function drained(gateway: GatewayProcess): Promise<void> {
  let left = Number.POSITIVE_INFINITY
  const fewer = async (): Promise<boolean> => {
    const { state, lag } = await poolStatus(gateway)
    if (state !== 'up' || lag.events >= left) return false
    left = lag.events
    return true
  }
  while (left > 0) await until(`the lane has less than ${left} left`, fewer, PATIENCE_MS)
}
