// Storms, floods, bombs and clients that stand still, against a whole gateway: others feel nothing, what is kept for the culprit
// is bounded, and the gateway goes on. (broker-limits has each limit by itself.)

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { after, afterEach, before, test } from 'node:test'
import { SQLITE_HOOK } from '../bench/gateway.ts'
import { storedPayloads } from '../helpers/embedded.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { connectPacket, publishPacket, RawClient } from '../helpers/raw-client.ts'

const PATIENCE_MS = 60_000
const CONF = `
listener.tcp.default.max_connections = 1200
mqtt.max_offline = 1000
mqtt.max_retained = 1000
mqtt.max_subscriptions = 4096
log.level = error
`
const gateway = new GatewayProcess({ conf: CONF, plugins: SQLITE_HOOK })
before(() => gateway.start())
after(() => gateway.remove())

/** After each scene: a message goes from one client to another, and its row is there. */
afterEach(async () => {
  const [subscriber, publisher] = [await connect(), await connect()]
  await subscriber.subscribe(['health', 1])
  await publisher.publish('health', 'fine', { qos: 1 })
  await subscriber.received('publish')
  for (const client of [subscriber, publisher]) await client.disconnect()
  await gateway.forwarded()
  assert.equal((await gateway.ctl('status')).uptimeMs > uptimeMs, true, 'it has not been started anew')
  uptimeMs = (await gateway.ctl('status')).uptimeMs
})
let uptimeMs = 0

const connect = (clientId?: string, clean = true): Promise<RawClient> =>
  RawClient.connect(gateway.port, { clean, keepalive: 0, ...(clientId !== undefined && { clientId }) })
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const numbers = ({ publishes }: RawClient): number[] => publishes.map(({ payload }) => parseInt(String(payload), 10))
const count = (client: RawClient, cmd: string): number => client.packets.filter((packet) => packet.cmd === cmd).length

/** All at once, and waits until each is acknowledged. */
async function publishAll(
  client: RawClient,
  topics: readonly string[],
  more: Parameters<typeof publishPacket>[2] & { body?: string } = {},
) {
  const { body = '', ...options } = more
  const before = count(client, 'puback')
  for (const [index, topic] of topics.entries()) {
    client.send(publishPacket(topic, `${index} ${body}`, { qos: 1, messageId: (index % 65_535) + 1, ...options }))
  }
  await client.until(() => count(client, 'puback') === before + topics.length, 'the acknowledgements', PATIENCE_MS)
}

test('a thousand clients that connect at once all come in, also while three thousand sockets say nothing', async () => {
  const silent = many(3000, () => connectSocket(gateway.port, '127.0.0.1').on('error', () => {}))
  await Promise.all(silent.map((socket) => once(socket, 'connect')))
  const clients = many(1000, () => new RawClient(gateway.port))
  for (const client of clients) client.send(connectPacket())
  for (const client of clients) await client.until(() => client.connack !== undefined, 'a CONNACK', PATIENCE_MS)
  assert.deepEqual(new Set(clients.map(({ connack }) => connack!.returnCode)), new Set([0]))
  const { listeners, clients: figures } = await gateway.ctl('status')
  assert.equal(listeners[0].clients, 1000)
  assert.ok(listeners[0].sockets <= 1300, `${listeners[0].sockets} sockets`)
  assert.ok(figures.refused.silent >= 3000 + 1000 - 1300)
  for (const client of [...clients, ...silent.map((socket) => ({ socket }))]) client.socket.destroy()
  await until('all to be gone', async () => (await gateway.ctl('status')).listeners[0].sockets === 0)
})

test('a packet of 64 MiB ends its connection when its length is there', async () => {
  const client = await connect()
  client.socket.write(Buffer.from([0x32, 0x80, 0x80, 0x80, 0x20])) // 64 MiB follow
  await client.until(() => client.closed)
  assert.equal((await gateway.ctl('status')).clients.overLimit.packet_size, 1)
})

test('a hundred thousand subscriptions: over 25 clients they all serve; one client gets 4096, however often it tries', async () => {
  const clients = await Promise.all(many(25, () => connect()))
  await Promise.all(
    clients.map(async (client, n) => {
      const filters = many(4000, (index): [string, 0] => [`bulk/${n}/${index}/+`, 0])
      for (let at = 0; at < filters.length; at += 1000) await client.subscribe(...filters.slice(at, at + 1000))
    }),
  )
  assert.equal((await gateway.ctl('status')).clients.connected, 25)
  assert.equal(
    (await gateway.ctl('clients')).reduce((sum: number, one: { subscriptions: number }) => sum + one.subscriptions, 0),
    100_000,
  )
  const publisher = await connect()
  for (let n = 0; n < 25; n++) await publisher.publish(`bulk/${n}/${n * 100}/x`, String(n), { qos: 1 })
  for (const [n, client] of clients.entries()) {
    await client.received('publish')
    assert.deepEqual(numbers(client), [n])
  }
  const greedy = await connect()
  let granted = 0
  for (let round = 0; round < 100; round++) {
    const codes = await greedy.subscribe(...many(1000, (index): [string, 0] => [`greedy/${round}/${index}`, 0]))
    granted += codes.filter((code) => code !== 128).length
  }
  assert.equal(granted, 4096)
  assert.equal((await gateway.ctl('status')).clients.overLimit.subscriptions, 100_000 - 4096)
  for (const client of [...clients, publisher, greedy]) await client.disconnect()
})

test('one subscriber of ten is frozen: the other nine and the publisher get everything in order, and so does it, later', async () => {
  const clients = await Promise.all(many(10, () => connect()))
  for (const client of clients) await client.subscribe(['fan', 1])
  const [frozen, ...others] = clients as [RawClient, ...RawClient[]]
  frozen.socket.pause()
  for (const other of others) other.acknowledgeAll()
  const publisher = await connect()
  await publishAll(
    publisher,
    many(1000, () => 'fan'),
    { body: 'x'.repeat(4000) },
  )
  const expected = many(1000, (index) => index)
  for (const other of others) {
    await other.until(() => other.publishes.length >= 1000, 'all messages', PATIENCE_MS)
    assert.deepEqual(numbers(other), expected)
  }
  assert.ok(frozen.publishes.length < 1000)
  frozen.socket.resume()
  frozen.acknowledgeAll()
  await frozen.until(() => frozen.publishes.length >= 1000, 'all messages', PATIENCE_MS)
  assert.deepEqual(numbers(frozen), expected)
  for (const client of [...clients, publisher]) await client.disconnect()
})

test('a client that never acknowledges, and one that leaves out one message, hold a bounded queue', async () => {
  const [never, allButOne] = [await connect('never', false), await connect('all but one', false)]
  for (const client of [never, allButOne]) await client.subscribe(['stuck', 1])
  let answered = 1
  const answer = setInterval(() => {
    for (; answered < allButOne.publishes.length; answered++) allButOne.answer('puback', allButOne.publishes[answered]!)
  }, 1)
  const publisher = await connect()
  await publishAll(
    publisher,
    many(4000, () => 'stuck'),
  )
  await allButOne.until(() => allButOne.publishes.length === 1 + 31 + 1000, 'what one gets beyond a gap', PATIENCE_MS)
  clearInterval(answer)
  assert.equal(never.publishes.length, 32)
  const clients: { clientid: string; waiting: number }[] = await gateway.ctl('clients')
  const waiting = (id: string): number => clients.find(({ clientid }) => clientid === id)!.waiting
  assert.equal(waiting('never'), 1000)
  assert.ok(waiting('all but one') > 0 && waiting('all but one') <= 1000)
  allButOne.answer('puback', allButOne.publishes[0]!)
  allButOne.acknowledgeAll()
  await allButOne.until(() => numbers(allButOne).at(-1) === 3999, 'the rest', PATIENCE_MS)
  for (const client of [never, allButOne, publisher]) await client.drop()
  for (const id of ['never', 'all but one']) await (await connect(id)).disconnect() // forgets the sessions
})

test('a storm of takeovers of one client id: one connection remains, and its session serves', async () => {
  const first = await connect('wanted', false)
  await first.subscribe(['prize', 1])
  const storm = many(300, () => new RawClient(gateway.port))
  for (const client of storm) client.send(connectPacket({ clientId: 'wanted', clean: false }))
  await until('one to remain', () => [first, ...storm].filter(({ closed }) => !closed).length === 1, PATIENCE_MS)
  const last = storm.find(({ closed }) => !closed)!
  await last.until(() => last.connack !== undefined)
  assert.equal(last.connack!.sessionPresent, true)
  const publisher = await connect()
  await publisher.publish('prize', '1', { qos: 1 })
  await last.received('publish')
  assert.deepEqual(
    (await gateway.ctl('clients'))
      .map(({ clientid }: { clientid: string }) => clientid)
      .filter((id: string) => id === 'wanted'),
    ['wanted'],
  )
  for (const client of [last, publisher]) await client.drop()
  await (await connect('wanted')).disconnect()
})

test('topic bombs: thousands of retained topics, filters and topics of a hundred levels, topics of 60,000 bytes', async () => {
  const bomber = await connect()
  const deep = (index: number): string => many(99, (at) => ((index >> (at % 12)) & 1 ? 'a' : 'b')).join('/')
  await publishAll(
    bomber,
    many(3000, (index) => `${deep(index)}/${index}`),
    { retain: true },
  )
  const { retained, messages } = await gateway.ctl('status')
  assert.deepEqual([retained.count, messages.dropped.retained_full], [1000, 2000])

  const filters = await Promise.all(many(4, () => connect()))
  await Promise.all(
    filters.map(async (client, n) => {
      const wild = many(4096, (index) => many(100, (at) => (((index * 4 + n) >> (at % 14)) & 1 ? '+' : 'a')).join('/'))
      for (let at = 0; at < wild.length; at += 1024) {
        await client.subscribe(...wild.slice(at, at + 1024).map((filter): [string, 0] => [filter, 0]))
      }
    }),
  )
  const prefix = many(99, () => 'a').join('/')
  await publishAll(
    bomber,
    many(200, (index) => `${prefix}/${index}`),
  )
  await publishAll(
    bomber,
    many(200, (index) => `${index}/${'x'.repeat(60_000)}`),
  )
  const all = await connect()
  await all.subscribe([many(100, () => '+').join('/'), 0])
  await all.until(() => all.publishes.length === 1000, 'the retained messages', PATIENCE_MS)
  for (const client of [...filters, bomber, all]) await client.disconnect()
})

test('thousands of half-done QoS 2 messages are kept, over a new connection, and released', async () => {
  const [clients, each] = [20, 500]
  const subscriber = await connect()
  await subscriber.subscribe(['half', 0])
  const half = await Promise.all(many(clients, (n) => connect(`half ${n}`, false)))
  for (const client of half) {
    for (let messageId = 1; messageId <= each; messageId++)
      client.send(publishPacket('half', '1', { qos: 2, messageId }))
  }
  for (const client of half) {
    await client.until(() => count(client, 'pubrec') === each, 'the PUBRECs', PATIENCE_MS)
    await client.drop()
  }
  for (let n = 0; n < clients; n++) {
    const client = await connect(`half ${n}`, false)
    client.send(publishPacket('half', '1', { qos: 2, dup: true, messageId: 1 })) // is known already
    for (let messageId = 1; messageId <= each; messageId++) client.send({ cmd: 'pubrel', messageId })
    await client.until(() => count(client, 'pubcomp') === each, 'the PUBCOMPs', PATIENCE_MS)
    await client.disconnect()
    await (await connect(`half ${n}`)).disconnect()
  }
  await subscriber.until(() => subscriber.publishes.length >= clients * each, 'each message', PATIENCE_MS)
  assert.equal(subscriber.publishes.length, clients * each)
  await subscriber.disconnect()
})

test('fewer descriptors than connections are allowed: the gateway bounds them itself, and can still write', async (t) => {
  const small = new GatewayProcess({ plugins: SQLITE_HOOK })
  t.after(() => small.remove())
  small.within = ['sh', '-c', 'ulimit -n 400 && exec "$@"', 'sh']
  await small.start()
  assert.match(small.output, /"wanted":10000,"possible":200,.*"connections_bounded_by_descriptors"/)
  const sockets = many(600, () => connectSocket(small.port, '127.0.0.1').on('error', () => {}))
  t.after(() => sockets.map((socket) => socket.destroy()))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const clients = await Promise.all(many(201, () => RawClient.connect(small.port)))
  assert.deepEqual(clients.map(({ connack }) => connack!.returnCode).sort(), [...many(200, () => 0), 3])
  const served = clients.find(({ connack }) => connack!.returnCode === 0)!
  await served.publish('t', 'written', { qos: 1 })
  await small.forwarded()
  assert.deepEqual(storedPayloads(small.data), ['written'])
})
