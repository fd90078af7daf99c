// All hooks that EMQX's documentation configures for Redis, unchanged but for the port, with custom commands that count, and
// a server that is away while clients publish, subscribe, acknowledge and disconnect.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Redis } from 'ioredis'
import { documented } from '../conf/documented.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { type Client, clientsOf } from '../helpers/mqtt-client.ts'
import { type RedisServer, redisMissing, startRedis } from '../helpers/redis.ts'

const COUNTING = `
backend.redis.hook.client.connected.4 = {"action": {"commands": ["RPUSH connects \${clientid}"]}, "pool": "pool1"}
backend.redis.hook.message.publish.4 = {"topic": "pubsub/#", "action": {"commands": ["pipeline", "RPUSH log:\${topic} \${payload}", "HSET last:\${topic} \${message}"]}, "pool": "pool1"}
backend.redis.hook.message.publish.5 = {"topic": "kept/#", "action": {"function": "on_message_store"}, "expired_time": 60, "pool": "pool1"}
backend.redis.hook.message.publish.6 = {"topic": "latest/#", "action": {"function": "on_message_store_for_keep_latest"}, "pool": "pool1"}
backend.redis.hook.session.subscribed.4 = {"topic": "latest/#", "action": {"function": "on_message_fetch_for_keep_latest"}, "pool": "pool1"}
backend.redis.hook.message.acked.3 = {"topic": "latest/#", "action": {"function": "on_message_acked_for_keep_latest"}, "pool": "pool1"}
`

describe('Redis is away for a while', { skip: redisMissing() }, () => {
  let server: RedisServer
  let gateway: GatewayProcess
  let redis: Redis
  const connects: string[] = []

  const clients = clientsOf(() => gateway)
  const connect: typeof clients.connect = (id, options) => {
    connects.push(id)
    return clients.connect(id, options)
  }
  const idsOf = (topic: string): Promise<string[]> => redis.zrange(`mqtt:msg:${topic}`, '0', '-1')
  const stored = async (topic: string): Promise<(string | null)[]> =>
    Promise.all((await idsOf(topic)).map((id) => redis.hget(`mqtt:msg:${id}`, 'payload')))
  const range = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, n) => `${from + n}`)

  before(async () => {
    server = await startRedis()
    redis = server.client(1)
    gateway = new GatewayProcess({
      conf: 'forward.backoff_max = 1s\nclock.wait_for_sync = 0s\n',
      plugins: { redis: documented('redis').replace('127.0.0.1:6379', `127.0.0.1:${server.port}`) + COUNTING },
    })
    await redis.hset('mqtt:sub:dora', 'mail/dora', 1)
    await gateway.start()
  })
  after(async () => {
    await clients.end()
    redis.disconnect()
    await gateway.remove()
    await server.stop()
  })

  let pub: Client
  let bob: Client
  let dora: Client

  test('while it is there', async () => {
    pub = await connect('pub')
    for (const n of range(1, 5)) await pub.publish('queue/jobs', n)
    for (const n of range(1, 5)) await pub.publish('pubsub/news', n, 2)
    await pub.publish('kept/x', 'at most once', 0)
    await pub.publish('state/x', 'old', 1, true)
    await pub.publish('state/y', 'gone soon', 1, true)
    await gateway.forwarded()
    bob = await connect('bob', { clean: false })
    await bob.mqtt.subscribeAsync({ 'queue/jobs': { qos: 1 }, 'pubsub/news': { qos: 2 } })
    await bob.hears(10)
    assert.deepEqual(
      bob.heard('pubsub/news'),
      range(1, 5).map((n) => `pubsub/news=${n}`),
    )
    await until('the jobs are done', async () => (await idsOf('queue/jobs')).length === 0)
    await bob.end()
    dora = await connect('dora')
    await until('the stored subscription', async () => {
      await pub.publish('mail/dora', `first ${Date.now()}`)
      return dora.heard('mail/dora').length > 0
    })
    await dora.end()
    await gateway.forwarded()
    assert.equal((await redis.ttl(`mqtt:msg:${(await idsOf('kept/x'))[0]}`)) > 50, true)
    assert.equal((await redis.ttl(`mqtt:msg:${(await idsOf('kept/x'))[0]}`)) <= 60, true)
  })

  test('while it is away, nobody notices', async () => {
    redis.disconnect()
    await server.kill9()
    for (const n of range(6, 15)) await pub.publish('queue/jobs', n)
    for (const n of range(6, 15)) await pub.publish('pubsub/news', n, 2)
    await pub.publish('state/x', 'new', 1, true)
    await pub.publish('state/y', '', 1, true)
    bob = await connect('bob', { clean: false })
    await bob.hears(20)
    for (const topic of ['queue/jobs', 'pubsub/news']) {
      assert.deepEqual(
        bob.heard(topic),
        range(6, 15).map((n) => `${topic}=${n}`),
      )
    }
    const carl = await connect('carl')
    await carl.mqtt.subscribeAsync({ 'pubsub/news': { qos: 1 }, 'state/#': { qos: 0 } })
    await carl.hears(16)
    await carl.end()
    assert.deepEqual(
      carl.heard('pubsub/news'),
      range(1, 15).map((n) => `pubsub/news=${n}`),
    )
    assert.deepEqual(carl.heard('state/x'), ['state/x!=new'])
    assert.deepEqual(carl.heard('state/y'), [])
    dora = await connect('dora')
    await until('the subscription known from before', async () => {
      await pub.publish('mail/dora', `again ${Date.now()}`)
      return dora.heard('mail/dora').length > 0
    })
    const { state, lag } = await gateway.pool()
    assert.equal(state, 'down')
    assert.ok(lag.events > 0)
  })

  test('when it comes back, every key is right, once, in order', async () => {
    await server.start()
    redis = server.client(1)
    await gateway.forwarded()
    assert.deepEqual(await stored('queue/jobs'), [], 'bob has acknowledged them')
    assert.deepEqual(await stored('pubsub/news'), range(1, 15))
    assert.deepEqual(await redis.lrange('log:pubsub/news', 0, -1), range(1, 15), 'a custom command runs once')
    assert.equal(await redis.hget('last:pubsub/news', 'payload'), '15')
    assert.deepEqual(await redis.lrange('connects', 0, -1), connects)
    assert.equal(await redis.hget('mqtt:retain:state/x', 'payload'), 'new')
    assert.equal(await redis.exists('mqtt:retain:state/y'), 0)
    for (const [clientid, state] of Object.entries({ pub: '1', bob: '1', carl: '0', dora: '1' })) {
      assert.equal(await redis.hget(`mqtt:client:${clientid}`, 'state'), state, clientid)
    }
    assert.deepEqual((await redis.hkeys('mqtt:node:holdfast@127.0.0.1')).sort(), ['bob', 'dora', 'pub'])
    const { deadLetters, exactlyOnce } = await gateway.pool()
    assert.deepEqual({ deadLetters, exactlyOnce }, { deadLetters: 0, exactlyOnce: true })
  })

  test('positions follow, and the clients that are still there hear what is published now', async () => {
    const ids = await idsOf('pubsub/news')
    for (const clientid of ['bob', 'carl']) {
      await until(
        `the position of ${clientid}`,
        async () => (await redis.get(`mqtt:acked:${clientid}:pubsub/news`)) === ids[14],
      )
    }
    await pub.publish('pubsub/news', '16')
    await bob.hears(21)
    await until(
      'the position',
      async () => (await redis.get('mqtt:acked:bob:pubsub/news')) === (await idsOf('pubsub/news'))[15],
    )
  })

  test('of a topic whose newest message alone is kept, that one is owed, once', async () => {
    for (const n of range(1, 3)) await pub.publish('latest/a', n)
    await gateway.forwarded()
    assert.equal(await redis.hget('mqtt:latest_msg:latest/a', 'payload'), '3')
    const hears = async (expected: string[]): Promise<void> => {
      const reader = await connect('reader')
      await reader.mqtt.subscribeAsync('latest/a', { qos: 1 })
      await pub.publish('latest/b', 'end')
      await reader.mqtt.subscribeAsync('latest/b', { qos: 1 })
      await reader.hears(1, 'latest/b')
      assert.deepEqual(reader.heard('latest/a'), expected)
      await reader.end()
      await gateway.forwarded()
    }
    await hears(['latest/a=3'])
    assert.equal(await redis.get('mqtt:acked:reader:latest/a'), await redis.hget('mqtt:latest_msg:latest/a', 'id'))
    await hears([])
    await redis.hset('mqtt:latest_msg:latest/a', 'id', 'zzzzzzzzzzzzzzzzzzzz', 'payload', 'theirs')
    await hears(['latest/a=theirs'])
  })
})
