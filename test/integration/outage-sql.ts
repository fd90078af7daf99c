// A database of SQL that is away while clients publish, subscribe, acknowledge and disconnect. All hooks that EMQX's
// documentation configures for the kind, unchanged but for server, user and password.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { IClientOptions } from 'mqtt'
import type { BackendKind } from '../../src/model/binding.ts'
import type { Bench } from '../contract/subject.ts'
import { sqlBench } from '../contract/subjects/sql.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'

const STORED = ['news/a', 'news/b', 'state/x', 'state/y', 'state/z', 'mail/dora']

export interface SqlServer {
  readonly port: number
  readonly user: string
  readonly password: string
  start(): Promise<void>
  end(): Promise<void>
  stop(): Promise<void>
  query(text: string): Promise<Record<string, unknown>[]>
}

export interface OutageOf {
  readonly kind: BackendKind
  readonly database: string
  readonly skip: string | false
  /** The port that the documentation's conf names. */
  readonly documentedPort: number
  /** DDL of a primary key that counts by itself. */
  readonly serial: string
  /** An SQL expression for a column's time in ms. */
  epochMs(column: string): string
  start(): Promise<SqlServer>
}

export function outage({ kind, database, skip, documentedPort, serial, epochMs, start }: OutageOf): void {
  describe(`${database} is away for a while`, { skip }, () => {
    const documented = readFileSync(join(import.meta.dirname, `../conf/emqx/${kind}.conf`), 'utf8')
    let server: SqlServer
    let stored: Bench['rows']
    let gateway: GatewayProcess
    let began: number
    const connects: string[] = []
    const published: { msg: string; qos: number; retain: number }[] = []

    const connect = (id: string, options?: IClientOptions): Promise<Client> => {
      connects.push(id)
      return Client.connect(gateway.url, id, options)
    }
    const say = async (
      by: Client,
      topic: string,
      payload: string,
      qos: 0 | 1 | 2 = 1,
      retain = false,
    ): Promise<void> => {
      await by.publish(topic, payload, qos, retain)
      const empty = retain && payload === ''
      if (qos > 0 && !empty) published.push({ msg: `${topic}=${payload}`, qos, retain: Number(retain) })
    }

    before(async () => {
      began = Date.now()
      server = await start()
      stored = sqlBench((text) => server.query(text), epochMs).rows
      const conf = documented
        .replace(`127.0.0.1:${documentedPort}`, `127.0.0.1:${server.port}`)
        .replace('= root', `= ${server.user}`)
        .replace('= public', `= ${server.password}`)
      gateway = new GatewayProcess({
        conf: 'forward.backoff_max = 1s\nclock.wait_for_sync = 0s\n',
        plugins: { [kind]: conf },
      })
      await gateway.holdfast('schema', kind, '--apply', '--pool', 'pool1')
      await server.query(`create table conn (id ${serial} primary key, clientid text)`)
      await server.query(`insert into mqtt_sub (clientid, topic, qos) values ('dora', 'mail/dora', 1)`)
      await gateway.start()
      await until('the pool', async () => (await gateway.ctl('status')).pools[0].state === 'up')
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
      const messages = await stored('mqtt_msg')
      assert.deepEqual(
        messages.map(({ topic, payload, qos, retain }) => ({
          msg: `${topic}=${payload}`,
          qos,
          retain: Number(retain),
        })),
        published,
      )
      assert.deepEqual([...new Set(messages.map(({ sender }) => sender))], ['pub'])
      const ids = messages.map(({ msgid }) => String(msgid))
      assert.deepEqual(ids, ids.toSorted())
      for (const { arrived } of messages) assert.ok(arrived! >= began && arrived! <= Date.now(), `arrived ${arrived}`)

      assert.deepEqual(
        (await stored('mqtt_retain'))
          .map(({ topic, payload, qos, sender }) => `${topic}=${payload} ${qos} ${sender}`)
          .sort(),
        ['state/x=new 1 pub', 'state/z=fresh 2 pub'],
      )
      const clients = await stored('mqtt_client')
      assert.deepEqual(
        clients
          .map(({ clientid, state, node, online_at, offline_at }) => ({
            clientid,
            state,
            node,
            times: [online_at !== null, offline_at !== null],
          }))
          .sort((a, b) => (a.clientid < b.clientid ? -1 : 1)),
        ['bob', 'carl', 'dora', 'eve', 'pub'].map((clientid) => {
          const online = ['bob', 'dora', 'pub'].includes(clientid)
          return { clientid, state: Number(online), node: 'holdfast@127.0.0.1', times: [true, !online] }
        }),
      )
      assert.deepEqual(
        (await server.query('select clientid from conn order by id')).map(({ clientid }) => clientid),
        connects,
      )

      assert.deepEqual([...new Set(messages.map(({ topic }) => topic))].sort(), STORED.toSorted())
    })

    // A client that subscribed while the server was away may be owed older rows there, so its acknowledgements are held
    // back; when the server is back and owes nothing they move the position, also that of a client that has left.
    test('positions follow as soon as it is back', async () => {
      const rows = await server.query('select id, topic, payload from mqtt_msg order by id')
      const newest = (topic: string, payload = ''): number =>
        Number(rows.findLast((row) => row.topic === topic && (payload === '' || `${row.payload}` === payload))!.id)
      assert.deepEqual(
        (await stored('mqtt_acked')).map(({ clientid, topic, mid }) => `${clientid} ${topic} ${mid}`).sort(),
        [
          `bob news/a ${newest('news/a')}`,
          `bob news/b ${newest('news/b')}`,
          `carl news/a ${newest('news/a', 'a15')}`,
          `dora mail/dora ${newest('mail/dora')}`,
        ],
      )
    })

    test('the clients that are still there hear what is published now', async () => {
      await pub.publish('news/a', 'a17')
      await bob.hears(15)
      await Promise.all([pub, bob, dora].map((client) => client.end()))
      await until('every client is offline', async () => {
        return (await stored('mqtt_client')).every(({ state }) => state === 0)
      })
      assert.equal((await gateway.ctl('status')).pools[0].deadLetters, 0)
    })
  })
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
