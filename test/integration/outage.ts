// A database that is away while clients publish, subscribe, acknowledge and disconnect. All hooks that EMQX's documentation
// configures for the kind, unchanged but for server, user and password.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { IClientOptions } from 'mqtt'
import { documented } from '../conf/documented.ts'
import type { Bench } from '../contract/subject.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { type Client, clientsOf } from '../helpers/mqtt-client.ts'
import type { ServerProcess } from '../helpers/server-process.ts'

/** The database, past the backend. */
export interface Remote extends Pick<Bench, 'rows' | 'insertForeign'> {
  /** What a position names, of each message in the order of `rows('mqtt_msg')`. */
  keys(): Promise<unknown[]>
}

export interface OutageOf<S extends ServerProcess> {
  readonly kind: string
  readonly database: string
  readonly skip: string | false
  start(): Promise<Startable<S>>
  remote(server: S): Remote
  /** The documentation's conf for this server. */
  conf(documented: string, server: S): string
  /** How it goes away: `end` in order, or as a power cut would. */
  readonly goes: 'end' | 'kill9'
  /** What else the hooks need in the database, behind the schema. */
  prepare?(server: S): Promise<unknown>
  /** Tests of the kind's own, at the end. */
  more?(scene: Scene<S>): void
}

type Startable<S> = S & { start(): Promise<void> }

export class Scene<S extends ServerProcess> {
  readonly #of: OutageOf<S>
  readonly #clients = clientsOf(() => this.gateway)
  /** ms, a whole second. */
  readonly began = Math.floor(Date.now() / 1000) * 1000
  /** Client ids in the order of their connections. */
  readonly connects: string[] = []
  readonly published: { msg: string; qos: number; retain: boolean }[] = []
  gateway!: GatewayProcess
  server!: Startable<S>
  remote!: Remote
  pub!: Client
  bob!: Client

  constructor(of: OutageOf<S>) {
    this.#of = of
  }

  async start(): Promise<void> {
    const { kind, start, remote, conf, prepare } = this.#of
    this.server = await start()
    this.remote = remote(this.server)
    this.gateway = new GatewayProcess({
      conf: 'forward.backoff_max = 1s\nclock.wait_for_sync = 0s\n',
      plugins: { [kind]: conf(documented(kind), this.server) },
    })
    await this.gateway.holdfast('schema', kind, '--apply', '--pool', 'pool1')
    await prepare?.(this.server)
    for (const clientid of ['dora', 'early']) {
      await this.remote.insertForeign({ into: 'mqtt_sub', clientid, topic: `mail/${clientid}`, qos: 1 })
    }
    await this.server.end()
    await this.gateway.start()
  }

  async stop(): Promise<void> {
    await this.leave()
    await this.gateway?.remove()
    await this.server?.stop()
  }

  connect(id: string, options?: IClientOptions): Promise<Client> {
    this.connects.push(id)
    return this.#clients.connect(id, options)
  }

  /** Every client. */
  leave(): Promise<unknown> {
    return this.#clients.end()
  }

  async say(topic: string, payload: string, qos: 0 | 1 | 2 = 1, retain = false): Promise<void> {
    await this.pub.publish(topic, payload, qos, retain)
    const empty = retain && payload === ''
    if (qos > 0 && !empty) this.published.push({ msg: `${topic}=${payload}`, qos, retain })
  }

  /** A client with a stored subscription has it. */
  async hearsOf(client: Client, topic: string): Promise<void> {
    await until(`${topic} is heard`, async () => {
      await this.say(topic, `${Date.now()}`)
      return client.heard(topic).length > 0
    })
  }
}

export function outage<S extends ServerProcess>(of: OutageOf<S>): void {
  const { database, skip, goes, more } = of
  describe(`${database} is away for a while`, { skip }, () => {
    const scene = new Scene(of)
    before(() => scene.start())
    after(() => scene.stop())

    test('who came before it was ever there has the stored subscriptions as soon as it is', async () => {
      scene.pub = await scene.connect('pub')
      const early = await scene.connect('early')
      await scene.say('mail/early', 'stored')
      await scene.server.start()
      await early.hears(1)
      await scene.say('mail/early', 'live')
      await early.hears(2)
      assert.deepEqual(early.heard(), ['mail/early=stored', 'mail/early=live'])
    })

    test('while it is there', async () => {
      scene.bob = await scene.connect('bob', { clean: false })
      await scene.bob.mqtt.subscribeAsync({ 'news/a': { qos: 1 }, 'news/b': { qos: 2 } })
      for (const n of range(1, 5)) await scene.say('news/a', `a${n}`)
      for (const n of range(1, 3)) await scene.say('news/b', `b${n}`, 2)
      await scene.say('state/x', 'old', 1, true)
      await scene.say('state/y', 'gone soon', 1, true)
      await scene.bob.hears(8)
      await scene.bob.end()
      const dora = await scene.connect('dora')
      await scene.hearsOf(dora, 'mail/dora') // a stored subscription
      await dora.end()
      await scene.gateway.forwarded()
      assert.equal((await scene.gateway.pool()).exactlyOnce, true)
    })

    test('while it is away, nobody notices', async () => {
      await scene.server[goes]()
      for (const n of range(6, 15)) await scene.say('news/a', `a${n}`)
      for (const n of range(4, 6)) await scene.say('news/b', `b${n}`, 2)
      await scene.say('news/a', 'at most once', 0)
      await scene.say('state/x', 'new', 1, true)
      await scene.say('state/y', '', 1, true)
      await scene.say('state/z', 'fresh', 2, true)

      scene.bob = await scene.connect('bob', { clean: false })
      await scene.bob.hears(13)
      assert.deepEqual(scene.bob.heard('news/a'), texts('news/a=a', 6, 15))
      assert.deepEqual(scene.bob.heard('news/b'), texts('news/b=b', 4, 6))

      const carl = await scene.connect('carl')
      await carl.mqtt.subscribeAsync({ 'news/a': { qos: 1 }, 'state/#': { qos: 0 } })
      await carl.hears(17)
      assert.deepEqual(carl.heard('news/a'), texts('news/a=a', 1, 15))
      const states = carl.heard().filter((one) => one.startsWith('state'))
      assert.deepEqual(states.sort(), ['state/x!=new', 'state/z!=fresh'])
      await carl.end()

      const dora = await scene.connect('dora')
      await scene.hearsOf(dora, 'mail/dora') // the subscription is known from before
      await (await scene.connect('eve')).end()
      await scene.say('news/a', 'a16')
      await scene.bob.hears(14)
      await until('the pool is known to be down', async () => (await scene.gateway.pool()).state === 'down')
      assert.ok((await scene.gateway.pool()).lag.events > 0)
    })

    test('when it comes back, every row is right, once, in order', async () => {
      await scene.server.start()
      await scene.gateway.forwarded()
      const messages = await scene.remote.rows('mqtt_msg')
      assert.deepEqual(
        messages.map(({ topic, payload, qos, retain }) => ({ msg: `${topic}=${payload}`, qos, retain })),
        scene.published,
      )
      assert.deepEqual([...new Set(messages.map(({ sender }) => sender))], ['pub'])
      const ids = messages.map(({ msgid }) => String(msgid))
      assert.deepEqual(ids, ids.toSorted())
      for (const { arrived } of messages)
        assert.ok(arrived! >= scene.began && arrived! <= Date.now(), `arrived ${arrived}`)

      const retained = await scene.remote.rows('mqtt_retain')
      assert.deepEqual(
        retained.map(({ topic, payload, qos, sender }) => `${topic}=${payload} ${qos} ${sender}`).sort(),
        ['state/x=new 1 pub', 'state/z=fresh 2 pub'],
      )
      const states = await scene.remote.rows('mqtt_client')
      for (const { clientid, online_at } of states) assert.ok(online_at! >= scene.began, `${clientid} ${online_at}`)
      assert.deepEqual(
        states
          .map(({ clientid, state, node, offline_at }) => `${clientid} ${state} ${node} ${offline_at !== null}`)
          .sort(),
        ['bob 1', 'carl 0', 'dora 1', 'early 1', 'eve 0', 'pub 1'].map(
          (one) => `${one} holdfast@127.0.0.1 ${one.endsWith('0')}`,
        ),
      )
      assert.equal((await scene.gateway.pool()).deadLetters, 0)
    })

    // A client that subscribed while the server was away may be owed older rows there, so its acknowledgements are held
    // back; when the server is back and owes nothing they move the position, also that of a client that has left.
    test('positions follow as soon as it is back', async () => {
      const keys = await scene.remote.keys()
      const messages = (await scene.remote.rows('mqtt_msg')).map(({ topic, payload }) => `${topic}=${payload}`)
      const newest = (of: string): unknown => keys[messages.findLastIndex((message) => message.startsWith(of))]
      const expected = [
        `bob news/a ${newest('news/a=')}`,
        `bob news/b ${newest('news/b=')}`,
        `carl news/a ${newest('news/a=a15')}`,
        `dora mail/dora ${newest('mail/dora=')}`,
        `early mail/early ${newest('mail/early=')}`,
      ]
      await until('the positions', async () => (await scene.remote.rows('mqtt_acked')).length === expected.length)
      await scene.gateway.forwarded()
      const found = await scene.remote.rows('mqtt_acked')
      assert.deepEqual(found.map(({ clientid, topic, mid }) => `${clientid} ${topic} ${mid}`).sort(), expected)
    })

    test('the clients that are still there hear what is published now', async () => {
      await scene.say('news/a', 'a17')
      await scene.bob.hears(15)
      assert.equal(scene.bob.heard().at(-1), 'news/a=a17')
    })

    more?.(scene)

    test('every client is offline in the end', async () => {
      await scene.leave()
      await until('every client is offline', async () =>
        (await scene.remote.rows('mqtt_client')).every(({ state }) => state === 0),
      )
      assert.equal((await scene.gateway.pool()).deadLetters, 0)
    })
  })
}

export const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const texts = (head: string, from: number, to: number): string[] => range(from, to).map((n) => `${head}${n}`)
