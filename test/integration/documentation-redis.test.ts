// The Redis chapter of the EMQX backend documentation, example by example: its configuration, unchanged but for the port, and
// the keys that it shows.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Redis } from 'ioredis'
import { documented } from '../conf/documented.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { clientsOf } from '../helpers/mqtt-client.ts'
import { type RedisServer, redisMissing, startRedis } from '../helpers/redis.ts'

const DOCUMENTED = documented('redis', 'redis-optional').replace(/^backend\.redis\.(server|sentinel) .*$/gm, '') // tested where there are sentinels

/** The table of command line parameters. */
const PARAMETERS = {
  'client.connected': 'SET conn:${clientid} clientid',
  'client.disconnected': 'SET disconn:${clientid} clientid',
  'session.subscribed': 'HSET sub:${clientid} topic qos',
  'session.unsubscribed': 'SET unsub:${clientid} topic',
  'message.publish': 'RPUSH pub:${topic} msgid',
  'message.acked': 'HSET ack:${clientid} topic msgid',
  'message.delivered': 'HSET delivered:${clientid} topic msgid',
}
const COMMANDS = Object.entries(PARAMETERS).map(
  ([hook, command]) => `backend.redis.hook.${hook}.9 = {"action": {"commands": ["${command}"]}, "pool": "pool1"}\n`,
)
const DATABASE = 1
const ID = /^[0-9A-Za-z]{20}$/

describe("the documentation's Redis chapter", { skip: redisMissing() }, () => {
  let server: RedisServer
  let gateway: GatewayProcess
  let redis: Redis
  let began: number

  const { connect, end } = clientsOf(() => gateway)
  /** Fields and values as `HGETALL` prints them, times as `now`. */
  const shown = async (key: string): Promise<string[]> => {
    await gateway.forwarded()
    const found = (await redis.call('HGETALL', key)) as string[]
    return found.map((value) => (isNow(value) ? 'now' : ID.test(value) ? 'id' : value))
  }
  const isNow = (value: string): boolean =>
    /^\d{10}$/.test(value) && Number(value) >= began && Number(value) <= Date.now() / 1000
  const idsOf = (topic: string): Promise<string[]> => redis.zrange(`mqtt:msg:${topic}`, '0', '-1')

  before(async () => {
    began = Math.floor(Date.now() / 1000)
    server = await startRedis()
    redis = server.client(DATABASE)
    const redisConf = DOCUMENTED.replace('127.0.0.1:6379', `127.0.0.1:${server.port}`) + COMMANDS.join('')
    gateway = new GatewayProcess({ conf: 'clock.wait_for_sync = 0s\n', plugins: { redis: redisConf } })
    writeFileSync(join(gateway.etc, 'loaded_plugins'), '')
    await gateway.start()
  })
  after(async () => {
    await end()
    redis.disconnect()
    await gateway.remove()
    await server.stop()
  })

  test('enable the Redis backend: plugins load emqx_backend_redis', async () => {
    await gateway.holdfast('ctl', 'plugins', 'load', 'emqx_backend_redis')
    await until('the pool is up', async () => (await gateway.pool()).state === 'up')
    assert.equal((await gateway.pool()).exactlyOnce, true)
  })

  test("client with ClientId 'test' goes online, and offline", async () => {
    const client = await connect('test')
    assert.deepEqual(await shown('mqtt:client:test'), ['state', '1', 'online_at', 'now', 'offline_at', 'undefined'])
    assert.deepEqual(await shown('mqtt:node:holdfast@127.0.0.1'), ['test', 'now'])
    await client.end()
    await until('offline', async () => (await redis.hget('mqtt:client:test', 'state')) === '0')
    assert.deepEqual(await shown('mqtt:client:test'), ['state', '0', 'online_at', 'now', 'offline_at', 'now'])
    assert.deepEqual(await shown('mqtt:node:holdfast@127.0.0.1'), [])
  })

  test("retained message with a topic of 'topic'; an empty one deletes it", async () => {
    const client = await connect('test')
    await client.publish('topic', 'Hello world!', 1, true)
    assert.deepEqual(await shown('mqtt:retain:topic'), [
      ...['id', 'id', 'from', 'test', 'qos', '1', 'topic', 'topic'],
      ...['retain', 'true', 'payload', 'Hello world!', 'ts', 'now'],
    ])
    await client.publish('gone', 'x', 1, true)
    await client.publish('gone', '', 1, true)
    assert.deepEqual(await shown('mqtt:retain:gone'), [])
    await redis.hset('mqtt:retain:foreign', 'id', '6P9NLcJ65VXBbC22sYb4', 'from', 'test', 'qos', '1')
    await redis.hset(
      'mqtt:retain:foreign',
      'topic',
      'foreign',
      'retain',
      'true',
      'payload',
      'theirs',
      'ts',
      '1481690659',
    )
    const reader = await connect('reader')
    await reader.mqtt.subscribeAsync(['topic', 'foreign', 'gone'], { qos: 0 })
    await reader.hears(2)
    assert.deepEqual(reader.heard().sort(), ['foreign!=theirs', 'topic!=Hello world!'])
    await reader.end()
    await client.end()
  })

  test('message in a hash that expires, and its id in the sorted set of its topic', async () => {
    const client = await connect('test')
    for (const payload of ['1', '2', '3']) await client.publish('plain', payload)
    await client.publish('plain', 'QoS 0', 0)
    await gateway.forwarded()
    const ids = await idsOf('plain')
    assert.equal(ids.length, 3)
    assert.deepEqual(await redis.zrange('mqtt:msg:plain', '0', '0', 'WITHSCORES'), [ids[0], '1'])
    assert.deepEqual(await shown(`mqtt:msg:${ids[1]}`), [
      ...['id', 'id', 'from', 'test', 'qos', '1', 'topic', 'plain'],
      ...['retain', 'false', 'payload', '2', 'ts', 'now'],
    ])
    const ttl = await redis.ttl(`mqtt:msg:${ids[1]}`)
    assert.ok(ttl > 3500 && ttl <= 3600, `${ttl}`)
    await client.end()
  })

  test('one to one: who acknowledges removes the message for all', async () => {
    const client = await connect('test')
    for (const payload of ['1', '2', '3']) await client.publish('queue/a', payload)
    await gateway.forwarded()
    const ids = await idsOf('queue/a')
    assert.equal(ids.length, 3)
    const [one, other] = [await connect('one'), await connect('other')]
    await one.mqtt.subscribeAsync('queue/a', { qos: 1 })
    await one.hears(3)
    assert.deepEqual(one.heard(), ['queue/a=1', 'queue/a=2', 'queue/a=3'])
    await until(
      'removed',
      async () => (await redis.exists('mqtt:msg:queue/a', ...ids.map((id) => `mqtt:msg:${id}`))) === 0,
    )
    await other.mqtt.subscribeAsync('queue/a', { qos: 1 })
    await client.publish('queue/b', 'end')
    await gateway.forwarded()
    assert.deepEqual(other.heard(), [])
    for (const each of [one, other, client]) await each.end()
  })

  test('many to many: mqtt:acked:<clientid>:<topic> is how far each has come', async () => {
    const client = await connect('test')
    for (const payload of ['1', '2']) await client.publish('pubsub/a', payload)
    await gateway.forwarded()
    for (const id of ['one', 'other']) {
      const reader = await connect(id)
      await reader.mqtt.subscribeAsync('pubsub/a', { qos: 1 })
      await reader.hears(2)
      await reader.end()
      assert.deepEqual(reader.heard(), ['pubsub/a=1', 'pubsub/a=2'], id)
    }
    await client.publish('pubsub/a', '3')
    await gateway.forwarded()
    const ids = await idsOf('pubsub/a')
    assert.equal(ids.length, 3)
    assert.equal(await redis.get('mqtt:acked:one:pubsub/a'), ids[1])
    assert.equal(await redis.get('mqtt:acked:other:pubsub/a'), ids[1])
    await redis.set('mqtt:acked:third:pubsub/a', ids[0]!)
    for (const [id, owed] of [
      ['one', 1],
      ['third', 2],
    ] as const) {
      const reader = await connect(id)
      await reader.mqtt.subscribeAsync('pubsub/a', { qos: 1 })
      await reader.hears(owed)
      await reader.end()
      assert.deepEqual(reader.heard(), ['pubsub/a=2', 'pubsub/a=3'].slice(-owed), id)
    }
    await client.end()
  })

  test("client with ClientId of 'test' subscribes to topic1 and topic2", async () => {
    await redis.call('HSET', 'mqtt:sub:test', 'topic1', '1')
    await redis.call('HSET', 'mqtt:sub:test', 'topic2', '2')
    const client = await connect('test')
    const other = await connect('other')
    await until('subscribed', async () => {
      await other.publish('topic1', 'x', 2)
      await other.publish('topic2', 'y', 2)
      return client.heard('topic1').length > 0 && client.heard('topic2').length > 0
    })
    assert.equal(client.received.find(({ topic }) => topic === 'topic1')?.qos, 1)
    assert.equal(client.received.find(({ topic }) => topic === 'topic2')?.qos, 2)
    await redis.del('mqtt:sub:test')
    await client.end()
    await other.end()
  })

  test("client with ClientID 'test' subscribes to 'topic0' and unsubscribes from 'test_topic0'", async () => {
    const listener = server.client()
    await listener.connect()
    const told: object[] = []
    listener.on('message', (_, message) => told.push(JSON.parse(message)))
    await listener.subscribe('mqtt_channel')
    const client = await connect('test')
    await client.mqtt.subscribeAsync('topic0', { qos: 0 })
    await client.mqtt.subscribeAsync('test_topic0', { qos: 1 })
    await client.mqtt.unsubscribeAsync('test_topic0')
    await until('told', () => told.length === 3)
    listener.disconnect()
    await client.end()
    assert.deepEqual(told, [
      { type: 'subscribe', topic: 'topic0', clientid: 'test', qos: '0' },
      { type: 'subscribe', topic: 'test_topic0', clientid: 'test', qos: '1' },
      { type: 'unsubscribe', topic: 'test_topic0', clientid: 'test' },
    ])
  })

  test('commands of every hook', async () => {
    const [client, reader] = [await connect('cmd'), await connect('cmdreader')]
    await reader.mqtt.subscribeAsync('cmd', { qos: 1 })
    await client.publish('cmd', 'x')
    await reader.hears(1)
    await reader.mqtt.unsubscribeAsync('cmd')
    await reader.end()
    await until('offline', async () => (await redis.get('disconn:cmdreader')) === 'clientid')
    await gateway.forwarded()
    assert.equal(await redis.get('conn:cmd'), 'clientid')
    assert.deepEqual(await redis.hgetall('sub:cmdreader'), { topic: 'qos' })
    assert.equal(await redis.get('unsub:cmdreader'), 'topic')
    assert.deepEqual(await redis.lrange('pub:cmd', 0, -1), ['msgid'])
    assert.deepEqual(await redis.hgetall('ack:cmdreader'), { topic: 'msgid' })
    assert.deepEqual(await redis.hgetall('delivered:cmdreader'), { topic: 'msgid' })
    assert.equal((await gateway.pool()).deadLetters, 0)
  })
})
