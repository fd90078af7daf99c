// What only Redis has: a batch that nothing undoes, custom commands, expiry, the newest message alone, the channel.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { Redis } from 'ioredis'
import { plan } from '../../src/actions/plan.ts'
import { parseStatement } from '../../src/actions/statement.ts'
import { backend } from '../../src/backends/redis/index.ts'
import { Delivery } from '../../src/forward/delivery.ts'
import type { Pool } from '../../src/model/backend.ts'
import type { Binding } from '../../src/model/binding.ts'
import { EventId } from '../../src/model/event-id.ts'
import type { Mark, Operation, RemoteMessage, Write } from '../../src/model/operation.ts'
import type { Lane } from '../../src/queue/lanes.ts'
import { type RedisServer, redisMissing, startRedis } from '../helpers/redis.ts'
import { ack, custom, History, insert, JOURNAL, moveTo } from './operations.ts'
import { redisSettings } from './subjects/redis.ts'
import { exact, failure, never, ODD_NAMES, OPTIONS, PAYLOADS, payloadsOf } from './support.ts'

describe('redis: what only it has', { skip: redisMissing() }, () => {
  let server: RedisServer
  let client: Redis
  let pool: Pool
  let history: History
  const pools: Pool[] = []

  const open = async (more: Parameters<typeof redisSettings>[1] = {}): Promise<Pool> => {
    const opened = await backend.open(OPTIONS, redisSettings([server], more))
    pools.push(opened)
    await opened.connect(never)
    return opened
  }
  const write = (...writes: Write[]): Promise<void> => pool.write(history.events(...writes), null, exact, never)
  const read = async (topic: string, more: object = {}): Promise<string[]> =>
    payloadsOf((await pool.read({ read: 'messages', filter: topic, ...more }, never)) as RemoteMessage[])

  before(async () => {
    server = await startRedis()
    client = server.client()
  })
  after(async () => {
    client.disconnect()
    await server.stop()
  })
  beforeEach(async () => {
    await client.flushall()
    history = new History()
    pool = await open()
  })
  afterEach(async () => {
    for (const one of pools.splice(0)) await one.close()
  })

  describe('a batch that is refused in the middle', () => {
    const count = (key: string): Write => custom([`INCR ${key}`])
    const refused = custom(['INCR text'])

    beforeEach(() => client.set('text', 'no number'))

    /** As a lane delivers: what is refused is put aside, the rest goes on. */
    async function deliver(
      batch: readonly Operation[],
      to: Pool,
      mark: Mark | null,
    ): Promise<{ dead: number[]; mark: Mark | null }> {
      const dead: number[] = []
      const lane = { move() {}, deadLetter: async ({ seq }: { seq: number }) => dead.push(seq) > 0 } as unknown as Lane
      const delivery = new Delivery({
        pool: to,
        lane,
        keeper: { journal: JOURNAL, node: 'n1' },
        mark,
        exactlyOnce: true,
        idempotentUpTo: 0,
        deadline: { ms: 5000, closing: never },
        settled() {},
        putAside() {},
      })
      const events = Map.groupBy(batch, ({ seq }) => seq)
      await delivery.deliver(Array.from(events, ([seq, operations]) => ({ seq, id: operations[0]!.id, operations })))
      return { dead, mark: delivery.mark }
    }

    test('is left as far as it came, with the mark there, and names the culprit', async () => {
      const batch = history.events(count('a'), insert(history.message('t', '1')), count('b'), refused, count('c'))
      const error = await failure(pool.write(batch, moveTo(batch), exact, never))
      assert.deepEqual([error.errorClass, error.code, error.operation], ['permanent', 'ERR', 3])
      assert.match(error.message, /^ERR value is not an integer/)
      assert.deepEqual(await client.mget('a', 'b', 'c'), ['1', '1', null])
      assert.deepEqual(await pool.mark(JOURNAL), moveTo(batch.slice(0, 3)).to)
    })

    test('goes on behind the culprit, and no command runs twice', async () => {
      const batch = [
        ...history.events(count('a'), insert(history.message('t', '1')), count('b'), refused, count('c'), refused),
        ...history.event(count('d'), refused, count('e'), refused, count('f')),
        ...history.events(insert(history.message('t', '2')), count('g'), refused, count('h')),
      ]
      const { dead, mark } = await deliver(batch, pool, null)
      assert.deepEqual(dead, [4, 6, 7, 7, 10])
      assert.deepEqual(await client.mget(...'abcdefgh'), Array(8).fill('1'))
      assert.deepEqual(await read('t'), ['1', '2'])
      assert.deepEqual(await pool.mark(JOURNAL), mark)
      assert.deepEqual(mark, moveTo(batch).to)
      assert.equal(await client.hget(`holdfast_mark:${JOURNAL}:pool1`, 'part'), null)
    })

    test('is known to another process that takes over, within an event too', async () => {
      const batch = [
        ...history.events(count('a')),
        ...history.event(count('b'), refused, count('c')),
        ...history.events(count('d')),
      ]
      await failure(pool.write(batch, moveTo(batch), exact, never))
      const other = await open()
      const mark = await other.mark(JOURNAL)
      assert.deepEqual(mark, moveTo(batch.slice(0, 1)).to)
      const { dead } = await deliver(batch.slice(1), other, mark)
      assert.deepEqual(dead, [2])
      assert.deepEqual(await client.mget(...'abcd'), ['1', '1', '1', '1'])
    })

    test('of a thousand operations, which go out in parts', async () => {
      const bad = [0, 249, 250, 251, 499, 777, 999]
      const batch = Array.from({ length: 1000 }, (_, n) => {
        if (n % 3 === 1) return history.event(count('a'), insert(history.message('t', `${n}`)))
        return bad.includes(n) ? history.event(refused, count('a')) : history.event(count('a'))
      }).flat()
      const expected = batch.filter(({ write }) => write === refused).map(({ seq }) => seq)
      const { dead, mark } = await deliver(batch, pool, null)
      assert.deepEqual(dead, expected)
      assert.ok(expected.length > 3)
      assert.equal(await client.get('a'), '1000')
      assert.equal((await read('t')).length, 333)
      assert.deepEqual(await pool.mark(JOURNAL), mark)
    })

    test('what is done of an event is known as long as it takes, whatever else moves the mark', async () => {
      const batch = [
        ...history.events(insert(history.message('t', '1'))),
        ...history.event(count('a'), refused, count('b')),
      ]
      await failure(pool.write(batch, moveTo(batch), exact, never))
      assert.equal(await pool.mark(JOURNAL), null)
      const { to } = moveTo(batch.slice(0, 1))
      await pool.write(batch.slice(0, 1), moveTo(batch.slice(0, 1)), exact, never)
      await pool.write([], moveTo(batch.slice(0, 1), to), exact, never)
      const { dead } = await deliver(batch.slice(1), pool, to)
      assert.deepEqual(dead, [2])
      assert.deepEqual(await client.mget('a', 'b'), ['1', '1'])
    })

    test('at its very beginning leaves no mark', async () => {
      const batch = history.events(refused, count('a'))
      await failure(pool.write(batch, moveTo(batch), exact, never))
      assert.equal(await pool.mark(JOURNAL), null)
      assert.equal(await client.get('a'), null)
    })
  })

  describe('custom commands', () => {
    test('a value stays one argument, whatever it holds', async () => {
      for (const [name, payload] of Object.entries(PAYLOADS)) {
        await write(custom(['HSET values ? ?', name, payload], ['SET one:?:x ?', name, payload]))
        assert.deepEqual(await client.hgetBuffer('values', name), payload, name)
        assert.deepEqual(await client.getBuffer(`one:${name}:x`), payload, name)
      }
      for (const name of ODD_NAMES) {
        await write(custom(['SET conn:? clientid', name]))
        assert.equal(await client.get(`conn:${name}`), 'clientid', name)
      }
    })

    test('values of every type, and none', async () => {
      await write(custom(['RPUSH list ? ? ? ? ? ?', 7, 21.5, true, false, null, 'x y']))
      assert.deepEqual(await client.lrange('list', 0, -1), ['7', '21.5', '1', '0', '', 'x y'])
    })

    test('run in order, among the others; a leading pipeline means nothing', async () => {
      await write(
        custom(['pipeline'], ['RPUSH log before'], ['RPUSH log ?', 'again']),
        insert(history.message('t', '1')),
        custom(['SORT mqtt:msg:t BY nosort STORE seen']),
        insert(history.message('t', '2')),
      )
      assert.deepEqual(await client.lrange('log', 0, -1), ['before', 'again'])
      assert.equal(await client.llen('seen'), 1)
    })

    test('unknown commands, wrong numbers of arguments and wrong types are permanent', async () => {
      await client.set('text', 'x')
      for (const text of ['NONSENSE a', 'SET a', 'LPUSH text a', 'SUBSCRIBE c', 'SELECT 2', 'BLPOP', 'MULTI', '']) {
        const batch = history.events(insert(history.message('t', '1')), custom([text]))
        const error = await failure(pool.write(batch, null, exact, never))
        assert.deepEqual([error.errorClass, error.operation], ['permanent', 1], text)
        assert.doesNotMatch(error.message, /called from|user_script|script:/i, text)
      }
    })

    test('${message} is the fields and values of the hash', async () => {
      const { statement } = parseStatement('HSET last:${topic} ${message}', 'commands')
      const whole = parseStatement('SET whole:${msgid} <${message}>', 'commands').statement
      const binding: Binding = {
        pool: 'redis.pool1',
        hook: 'message.publish',
        order: 1,
        action: { statements: [statement, whole] },
        options: {},
      }
      const at = 1_481_690_659_123
      const id = new EventId(at * 1000, 1, 1)
      const event = { hook: 'message.publish', seq: 1, id, at, trusted: true, clientid: 'test', topic: 'a b' } as const
      await write(
        plan({ ...event, payload: Buffer.from('Hello world!'), qos: 1, retain: true }, binding, { node: 'n1' })!,
      )
      assert.deepEqual(await client.hgetall('last:a b'), {
        id: `${id}`,
        from: 'test',
        qos: '1',
        topic: 'a b',
        retain: 'true',
        payload: 'Hello world!',
        ts: '1481690659',
      })
      const { payload } = JSON.parse((await client.get(`whole:${id}`))!.slice(1, -1))
      assert.equal(payload, 'Hello world!')
    })
  })

  describe('messages expire', () => {
    test('after what the hook says, else the pool, else an hour', async () => {
      const ttl = async (expired: number | undefined, of: Pool): Promise<number> => {
        const message = history.message('t', 'x')
        const what = { ...insert(message), ...(expired === undefined ? {} : { expiredTime: expired }) } as Write
        await of.write(history.events(what), null, exact, never)
        return client.ttl(`mqtt:msg:${message.msgid}`)
      }
      const after = (expired: number): Promise<Pool> => open({ plugin: { 'msg.expired_after': expired } })
      assert.equal(await ttl(60, pool), 60)
      assert.equal(await ttl(undefined, pool), 3600)
      assert.equal(await ttl(undefined, await after(120)), 120)
      assert.equal(await ttl(undefined, await after(-1)), 3600)
      assert.equal(await ttl(0, await after(120)), 3600)
    })

    test('and leave the index, when it is read and when it is written', async () => {
      const messages = Array.from({ length: 10 }, (_, n) => history.message('t', `${n}`))
      await write(...messages.map(insert))
      const expire = (from: number, to: number): Promise<number> =>
        client.del(...messages.slice(from, to).map(({ msgid }) => `mqtt:msg:${msgid}`))
      await expire(0, 3)
      assert.deepEqual(await read('t'), ['3', '4', '5', '6', '7', '8', '9'])
      assert.equal(await client.zcard('mqtt:msg:t'), 7)
      await expire(3, 9)
      for (let n = 0; n < 5; n++) await write(insert(history.message('t', 'later')))
      assert.equal(await client.zcard('mqtt:msg:t'), 6)
      assert.deepEqual(await read('t', { limit: 6 }), ['9', ...Array(5).fill('later')])
    })

    test('a fetch of the newest goes back past those that have expired', async () => {
      const messages = Array.from({ length: 1200 }, (_, n) => history.message('t', `${n}`))
      for (let n = 0; n < messages.length; n += 400) await write(...messages.slice(n, n + 400).map(insert))
      await client.del(...messages.slice(400).map(({ msgid }) => `mqtt:msg:${msgid}`))
      assert.deepEqual(await read('t', { limit: 2 }), ['398', '399'])
      assert.equal((await read('t')).length, 400)
    })
  })

  test('the newest message of a topic alone', async () => {
    const [first, second] = [history.message('t', '1'), history.message('t', '2')]
    const latest = (message: typeof first): Write => ({ do: 'message.insert', message, node: 'n1', latest: true })
    const owed = (more: object = {}): Promise<string[]> => read('t', { latest: true, clientid: 'c', ...more })
    await write(latest(first))
    assert.deepEqual(await owed(), ['1'])
    await write(latest(second), latest(first))
    assert.deepEqual(await owed(), ['2'], 'an older one changes nothing')
    assert.equal((await client.hgetall('mqtt:latest_msg:t')).id, second.msgid)
    assert.deepEqual(await read('t'), [], 'it is kept nowhere else')
    await write(ack('c', first))
    assert.deepEqual(await owed(), ['2'])
    await write(ack('c', second))
    assert.deepEqual(await owed(), [])
    assert.deepEqual(await owed({ clientid: 'other' }), ['2'])
    assert.deepEqual(await owed({ clientid: 'other', start: 'latest' }), [])
  })

  test('the node has a field for each client that is connected', async () => {
    const at = 1_481_685_802_500
    const online = (clientid: string): Write => ({ do: 'client.online', clientid, node: 'n1', at })
    await write(online('a'), online('b:c'), { do: 'client.offline', clientid: 'a', node: 'n1', at })
    assert.deepEqual(await client.hgetall('mqtt:node:n1'), { 'b:c': '1481685802' })
  })

  test('subscriptions are told on the channel, where there is one', async () => {
    const listener = server.client()
    await listener.connect()
    const told: string[] = []
    listener.on('message', (channel, message) => told.push(`${channel} ${message}`))
    await listener.subscribe('mqtt_channel')
    const subscribe = {
      do: 'subscription.publish',
      type: 'subscribe',
      clientid: 'te"st',
      topic: 'a b',
      qos: 1,
    } as const
    const { qos: _, ...gone } = { ...subscribe, type: 'unsubscribe' as const }
    await write(subscribe)
    pool = await open({ channel: 'mqtt_channel' })
    await write(subscribe, gone)
    await client.publish('mqtt_channel', 'end')
    while (told.at(-1) !== 'mqtt_channel end') await new Promise((resolve) => setTimeout(resolve, 10))
    listener.disconnect()
    assert.deepEqual(told.slice(0, -1), [
      'mqtt_channel {"type":"subscribe","topic":"a b","clientid":"te\\"st","qos":"1"}',
      'mqtt_channel {"type":"unsubscribe","topic":"a b","clientid":"te\\"st"}',
    ])
  })

  test('a topic that is called like a message is nothing to be read, a dead letter to be written, and takes nothing along', async () => {
    const message = history.message('t', '1')
    await write(insert(message))
    const namesake = history.message(message.msgid, 'x')
    assert.deepEqual(await read(message.msgid), [])
    assert.equal((await failure(write(insert(namesake)))).errorClass, 'permanent')
    await write({ do: 'message.delete', msgid: 't', topic: 'other', clientid: 'c' })
    assert.deepEqual(await read('t'), ['1'])
  })

  test('positions of odd pairs never share a key', async () => {
    const message = history.message('x', '1')
    await write(
      ...[
        ['a:b', 'c'],
        ['a', 'b:c'],
        ['a%3Ab', 'c'],
      ].map(([clientid, topic]): Write => {
        return { do: 'position.move', clientid: clientid!, topic: topic!, msgid: message.msgid }
      }),
    )
    assert.deepEqual((await client.keys('mqtt:acked:*')).sort(), [
      'mqtt:acked:a%253Ab:c',
      'mqtt:acked:a%3Ab:c',
      'mqtt:acked:a:b:c',
    ])
  })
})
