// All hooks that EMQX's documentation configures for Cassandra, unchanged but for the node's address, and a server that is
// away while clients publish, subscribe, acknowledge and disconnect.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { IClientOptions } from 'mqtt'
import { type CassandraServer, cassandraMissing, startCassandra } from '../helpers/cassandra.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'

const DOCUMENTED = readFileSync(join(import.meta.dirname, '../conf/emqx/cassa.conf'), 'utf8')

type Row = Record<string, unknown>

describe('Cassandra is away for a while', { skip: cassandraMissing() }, () => {
  let server: CassandraServer
  let gateway: GatewayProcess
  let began: number
  const clients: Client[] = []
  const published: { msg: string; qos: number; retain: number }[] = []

  const connect = async (id: string, options?: IClientOptions): Promise<Client> => {
    const client = await Client.connect(gateway.url, id, options)
    clients.push(client)
    return client
  }
  const rows = (text: string): Promise<Row[]> => server.query(text, [], 'mqtt')
  const pool = async () => (await gateway.ctl('status')).pools[0]
  const forwarded = (): Promise<unknown> =>
    until(
      'all is forwarded',
      async () => {
        const { state, lag } = await pool()
        return state === 'up' && lag.events === 0
      },
      120_000,
    )
  const say = async (by: Client, topic: string, payload: string, qos: 0 | 1 | 2 = 1, retain = false): Promise<void> => {
    await by.publish(topic, payload, qos, retain)
    const empty = retain && payload === ''
    if (qos > 0 && !empty) published.push({ msg: `${topic}=${payload}`, qos, retain: Number(retain) })
  }

  before(async () => {
    began = Date.now()
    server = await startCassandra()
    gateway = new GatewayProcess({
      conf: 'forward.backoff_max = 1s\nclock.wait_for_sync = 0s\n',
      plugins: { cassa: DOCUMENTED.replace('127.0.0.1:9042', `127.0.0.1:${server.port}`) },
    })
    const said = await gateway.holdfast('schema', 'cassa', '--apply', '--pool', 'pool1')
    assert.match(said, /the keyspace mqtt was made, with SimpleStrategy/)
    assert.doesNotMatch(await gateway.holdfast('schema', 'cassa', '--apply', '--pool', 'pool1'), /was made/)
    await rows('create table conn (clientid text primary key)')
    await rows(`insert into sub (client_id, topic, qos) values ('dora', 'mail/dora', 1)`)
    await gateway.start()
    // who connects before the pool is up has the subscriptions that are known from before: here, none
    await forwarded()
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
    dora = await connect('dora')
    await until('the stored subscription', async () => {
      await say(pub, 'mail/dora', `first ${Date.now()}`)
      return dora.heard('mail/dora').length > 0
    })
    await dora.end()
    await forwarded()
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
    const { state, lag } = await pool()
    assert.equal(state, 'down')
    assert.ok(lag.events > 0)
  })

  test('when it comes back, every row is right, once, in order', async () => {
    await server.start()
    await forwarded()
    const messages = (await rows('select * from msg')).sort((a, b) => (String(a.msgid) < String(b.msgid) ? -1 : 1))
    assert.deepEqual(
      messages.map(({ topic, payload, qos, retain }) => ({ msg: `${topic}=${payload}`, qos, retain })),
      published,
    )
    assert.deepEqual([...new Set(messages.map(({ sender }) => sender))], ['pub'])
    for (const { arrived } of messages) {
      const at = (arrived as Date).getTime()
      assert.ok(at >= began && at <= Date.now(), `arrived ${arrived}`)
    }
    const retained = await rows('select topic, payload, qos, sender from retain')
    assert.deepEqual(retained.map((row) => ({ ...row })).sort(byText), [
      { topic: 'state/x', payload: 'new', qos: 1, sender: 'pub' },
      { topic: 'state/z', payload: 'fresh', qos: 2, sender: 'pub' },
    ])
    const states = (await rows('select * from client')).map(({ client_id, state, node, connected, disconnected }) => ({
      client_id,
      state,
      node,
      seen: (connected as Date).getTime() >= began,
      left: disconnected !== null,
    }))
    assert.deepEqual(
      states.sort(byText),
      ['bob', 'carl', 'dora', 'pub'].map((client_id) => {
        const left = client_id === 'carl'
        return { client_id, state: left ? 0 : 1, node: 'holdfast@127.0.0.1', seen: true, left }
      }),
    )
    const custom = await rows('select clientid from conn')
    assert.deepEqual(custom.map(({ clientid }) => clientid).sort(), ['bob', 'carl', 'dora', 'pub'])
    assert.equal((await pool()).deadLetters, 0)
  })

  test('positions follow as soon as it is back', async () => {
    const newest = async (topic: string): Promise<unknown> =>
      (await rows(`select msgid from msg where topic = '${topic}' limit 1`))[0]!.msgid
    const a15 = (await rows("select * from msg where topic = 'news/a'")).find(({ payload }) => payload === 'a15')!.msgid
    const expected = [
      { client_id: 'bob', topic: 'news/a', msgid: await newest('news/a') },
      { client_id: 'bob', topic: 'news/b', msgid: await newest('news/b') },
      { client_id: 'carl', topic: 'news/a', msgid: a15 },
      { client_id: 'dora', topic: 'mail/dora', msgid: await newest('mail/dora') },
    ]
    await until('the positions', async () => (await rows('select * from acked')).length === expected.length)
    await forwarded()
    const found = (await rows('select client_id, topic, msgid from acked')).map((row) => ({ ...row }))
    assert.deepEqual(found.sort(byText), expected)
  })

  test('an unsubscription runs the statement that forgets the position; the next subscription begins anew', async () => {
    await bob.mqtt.unsubscribeAsync('news/b')
    await until('the position is gone', async () => {
      const left = await rows("select topic from acked where client_id = 'bob'")
      return left.map(({ topic }) => topic).join() === 'news/a'
    })
    await pub.publish('news/a', 'a16')
    await bob.hears(14)
    assert.equal(bob.heard().at(-1), 'news/a=a16')
  })

  test('rows that others wrote are read: messages, a retained one', async () => {
    const old = '2PguFrHsrzEvIIBdctmb' // an id that EMQX made
    await rows(
      `insert into msg (topic, msgid, sender, qos, retain, payload, arrived)
       values ('hello', '${old}', 'test', 1, 0, 'Hello world!', '2017-02-14 09:07:13.785+0000')`,
    )
    await rows(`insert into retain (topic, msgid) values ('hello', '${old}')`)
    await pub.publish('hello', 'and new')
    await forwarded()
    const fred = await connect('fred')
    await fred.mqtt.subscribeAsync('hello', { qos: 1 })
    await fred.hears(2)
    assert.deepEqual(fred.heard().sort(byText), ['hello!=Hello world!', 'hello=and new'])
  })

  test('every client is offline in the end', async () => {
    await Promise.all(clients.map((client) => client.end().catch(() => {})))
    await until('every client is offline', async () =>
      (await rows('select state from client')).every(({ state }) => state === 0),
    )
    assert.equal((await pool()).deadLetters, 0)
  })
})

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
