// All hooks that EMQX's documentation configures for PostgreSQL, unchanged but for server, user and password, and a server
// that is away while clients publish, subscribe, acknowledge and disconnect.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { IClientOptions } from 'mqtt'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../helpers/postgres.ts'

const DOCUMENTED = readFileSync(join(import.meta.dirname, '../conf/emqx/pgsql.conf'), 'utf8')
const STORED = ['news/a', 'news/b', 'state/x', 'state/y', 'state/z', 'mail/dora']

describe('PostgreSQL is away for a while', { skip: postgresMissing() }, () => {
  let server: PostgresServer
  let gateway: GatewayProcess
  let began: number
  const connects: string[] = []
  const published: { msg: string; qos: number; retain: number }[] = []

  const connect = (id: string, options?: IClientOptions): Promise<Client> => {
    connects.push(id)
    return Client.connect(gateway.url, id, options)
  }
  const say = async (by: Client, topic: string, payload: string, qos: 0 | 1 | 2 = 1, retain = false): Promise<void> => {
    await by.publish(topic, payload, qos, retain)
    const empty = retain && payload === ''
    if (qos > 0 && !empty) published.push({ msg: `${topic}=${payload}`, qos, retain: Number(retain) })
  }

  before(async () => {
    began = Date.now()
    server = await startPostgres()
    const conf = DOCUMENTED.replace('127.0.0.1:5432', `127.0.0.1:${server.port}`)
      .replace('= root', `= ${server.user}`)
      .replace('= public', `= ${server.password}`)
    gateway = new GatewayProcess({
      conf: 'forward.backoff_max = 1s\nclock.wait_for_sync = 0s\n',
      plugins: { pgsql: conf },
    })
    await gateway.holdfast('schema', 'pgsql', '--apply', '--pool', 'pool1')
    await server.query('create table conn (id serial primary key, clientid text)')
    await server.query(`insert into mqtt_sub (clientid, topic, qos) values ('dora', 'mail/dora', 1)`)
    await gateway.start()
  })
  after(async () => {
    await gateway.remove()
    await server.stop()
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
    await until('all is forwarded', async () => (await gateway.ctl('status')).pools[0].lag.events === 0)
  })

  test('while it is away, nobody notices', async () => {
    await server.end()
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
    assert.deepEqual(
      bob.heard('news/b'),
      range(4, 6).map((n) => `news/b=b${n}`),
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
    await (await connect('eve')).end()
    await say(pub, 'news/a', 'a16')
    await bob.hears(14)
    const { state, lag } = (await gateway.ctl('status')).pools[0]
    assert.equal(state, 'down')
    assert.ok(lag.events > 0)
  })

  test('when it comes back, every row is right, once, in order', async () => {
    await server.start()
    await until('all is forwarded', async () => {
      const { state, lag } = (await gateway.ctl('status')).pools[0]
      return state === 'up' && lag.events === 0
    })
    const rows = (text: string): Promise<Record<string, unknown>[]> => server.query(text)

    const messages = await rows(
      'select msgid, sender, topic, qos, retain, payload, arrived::text from mqtt_msg order by id',
    )
    assert.deepEqual(
      messages.map(({ topic, payload, qos, retain }) => ({ msg: `${topic}=${payload}`, qos, retain })),
      published,
    )
    assert.deepEqual([...new Set(messages.map(({ sender }) => sender))], ['pub'])
    const ids = messages.map(({ msgid }) => String(msgid))
    assert.deepEqual(ids, ids.toSorted())
    for (const { arrived } of messages) {
      const at = Date.parse(`${arrived}Z`)
      assert.ok(at >= began && at <= Date.now(), `arrived ${arrived}`)
    }

    assert.deepEqual(await rows('select topic, payload, qos, sender from mqtt_retain order by topic'), [
      { topic: 'state/x', payload: 'new', qos: 1, sender: 'pub' },
      { topic: 'state/z', payload: 'fresh', qos: 2, sender: 'pub' },
    ])
    assert.deepEqual(
      await rows(
        'select clientid, state, node, offline_at is null as no_offline, online_at is null as no_online from mqtt_client order by clientid',
      ),
      ['bob', 'carl', 'dora', 'eve', 'pub'].map((clientid) => {
        const online = ['bob', 'dora', 'pub'].includes(clientid)
        return { clientid, state: Number(online), node: 'holdfast@127.0.0.1', no_offline: online, no_online: false }
      }),
    )
    assert.deepEqual(
      (await rows('select clientid from conn order by id')).map(({ clientid }) => clientid),
      connects,
    )

    assert.deepEqual(
      (await rows('select distinct topic from mqtt_msg order by topic')).map(({ topic }) => topic),
      STORED.toSorted(),
    )
  })

  // A client that subscribed while the server was away may be owed older rows there, so its acknowledgements are held
  // back; when the server is back and owes nothing they move the position, also that of a client that has left.
  test('positions follow as soon as it is back', async () => {
    const rows = (text: string): Promise<Record<string, unknown>[]> => server.query(text)
    const newest = async (topic: string): Promise<unknown> =>
      (await rows(`select max(id)::int as id from mqtt_msg where topic = '${topic}'`))[0]!.id
    const a15 = (await rows(`select id::int from mqtt_msg where payload = 'a15'`))[0]!.id
    assert.deepEqual(await rows('select clientid, topic, mid::int from mqtt_acked order by clientid, topic'), [
      { clientid: 'bob', topic: 'news/a', mid: await newest('news/a') },
      { clientid: 'bob', topic: 'news/b', mid: await newest('news/b') },
      { clientid: 'carl', topic: 'news/a', mid: a15 },
      { clientid: 'dora', topic: 'mail/dora', mid: await newest('mail/dora') },
    ])
  })

  test('the clients that are still there hear what is published now', async () => {
    await pub.publish('news/a', 'a17')
    await bob.hears(15)
    await Promise.all([pub, bob, dora].map((client) => client.end()))
    await until('every client is offline', async () => {
      const [row] = await server.query('select count(*)::int as online from mqtt_client where state = 1')
      return row!.online === 0
    })
    assert.equal((await gateway.ctl('status')).pools[0].deadLetters, 0)
  })
})

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
