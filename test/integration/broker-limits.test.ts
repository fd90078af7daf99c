// Each limit, from outside: what a client over it meets, what is counted, and that others feel nothing of it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { generate } from 'mqtt-packet'
import type { AccessControl, BrokerOptions } from '../../src/broker/broker.ts'
import { accessBy } from '../helpers/access.ts'
import { type OurBroker, startOurs } from '../helpers/brokers.ts'
import { until } from '../helpers/gateway.ts'
import { connectPacket, publishPacket, RawClient } from '../helpers/raw-client.ts'

async function start(t: TestContext, limits: BrokerOptions['limits'] = {}, more: Partial<BrokerOptions> = {}) {
  const ours = await startOurs({ limits, ...more })
  t.after(() => ours.close())
  return ours
}

const listener = (name: string, maxConnections?: number) => ({
  ...{ kind: 'tcp' as const, name, host: '127.0.0.1', port: 0 },
  ...(maxConnections !== undefined && { maxConnections }),
})
const code = ({ connack }: RawClient): number => connack!.returnCode!

async function silentSocket(port: number): Promise<Socket> {
  const socket = connectSocket(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'connect')
  return socket
}

/** The broker still carries a message from one client to another. */
async function serves({ port }: OurBroker): Promise<void> {
  const [subscriber, publisher] = [await RawClient.connect(port), await RawClient.connect(port)]
  await subscriber.subscribe(['health', 1])
  await publisher.publish('health', 'fine', { qos: 1 })
  await subscriber.received('publish')
  await Promise.all([subscriber.disconnect(), publisher.disconnect()])
}

test('connections: so many for each listener and in all; one more is told so, one that takes over comes in', async (t) => {
  const { broker } = await start(t, { maxConnections: 3 }, { listeners: [listener('a', 2), listener('b')] })
  const [a, b] = broker.listeners.map(({ port }) => port) as [number, number]
  const first = await RawClient.connect(a, { clientId: 'first' })
  await RawClient.connect(a)
  assert.equal(code(await RawClient.connect(a)), 3) // the listener is full
  assert.equal(code(await RawClient.connect(b)), 0)
  assert.equal(code(await RawClient.connect(b)), 3) // all are
  const again = await RawClient.connect(b, { clientId: 'first' })
  assert.equal(code(again), 0)
  await first.until(() => first.closed)
  assert.equal(broker.stats().refused.connections, 2)
  await again.disconnect()
  await until(
    'a place',
    () => broker.listeners.every(({ places }) => places.clients < 3) && broker.stats().connected === 2,
  )
  assert.equal(code(await RawClient.connect(a)), 0)
})

test('a client whose id is refused takes no place', async (t) => {
  const { broker, port } = await start(t, { maxConnections: 1, maxClientIdLength: 5 })
  assert.equal(code(await RawClient.connect(port, { clientId: 'too long' })), 2)
  assert.equal(code(await RawClient.connect(port, { clientId: 'fits' })), 0)
  assert.equal(broker.stats().refused.clientid, 1)
})

test('a flood of silent sockets takes a bounded number of descriptors, and locks nobody out', async (t) => {
  const ours = await start(t, {}, { listeners: [listener('a', 10)] })
  const { broker, port } = ours
  const early = await RawClient.connect(port)
  const sockets = await Promise.all(Array.from({ length: 500 }, () => silentSocket(port)))
  t.after(() => sockets.map((socket) => socket.destroy()))
  const { places } = broker.listeners[0]!
  await until('the oldest to make room', () => broker.stats().refused.silent === 391)
  await until('the sockets to be closed', () => places.sockets === 110)
  await serves(ours)
  assert.equal(early.closed, false)
})

test('strangers whose passwords wait to be checked take no place and push nobody out who comes from elsewhere', async (t) => {
  const checked = Promise.withResolvers<void>()
  const one = accessBy({ admits: ({ username }) => username !== 'stranger' })
  const access: AccessControl = {
    ...one,
    async admit(applicant) {
      if (applicant.username !== 'known') await checked.promise
      return one.admit(applicant)
    },
  }
  const ours = await start(t, {}, { access, listeners: [listener('a', 3)] })
  const { broker, port } = ours
  const { places } = broker.listeners[0]!
  const live = await RawClient.connect(port, { clientId: 'live', username: 'known' })
  const waiting = new RawClient(connectSocket({ port, host: '127.0.0.1', localAddress: '127.0.0.2' }))
  waiting.send(connectPacket({ clientId: 'waiting', username: 'slow' }))
  const strangers = Array.from({ length: 200 }, (_, i) => {
    const stranger = new RawClient(port)
    stranger.send(connectPacket({ clientId: i % 2 ? 'live' : `s${i}`, username: 'stranger' })) // also as somebody who is there
    return stranger
  })
  await until('the oldest of them to make room', () => broker.stats().refused.silent === 99 && places.sockets === 103)
  assert.equal(places.clients, 1)
  const known = await RawClient.connect(port, { username: 'known' })
  assert.equal(code(known), 0)
  checked.resolve()
  await waiting.received('connack')
  assert.equal(code(waiting), 0)
  await Promise.all(strangers.map((stranger) => stranger.ended()))
  assert.deepEqual([places.clients, live.closed, known.closed], [3, false, false])
})

test('a CONNECT that comes a byte at a time comes in time or not at all', async (t) => {
  const ours = await start(t, { connectTimeoutMs: 500 })
  const client = new RawClient(ours.port)
  const bytes = generate(connectPacket())
  let at = 0
  const dribble = setInterval(() => client.socket.write(bytes.subarray(at, ++at)), 100)
  await client.until(() => client.closed)
  clearInterval(dribble)
  assert.ok(at < bytes.length)
  assert.deepEqual([ours.broker.stats().overLimit, client.packets], [{ connect_timeout: 1 }, []])
  await serves(ours)
})

test('keepalive: who asks for none, or for too long a one, and says nothing, is disconnected', async (t) => {
  const { broker, port, hooks } = await start(t, { maxKeepalive: 1 })
  const clients = await Promise.all(
    [0, 60].map((keepalive) => RawClient.connect(port, { clientId: `k${keepalive}`, keepalive })),
  )
  assert.deepEqual(
    broker.clients().map(({ keepalive }) => keepalive),
    [0, 60],
  )
  for (const client of clients) await client.until(() => client.closed)
  assert.equal(broker.stats().overLimit.keepalive, 2)
  assert.deepEqual(hooks.story('k0').at(-1), 'client.disconnected keepalive')
})

test('packets that stop in the middle: all together are bounded, the oldest goes, who goes on comes through', async (t) => {
  const ours = await start(t, { maxUnfinished: 250_000 })
  const stats = (): number | undefined => ours.broker.stats().overLimit.unfinished
  const begin = async (bytes: Buffer, client = new RawClient(ours.port)): Promise<RawClient> => {
    client.socket.write(bytes.subarray(0, 100_000))
    return client
  }
  const nobody = generate(connectPacket({ will: { topic: 't', payload: Buffer.alloc(60_000), qos: 0, retain: false } }))
  const large = generate(publishPacket('large', 'x'.repeat(150_000), { qos: 1, messageId: 1 }))
  const subscriber = await RawClient.connect(ours.port)
  await subscriber.subscribe(['large', 1])
  const strangers = [await begin(nobody.subarray(0, 60_000)), await begin(nobody.subarray(0, 60_000))]
  const stopped = await begin(large, await RawClient.connect(ours.port)) // 220,000 bytes
  const going = await begin(large, await RawClient.connect(ours.port))
  for (const stranger of strangers) await stranger.ended()
  assert.equal(stats(), 2)
  const small = await begin(large, await RawClient.connect(ours.port))
  await stopped.ended()
  await serves(ours)
  for (const client of [going, small]) {
    client.socket.write(large.subarray(100_000))
    await client.received('puback')
  }
  await subscriber.received('publish', 2)
  assert.equal(stats(), 3)
  const free = await Promise.all([1, 2].map(async () => begin(large, await RawClient.connect(ours.port))))
  await serves(ours) // what was complete, or has gone, counts no more
  assert.deepEqual(
    free.map(({ closed }) => closed),
    [false, false],
  )
})

for (const [what, bytes] of [
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
  ['TLS', Buffer.from('160301', 'hex')],
  ['the PROXY protocol', Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1 1883\r\n')],
  ['the PROXY protocol, version 2', Buffer.from('0d0a0d0a000d0a515549540a21110000', 'hex')],
  ['a PUBLISH', generate(publishPacket('t', 'x'))],
  ['the begin of a PUBLISH', Buffer.from([0x30])],
  ['a PUBACK', Buffer.from([0x40, 2, 0, 1])],
  ['a CONNECT that holds more than one can', Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f])],
] as const) {
  test(`${what} in the place of a CONNECT ends the connection at once`, async (t) => {
    const { port, hooks } = await start(t, { connectTimeoutMs: 3_600_000, maxPacketSize: 268_435_455 })
    const client = new RawClient(port)
    client.socket.write(bytes)
    await client.until(() => client.closed)
    assert.deepEqual([client.packets, hooks.events], [[], []])
  })
}

test('subscriptions: the filters beyond are refused, those that are there may change', async (t) => {
  const ours = await start(t, { maxSubscriptions: 3 })
  const client = await RawClient.connect(ours.port)
  assert.deepEqual(await client.subscribe(['a', 0], ['b', 0]), [0, 0])
  assert.deepEqual(await client.subscribe(['c', 0], ['d', 0], ['a', 1], ['e', 0]), [0, 128, 1, 128])
  assert.equal(ours.broker.stats().overLimit.subscriptions, 2)
  client.send({ cmd: 'unsubscribe', messageId: 77, unsubscriptions: ['b'] })
  await client.received('unsuback')
  assert.deepEqual(await client.subscribe(['d', 0]), [0])
  await serves(ours)
})

test('subscriptions: a filter counts once for each 16 levels and 256 characters', async (t) => {
  const ours = await start(t, { maxSubscriptions: 10 })
  const client = await RawClient.connect(ours.port)
  const deep = `${'+/'.repeat(99)}+` // 7
  assert.deepEqual(
    await client.subscribe([deep, 0], [`a/${deep.slice(2)}`, 0], ['x'.repeat(600), 0], ['y', 0]),
    [0, 128, 0, 128],
  )
  client.send({ cmd: 'unsubscribe', messageId: 77, unsubscriptions: [deep] })
  await client.received('unsuback')
  const short: [string, 0][] = Array.from({ length: 8 }, (_, index) => [String(index), 0])
  assert.deepEqual(await client.subscribe(...short), [0, 0, 0, 0, 0, 0, 0, 128])
})

test('sessions: so many are kept; a client more is told to come later, one that resumes comes in', async (t) => {
  const { broker, port } = await start(t, { maxSessions: 2 })
  for (const clientId of ['a', 'b']) {
    const client = await RawClient.connect(port, { clientId, clean: false })
    await client.disconnect()
  }
  assert.equal(code(await RawClient.connect(port, { clientId: 'c', clean: false })), 3)
  assert.equal(code(await RawClient.connect(port, { clientId: 'c', clean: true })), 0)
  const resumed = await RawClient.connect(port, { clientId: 'a', clean: false })
  assert.deepEqual([code(resumed), resumed.connack!.sessionPresent], [0, true])
  assert.equal(broker.stats().refused.sessions, 1)
  await resumed.disconnect()
  const ended = await RawClient.connect(port, { clientId: 'a', clean: true })
  await ended.disconnect()
  assert.equal(code(await RawClient.connect(port, { clientId: 'd', clean: false })), 0)
})

test('QoS 2: one half-done message more ends the connection; with those released it goes on', async (t) => {
  const ours = await start(t, { maxInflightInbound: 3 })
  const client = await RawClient.connect(ours.port, { clientId: 'p', clean: false })
  for (const messageId of [1, 2, 3]) await client.publish('t', 'x', { qos: 2, messageId })
  client.send({ cmd: 'pubrel', messageId: 1 })
  await client.received('pubcomp')
  await client.publish('t', 'x', { qos: 2, messageId: 4 })
  client.send(publishPacket('t', 'x', { qos: 2, messageId: 5 }))
  await client.until(() => client.closed)
  assert.deepEqual([ours.broker.stats().overLimit, ours.hooks.publishes().length], [{ awaiting_rel: 1 }, 4])
  await serves(ours)
})

test('levels: a topic with one more ends the connection, a filter is refused', async (t) => {
  const ours = await start(t, { maxTopicLevels: 3 })
  const client = await RawClient.connect(ours.port)
  assert.deepEqual(await client.subscribe(['a/b/c', 0], ['a/b/c/d', 0], ['+/+/+/#', 0]), [0, 128, 128])
  client.send(publishPacket('a/b/c/d', 'x', { qos: 1, messageId: 1 }))
  await client.until(() => client.closed)
  assert.equal(ours.broker.stats().overLimit.topic_levels, 3)
  await serves(ours)
})

test('publish rate: a faster client waits for its acknowledgements, gets them all in order, and nobody else waits', async (t) => {
  const ours = await start(t, { maxPublishRate: 100 })
  const fast = await RawClient.connect(ours.port)
  fast.send(...Array.from({ length: 250 }, (_, index) => publishPacket('t', 'x', { qos: 1, messageId: index + 1 })))
  await fast.received('puback')
  await serves(ours)
  assert.ok(fast.packets.length < 251, 'the others were served meanwhile')
  await fast.received('puback', 250)
  assert.deepEqual(
    fast.packets.slice(1).map(({ messageId }) => messageId),
    Array.from({ length: 250 }, (_, index) => index + 1),
  )
  assert.ok(ours.broker.stats().overLimit.publish_rate! >= 100)
})

test('retained messages: what does not fit is delivered, and not retained', async (t) => {
  const ours = await start(t)
  ours.hooks.mayRetain = (topic) => topic !== 'one/more'
  const subscriber = await RawClient.connect(ours.port)
  await subscriber.subscribe(['#', 1])
  const publisher = await RawClient.connect(ours.port)
  for (const topic of ['fits', 'one/more']) await publisher.publish(topic, 'x', { qos: 1, retain: true })
  await subscriber.received('publish', 2)
  assert.deepEqual(
    ours.hooks.publishes().map(({ topic, retain }) => [topic, retain]),
    [
      ['fits', true],
      ['one/more', false],
    ],
  )
  assert.equal(ours.broker.stats().dropped.retained_full, 1)
})
