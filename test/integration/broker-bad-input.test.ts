// What a client may send that it should not: each ends that connection at most, and the broker serves the others.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import mqtt from 'mqtt-packet'
import { DEFAULT_LIMITS } from '../../src/broker/limits.ts'
import { type OurBroker, startOurs } from '../helpers/brokers.ts'
import { connectPacket, packetBytes, publishPacket, RawClient } from '../helpers/raw-client.ts'

let ours: OurBroker
before(async () => {
  ours = await startOurs({ limits: { maxPacketSize: 100_000, maxClientIdLength: 40 } })
})
after(() => ours.close())

/** After each test the broker still carries a message from one client to another. */
afterEach(async () => {
  const subscriber = await RawClient.connect(ours.port)
  await subscriber.subscribe(['health', 1])
  const publisher = await RawClient.connect(ours.port)
  await publisher.publish('health', 'fine', { qos: 1 })
  await subscriber.received('publish')
  await Promise.all([subscriber.disconnect(), publisher.disconnect()])
})

/** Seeded, so that a failure can be had again. */
function* randomBytes(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state >>> 24
  }
}

function take(source: Generator<number, never>, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => source.next().value))
}

async function sendBytes(bytes: Buffer): Promise<void> {
  const socket = connectSocket(ours.port, '127.0.0.1')
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  socket.end(bytes)
  socket.resume()
  await Promise.race([closed, sleep(200)])
  socket.destroy()
}

const publishBytes = (topic: string, qos = 1, id = 1): Buffer =>
  packetBytes(0x30 | (qos << 1), topic, qos > 0 ? [id >> 8, id & 255] : [], Buffer.from('x'))

for (const [what, bytes] of [
  ['a topic with +', publishBytes('a/+/b')],
  ['a topic with #', publishBytes('a/#')],
  ['an empty topic', publishBytes('')],
  ['a topic below $SYS', publishBytes('$SYS/brokers/x')],
  ['a topic that begins with $', publishBytes('$aws/x')],
  ['a topic with NUL', publishBytes('a\0b')],
  ['a topic of 101 levels', publishBytes('/'.repeat(100))],
  ['packet id 0', publishBytes('a', 1, 0)],
  ['QoS 3', publishBytes('a', 3)],
] as const) {
  test(`a PUBLISH with ${what} ends the connection and is not recorded`, async () => {
    const before = ours.hooks.publishes().length
    const client = await RawClient.connect(ours.port)
    client.socket.write(bytes)
    await client.until(() => client.closed)
    assert.equal(ours.hooks.publishes().length, before)
    assert.equal(client.packets.length, 1)
  })
}

test('a topic of 65535 bytes is a topic', async () => {
  const topic = 'x'.repeat(65_535)
  const subscriber = await RawClient.connect(ours.port)
  await subscriber.subscribe(['#', 1])
  const client = await RawClient.connect(ours.port)
  await client.publish(topic, 'y', { qos: 1 })
  await subscriber.received('publish')
  assert.equal(subscriber.publishes.at(-1)!.topic, topic)
  await subscriber.disconnect()
})

test('payloads are bytes: empty, not UTF-8, larger than a chunk', async () => {
  const subscriber = await RawClient.connect(ours.port)
  subscriber.acknowledgeAll()
  await subscriber.subscribe(['bytes', 2])
  const client = await RawClient.connect(ours.port)
  const random = randomBytes(7)
  const payloads = [0, 1, 127, 4096, 4097, 16_384, 90_000].map((size) => take(random, size))
  for (const [index, payload] of payloads.entries()) {
    client.send({ ...publishPacket('bytes', '', { qos: 2, messageId: index + 1 }), payload })
  }
  await subscriber.received('publish', payloads.length)
  assert.deepEqual(
    subscriber.publishes.map(({ payload }) => Buffer.from(payload)),
    payloads,
  )
})

test('a client id may hold quotes, newlines, colons, a name of Object; not NUL, and not too much', async () => {
  for (const clientId of [
    `'; drop table "x" --`,
    'a\nb\r\n',
    'a:b/c+#',
    '__proto__',
    'constructor',
    'ключ',
    'x'.repeat(40),
  ]) {
    const client = await RawClient.connect(ours.port, { clientId, clean: false })
    assert.equal(client.connack!.returnCode, 0)
    assert.ok(ours.broker.clients().some(({ clientid }) => clientid === clientId))
    await client.subscribe(['t', 1])
    await client.disconnect()
    const again = await RawClient.connect(ours.port, { clientId, clean: false })
    assert.equal(again.connack!.sessionPresent, true)
    await again.disconnect()
  }
  const long = await RawClient.connect(ours.port, { clientId: 'x'.repeat(41) })
  assert.equal(long.connack!.returnCode, 2)
  const nul = new RawClient(ours.port)
  nul.send(connectPacket({ clientId: 'a\0b' }))
  await nul.ended()
  assert.deepEqual(nul.packets, [])
})

test('a will to a topic that is none, or reserved, ends the CONNECT', async () => {
  for (const topic of ['a/#', '$SYS/x', 'a\0']) {
    const client = new RawClient(ours.port)
    client.send(connectPacket({ will: { topic, payload: Buffer.from('x'), qos: 0, retain: false } }))
    await client.until(() => client.closed)
    assert.deepEqual(client.packets, [])
  }
})

test('MQTT 5 gets CONNACK 1; a first packet that is no CONNECT, and a second CONNECT, end the connection', async () => {
  const five = new RawClient(ours.port)
  five.socket.write(mqtt.generate(connectPacket({ protocolVersion: 5 }), { protocolVersion: 5 }))
  await five.received('connack')
  assert.equal(five.connack!.returnCode, 1)
  const early = new RawClient(ours.port)
  early.send(publishPacket('t', 'x'))
  await early.until(() => early.closed)
  const twice = await RawClient.connect(ours.port)
  twice.send(connectPacket())
  await twice.until(() => twice.closed)
})

test('a SUBSCRIBE of thousands of filters is answered at once: as many as a session may have, 128 for the rest', async () => {
  const client = await RawClient.connect(ours.port)
  const filters = Array.from({ length: 12_000 }, (_, index): [string, 0 | 1] => [index.toString(36), 1])
  const granted = await client.subscribe(...filters)
  assert.equal(granted.filter((code) => code === 1).length, DEFAULT_LIMITS.maxSubscriptions)
  assert.equal(granted.lastIndexOf(1), DEFAULT_LIMITS.maxSubscriptions - 1)
  assert.deepEqual(await client.subscribe(['1', 0], ['new', 0]), [0, 128])
  client.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['0'] })
  await client.received('unsuback')
  assert.deepEqual(await client.subscribe(['new', 0], ['another', 0]), [0, 128])
  await client.disconnect()
})

test('random bytes and randomly damaged packets never hurt the process', async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
  const random = randomBytes(seed)
  const valid = [
    mqtt.generate(
      connectPacket({ will: { topic: 'w', payload: Buffer.from('x'), qos: 1, retain: true }, username: 'u' }),
    ),
    mqtt.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a/+', qos: 1 }] }),
    mqtt.generate(publishPacket('a/b', 'payload', { qos: 2, messageId: 3 })),
    mqtt.generate({ cmd: 'pubrel', messageId: 3 }),
    mqtt.generate({ cmd: 'unsubscribe', messageId: 4, unsubscriptions: ['a/+'] }),
  ]
  const damaged = (): Buffer => {
    const bytes = Buffer.concat(valid)
    for (let count = 0; count < 4; count++) bytes[random.next().value % bytes.length] = random.next().value
    return bytes
  }
  for (let round = 0; round < 40; round++) {
    const attempts = Array.from({ length: 8 }, (_, index) => sendBytes(index % 2 ? damaged() : take(random, 200)))
    await Promise.all(attempts).catch((error) => assert.fail(`seed ${seed}: ${error}`))
  }
})

test('a connection that never introduces itself ends', async () => {
  const broker = await startOurs({ limits: { connectTimeoutMs: 100 } })
  const silent = new RawClient(broker.port)
  await silent.until(() => silent.closed, 'the end', 1000)
  await broker.close()
})
