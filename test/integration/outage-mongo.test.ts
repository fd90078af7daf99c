// All hooks that EMQX's documentation configures for MongoDB, unchanged but for the server, and a server that is killed while
// clients publish, subscribe, acknowledge and disconnect.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { IClientOptions } from 'mqtt'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { type MongoServer, mongoMissing, startMongo } from '../helpers/mongo.ts'
import { Client } from '../helpers/mqtt-client.ts'

const DOCUMENTED = readFileSync(join(import.meta.dirname, '../conf/emqx/mongo.conf'), 'utf8')

describe('MongoDB is away for a while', { skip: mongoMissing() }, () => {
  let server: MongoServer
  let gateway: GatewayProcess
  let began: number
  const clients: Client[] = []
  const published: string[] = []

  const connect = async (id: string, options?: IClientOptions): Promise<Client> => {
    const client = await Client.connect(gateway.url, id, options)
    clients.push(client)
    return client
  }
  const say = async (by: Client, topic: string, payload: string, qos: 0 | 1 | 2 = 1, retain = false): Promise<void> => {
    await by.publish(topic, payload, qos, retain)
    if (qos > 0 && payload !== '') published.push(`${topic}=${payload} ${qos} ${Number(retain)}`)
  }
  // biome-ignore lint/suspicious/noExplicitAny: documents as they are stored
  const documents = (collection: string): Promise<any[]> =>
    server.db().collection(collection).find().sort({ _id: 1 }).toArray()
  const pool = async () => (await gateway.ctl('status')).pools[0]
  const forwarded = (): Promise<unknown> =>
    until('all is forwarded', async () => {
      const { state, lag } = await pool()
      return state === 'up' && lag.events === 0
    })
  const position = async (clientid: string, topic: string): Promise<unknown> =>
    (await documents('mqtt_acked')).find((one) => one.clientid === clientid && one.topic === topic)?.mongo_id
  const numberOf = async (payload: string): Promise<unknown> =>
    (await documents('mqtt_msg')).find((one) => one.payload === payload)?._id

  before(async () => {
    began = Math.floor(Date.now() / 1000)
    server = await startMongo()
    gateway = new GatewayProcess({
      conf: 'forward.backoff_max = 1s\nclock.wait_for_sync = 0s\n',
      plugins: { mongo: DOCUMENTED.replace('127.0.0.1:27017', `127.0.0.1:${server.port}`) },
    })
    await gateway.holdfast('schema', 'mongo', '--apply', '--pool', 'pool1')
    await server.db().collection('mqtt_sub').insertOne({ clientid: 'dora', topic: 'mail/dora', qos: 1 })
    await gateway.start()
    await forwarded() // a lookup asks a pool that is up
  })
  after(async () => {
    await Promise.all(clients.map((client) => client.mqtt.endAsync(true)))
    await gateway?.remove()
    await server?.stop()
  })

  let pub: Client
  let bob: Client
  let dora: Client

  test('while it is there', async () => {
    pub = await connect('pub')
    bob = await connect('bob', { clean: false })
    await bob.mqtt.subscribeAsync({ 'news/a': { qos: 1 }, 'news/b': { qos: 2 } })
    for (let n = 1; n <= 5; n++) await say(pub, 'news/a', `a${n}`)
    for (let n = 1; n <= 3; n++) await say(pub, 'news/b', `b${n}`, 2)
    await say(pub, 'state/x', 'old', 1, true)
    await say(pub, 'state/y', 'gone soon', 1, true)
    await bob.hears(8)
    await bob.end()
    dora = await connect('dora', { clean: true })
    await until('the stored subscription', async () => {
      await say(pub, 'mail/dora', `first ${Date.now()}`)
      return dora.heard('mail/dora').length > 0
    })
    await dora.end()
    await forwarded()
    assert.equal(await position('bob', 'news/a'), await numberOf('a5'))
    assert.equal((await pool()).exactlyOnce, true)
  })

  test('while it is away, nobody notices', async () => {
    await server.kill9()
    for (let n = 6; n <= 15; n++) await say(pub, 'news/a', `a${n}`)
    for (let n = 4; n <= 6; n++) await say(pub, 'news/b', `b${n}`, 2)
    await say(pub, 'news/a', 'at most once', 0)
    await say(pub, 'state/x', 'new', 1, true)
    await say(pub, 'state/y', '', 1, true)
    await say(pub, 'state/z', 'fresh', 2, true)

    bob = await connect('bob', { clean: false })
    await bob.hears(13)
    assert.deepEqual(
      bob.heard('news/a'),
      range(6, 15).map((n) => `news/a=a${n}`),
    )

    const carl = await connect('carl')
    await carl.mqtt.subscribeAsync({ 'news/a': { qos: 1 }, 'state/#': { qos: 0 } })
    await carl.hears(17)
    assert.deepEqual(
      carl.heard('news/a'),
      range(1, 15).map((n) => `news/a=a${n}`),
    )
    assert.deepEqual(
      carl
        .heard()
        .filter((one) => one.startsWith('state'))
        .sort(),
      ['state/x!=new', 'state/z!=fresh'],
    )
    await carl.end()

    dora = await connect('dora')
    await until('the subscription known from before', async () => {
      await say(pub, 'mail/dora', `again ${Date.now()}`)
      return dora.heard('mail/dora').length > 0
    })
    await until('the pool is known to be down', async () => (await pool()).state === 'down')
    assert.ok((await pool()).lag.events > 0)
  })

  test('when it comes back, every document is right, once, in order', async () => {
    await server.start()
    await forwarded()
    const messages = await documents('mqtt_msg')
    assert.deepEqual(
      messages.map(({ topic, payload, qos, retain }) => `${topic}=${payload} ${qos} ${retain}`),
      published,
    )
    assert.deepEqual([...new Set(messages.map(({ sender }) => sender))], ['pub'])
    const ids = messages.map(({ msgid }) => String(msgid))
    assert.deepEqual(ids, ids.toSorted())
    for (const { arrived } of messages)
      assert.ok(arrived >= began && arrived <= Date.now() / 1000, `arrived ${arrived}`)

    assert.deepEqual(
      (await documents('mqtt_retain'))
        .map(({ topic, payload, qos, sender }) => [topic, payload, qos, sender])
        .sort((a, b) => (a[0] < b[0] ? -1 : 1)),
      [
        ['state/x', 'new', 1, 'pub'],
        ['state/z', 'fresh', 2, 'pub'],
      ],
    )
    const states = (await documents('mqtt_client')).map(({ clientid, state, node, online_at, offline_at }) => {
      assert.ok(online_at >= began, clientid)
      return { clientid, state, node, left: offline_at !== null }
    })
    assert.deepEqual(
      states.sort((a, b) => (a.clientid < b.clientid ? -1 : 1)),
      ['bob', 'carl', 'dora', 'pub'].map((clientid) => {
        const online = clientid !== 'carl'
        return { clientid, state: Number(online), node: 'holdfast@127.0.0.1', left: !online }
      }),
    )
    assert.equal((await pool()).deadLetters, 0)
  })

  test('positions follow as soon as it is back', async () => {
    await until('positions', async () => (await position('bob', 'news/b')) === (await numberOf('b6')))
    assert.equal(await position('bob', 'news/a'), await numberOf('a15'))
    assert.equal(await position('carl', 'news/a'), await numberOf('a15'))
  })

  test('a gateway that is killed with its transaction goes on at once, with nothing twice', async () => {
    for (const n of range(1, 300)) say(pub, 'burst', `${n}`).catch(() => {}) // what is not acknowledged by then never is
    await until('the first of them', async () => (await documents('mqtt_msg')).some(({ topic }) => topic === 'burst'))
    await gateway.kill9()
    const started = Date.now()
    await gateway.start()
    await forwarded()
    assert.ok(Date.now() - started < 15_000, `${Date.now() - started} ms`)
    const ids = (await documents('mqtt_msg')).map(({ msgid }) => msgid)
    assert.equal(new Set(ids).size, ids.length)
    const stored = (await documents('mqtt_msg')).filter(({ topic }) => topic === 'burst').map(({ payload }) => payload)
    assert.deepEqual(stored, [...new Set(stored)])
    const acknowledged = published.filter((one) => one.startsWith('burst=')).length
    assert.ok(stored.length >= acknowledged, `${stored.length} stored, ${acknowledged} acknowledged`)
  })

  test('documents that were there before are fetched: messages, a position, a retained one', async () => {
    const old = { topic: 'old', msgid: 'AAVEwm0la4RufgAABeIAAQ==', sender: 'x', qos: 1, retain: 1, arrived: began }
    const at = Number((await documents('mqtt_msg')).at(-1)._id)
    const rows = range(1, 3).map((n) => ({
      ...old,
      _id: at + n,
      msgid: `${old.msgid}${n}`,
      payload: `from before ${n}`,
    }))
    await server.db().collection<{ _id: number }>('mqtt_msg').insertMany(rows)
    await server
      .db()
      .collection('mqtt_retain')
      .insertOne({ ...old, topic: 'old/kept', payload: 'kept' })
    await server
      .db()
      .collection('mqtt_acked')
      .insertOne({ clientid: 'fred', topic: 'old', mongo_id: at + 1 })
    pub = await connect('pub')
    await say(pub, 'old', 'and new') // its number is taken already
    await forwarded()
    const fred = await connect('fred')
    await fred.mqtt.subscribeAsync({ old: { qos: 1 }, 'old/kept': { qos: 1 } })
    await fred.hears(4)
    assert.deepEqual(fred.heard('old'), ['old=from before 2', 'old=from before 3', 'old=and new'])
    assert.deepEqual(fred.heard('old/kept'), ['old/kept!=kept'])
    await until('the position', async () => (await position('fred', 'old')) === (await numberOf('and new')))
    assert.equal((await pool()).deadLetters, 0)
  })
})

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
