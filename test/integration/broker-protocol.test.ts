// The defects of aedes 1.2.0 that concern what it answers and accepts, numbered as in src/broker/DESIGN.md.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AedesOptions } from 'aedes'
import { scene, startOurs } from '../helpers/brokers.ts'
import { FakeHooks } from '../helpers/fake-hooks.ts'
import { connectBytes, connectPacket, packetBytes, publishPacket, RawClient } from '../helpers/raw-client.ts'

const QUIET_MS = 100

scene('#9 each filter of a SUBSCRIBE has its code, also when one comes twice', {
  async run({ port }) {
    const client = await RawClient.connect(port)
    assert.deepEqual(await client.subscribe(['a', 0], ['a', 1], ['b', 2], ['a', 0]), [0, 1, 2, 0])
  },
})

scene('#9 a filter that is none is refused alone; the connection goes on', {
  async run({ port }) {
    const client = await RawClient.connect(port)
    assert.deepEqual(await client.subscribe(['a', 1], ['a/#/b', 1], ['b+', 1], ['c', 2]), [1, 128, 128, 2])
  },
})

scene('#10 an empty client id without a clean session is refused with code 2', {
  async run({ port }) {
    const client = await RawClient.connect(port, { clientId: 'placeholder', clean: true })
    await client.disconnect()
    const nameless = new RawClient(port)
    // CONNECT, MQTT 3.1.1, no flags, keepalive 60, empty client id
    nameless.socket.write(Buffer.from([0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0, 0, 60, 0, 0]))
    await nameless.received('connack')
    assert.deepEqual([nameless.connack!.returnCode, nameless.connack!.sessionPresent], [2, false])
    await nameless.until(() => nameless.closed)
  },
})

test('#10 an empty client id with a clean session gets an id', async () => {
  const { broker, port, close } = await startOurs()
  const client = await RawClient.connect(port, { clientId: '' })
  assert.equal(client.connack!.returnCode, 0)
  assert.match(broker.clients()[0]!.clientid, /^auto-.{36}$/)
  await close()
})

scene('#13 a packet over the limit ends the connection before it is read', {
  ours: { limits: { maxPacketSize: 100_000 } },
  stock: { maximumPacketSize: 100_000 } as AedesOptions, // a key of aedes 2; 1.2.0 has none
  async run({ port }) {
    const client = await RawClient.connect(port)
    client.socket.write(Buffer.from([0x30, 0x81, 0x80, 0x80, 0x01])) // a PUBLISH of 2 MiB and one byte begins
    await client.until(() => client.closed, 'the end', 1000)
  },
})

test('#13 the limit is exact', async () => {
  const { port, hooks, close } = await startOurs({ limits: { maxPacketSize: 1000 } })
  const topicAndId = 2 + 1 + 2
  const client = await RawClient.connect(port)
  await client.publish('t', 'x'.repeat(1000 - topicAndId), { qos: 1 })
  client.send(publishPacket('t', 'x'.repeat(1001 - topicAndId), { qos: 1, messageId: 9 }))
  await client.until(() => client.closed)
  assert.equal(hooks.publishes().length, 1)
  await close()
})

scene('#15 a shared subscription is refused or served, not accepted and forgotten', {
  async run({ port }) {
    const client = await RawClient.connect(port)
    const [shared, plain] = await client.subscribe(['$share/group/t', 1], ['other', 1])
    assert.equal(plain, 1)
    if (shared === 128) return
    const publisher = await RawClient.connect(port)
    await publisher.publish('t', 'x', { qos: 1 })
    await client.until(() => client.publishes.length > 0, 'what the shared subscription is for', 500)
  },
})

const refusing = new FakeHooks()
const recordedByStock: string[] = []
let stockRefuses = false

scene('#16 a QoS 2 message whose recording failed is recorded when it is repeated', {
  ours: { hooks: refusing, journal: refusing.journal, store: refusing.store },
  stock: {
    published: (packet, client, done) => {
      if (client && !stockRefuses) recordedByStock.push(packet.topic)
      done(stockRefuses ? new Error('full') : null)
    },
  },
  async run({ port }) {
    const options = { clientId: 'publisher', clean: false }
    const message = publishPacket('t', 'once', { qos: 2, messageId: 5 })
    const first = await RawClient.connect(port, options)
    refusing.failure = new Error('full')
    stockRefuses = true
    first.send(message)
    await first.until(() => first.closed)
    refusing.failure = null
    stockRefuses = false
    const again = await RawClient.connect(port, options)
    again.send({ ...message, dup: true })
    await again.received('pubrec')
    assert.equal(refusing.rows.size + recordedByStock.length, 1)
    refusing.rows.clear()
  },
})

/** Each of `faults`, sent by a client that is connected or as its first packet, ends the connection. */
async function ended(port: number, faults: { first?: readonly Buffer[]; later?: readonly Buffer[] }): Promise<void> {
  const sent: [RawClient, Buffer][] = []
  for (const bytes of faults.first ?? []) sent.push([new RawClient(port), bytes])
  for (const bytes of faults.later ?? []) sent.push([await RawClient.connect(port), bytes])
  for (const [client, bytes] of sent) client.sendBytes(bytes)
  for (const [client, bytes] of sent)
    await client.until(() => client.closed, `the end by ${bytes.toString('hex')}`, 1000)
}

scene('#18 a text that is not UTF-8, or holds U+0000, ends the connection', {
  run: ({ port }) =>
    ended(port, {
      first: [connectBytes({ payload: [Buffer.from([0, 1, 0xff])] }), connectBytes({ payload: ['a\0'] })],
      later: [packetBytes(0x30, [0, 3, 0xed, 0xa0, 0x80]), packetBytes(0x82, [0, 1], [0, 1, 0xff], [0])],
    }),
})

scene('#19 fields that do not fill their packet end the connection', {
  run: ({ port }) =>
    ended(port, {
      first: [connectBytes({ payload: ['id', 'a user name without its flag'] })],
      later: [packetBytes(0xc0, [1]), Buffer.concat([packetBytes(0x40), packetBytes(0xc0)])],
    }),
})

scene('#20 flags and ids that contradict each other end the connection', {
  run: ({ port }) =>
    ended(port, {
      first: [
        connectBytes({ flags: 0b0001_1110, payload: ['id', 't', 'a will of QoS 3'] }),
        connectBytes({ flags: 0b0100_0010, payload: ['id', 'a password without a user name'] }),
      ],
      later: [packetBytes(0x38, 'DUP with QoS 0'), packetBytes(0x82, [0, 0], 'id 0', [0]), packetBytes(0xa2, [0, 1])],
    }),
})

scene('#21 a protocol level that is not supported is answered with code 1', {
  async run({ port }) {
    for (const level of [3, 6, 0x84]) {
      const client = new RawClient(port)
      client.sendBytes(connectBytes({ level, payload: ['id'] }))
      await client.until(() => client.closed || client.connack !== undefined)
      assert.equal(client.connack?.returnCode, 1)
    }
  },
})

test('a repeated QoS 2 PUBLISH is recorded once, and its PUBREC waits for the commit of the first', async () => {
  const { port, hooks, close } = await startOurs()
  const options = { clientId: 'publisher', clean: false }
  const first = await RawClient.connect(port, options)
  hooks.hold()
  const message = publishPacket('t', 'once', { qos: 2, messageId: 5 })
  first.send(message, { ...message, dup: true })
  await sleep(QUIET_MS)
  await first.drop()
  const again = await RawClient.connect(port, options)
  again.send({ ...message, dup: true })
  await sleep(QUIET_MS)
  assert.equal(again.packets.filter(({ cmd }) => cmd === 'pubrec').length, 0)
  hooks.commit()
  await again.received('pubrec')
  again.send({ ...message, dup: true })
  await again.received('pubrec', 2)
  again.send({ cmd: 'pubrel', messageId: 5 })
  await again.received('pubcomp')
  assert.equal(hooks.publishes().length, 1)
  again.send(message) // the id is free again: a new message
  await again.received('pubrec', 3)
  assert.equal(hooks.publishes().length, 2)
  await close()
})

test('PUBACK and PUBREC leave when the event is on disk, not before; a publisher that went is delivered all the same', async () => {
  const { port, hooks, close } = await startOurs()
  const subscriber = await RawClient.connect(port)
  await subscriber.subscribe(['t', 1])
  const publisher = await RawClient.connect(port)
  const gone = await RawClient.connect(port)
  hooks.hold()
  publisher.send(publishPacket('t', '1', { qos: 1, messageId: 1 }), publishPacket('t', '2', { qos: 2, messageId: 2 }))
  gone.send(publishPacket('t', '3', { qos: 1, messageId: 1 }))
  await sleep(QUIET_MS)
  await gone.drop()
  assert.equal(publisher.packets.length, 1) // the CONNACK
  assert.equal(subscriber.publishes.length, 0)
  hooks.commit()
  await publisher.received('puback')
  await publisher.received('pubrec')
  await subscriber.received('publish', 3)
  await close()
})

test('a publisher whose message the journal refuses is slowed, gets no acknowledgement and may repeat', async () => {
  const { broker, port, hooks, close } = await startOurs()
  const publisher = await RawClient.connect(port)
  hooks.failure = new Error('full')
  const since = performance.now()
  publisher.send(publishPacket('t', '1', { qos: 1, messageId: 1 }), publishPacket('t', '2', { qos: 1, messageId: 2 }))
  await publisher.until(() => publisher.closed)
  assert.ok(performance.now() - since > 1900)
  assert.equal(publisher.packets.length, 1)
  assert.equal(broker.stats().dropped.queue_full, 2)
  hooks.failure = null
  const again = await RawClient.connect(port)
  await again.publish('t', '1', { qos: 1, dup: true })
  await close()
})

test('packets sent together with the CONNECT are handled in order', async () => {
  const { port, hooks, close } = await startOurs()
  const client = new RawClient(port)
  const publishes = Array.from({ length: 200 }, (_, n) => publishPacket('t', String(n), { qos: 1, messageId: n + 1 }))
  client.send(connectPacket(), ...publishes)
  await client.received('puback', 200)
  assert.deepEqual(
    hooks.publishes().map(({ payload }) => Number(payload)),
    publishes.map(({ payload }) => Number(payload)),
  )
  await close()
})

test('a session without subscriptions is present all the same, and so are its half-done QoS 2 messages', async () => {
  const { port, close } = await startOurs()
  const options = { clientId: 'c', clean: false }
  const first = await RawClient.connect(port, options)
  assert.equal(first.connack!.sessionPresent, false)
  await first.drop()
  const again = await RawClient.connect(port, options)
  assert.equal(again.connack!.sessionPresent, true)
  await again.drop()
  const clean = await RawClient.connect(port, { ...options, clean: true })
  assert.equal(clean.connack!.sessionPresent, false)
  await close()
})
