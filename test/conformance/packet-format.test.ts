// Chapters 1.5 and 2: texts, flags, packet ids.

import assert from 'node:assert/strict'
import { connectBytes, connectPacket, packetBytes, textBytes } from '../helpers/raw-client.ts'
import { payloads, type Stage, statement } from './statement.ts'

/** Every text that a client can send. */
async function refusedEverywhere(stage: Stage, text: Buffer): Promise<void> {
  const connected = {
    'a topic': packetBytes(0x30, text),
    'a topic of QoS 1': packetBytes(0x32, text, [0, 1]),
    'a topic of QoS 2': packetBytes(0x34, text, [0, 1]),
    'a filter': packetBytes(0x82, [0, 1], text, [0]),
    'the filter of an UNSUBSCRIBE': packetBytes(0xa2, [0, 1], text),
  }
  const first = {
    'a client id': connectBytes({ payload: [text] }),
    'a will topic': connectBytes({ flags: 0b0000_0110, payload: ['', text, 'will'] }),
    'a user name': connectBytes({ flags: 0b1000_0010, payload: ['', text] }),
  }
  for (const [what, bytes] of Object.entries(connected)) {
    await stage.refuses(await stage.connect(), bytes).catch((cause) => assert.fail(`${what}: ${cause}`))
  }
  for (const [what, bytes] of Object.entries(first)) {
    await stage.refuses(stage.open(), bytes).catch((cause) => assert.fail(`${what}: ${cause}`))
  }
}

statement('1.5.3-1', 'a text that is not well-formed UTF-8 ends the connection', async (stage) => {
  for (const bytes of [
    [0x61, 0xff],
    [0xc3], // cut short
    [0xc0, 0xaf], // a slash in two bytes
    [0xed, 0xa0, 0x80], // U+D800
    [0xed, 0xbf, 0xbf], // U+DFFF
    [0xf4, 0x90, 0x80, 0x80], // behind the last character
  ]) {
    await refusedEverywhere(stage, textBytes(bytes))
  }
  const subscriber = await stage.subscriber('\ufffd/#')
  await stage.publish('\ufffd/ü/😀', 'a character like others')
  await subscriber.received('publish')
})

statement('1.5.3-2', 'a text with U+0000 ends the connection', async (stage) => {
  await refusedEverywhere(stage, textBytes('a\0b'))
})

statement('1.5.3-3', 'U+FEFF is a character like others', async (stage) => {
  const [marked, plain] = [`\ufeff${stage.topic}`, stage.topic]
  const subscriber = await stage.connect({ clientId: '\ufeffid' })
  assert.deepEqual(await subscriber.subscribe([marked, 0], [plain, 0]), [0, 0])
  const other = await stage.connect({ clientId: 'id' })
  await stage.publish(marked, 'marked')
  await subscriber.fence()
  await other.fence()
  assert.deepEqual(
    subscriber.publishes.map(({ topic }) => topic),
    [marked],
  )
})

statement('2.2.2-1', 'the reserved bits of what the broker sends have the values listed', async (stage) => {
  const client = await stage.connect()
  const firstBytes: number[] = []
  client.socket.on('data', (bytes) => firstBytes.push(bytes[0]!))
  const next = async (bytes: Buffer): Promise<void> => {
    const before = client.packets.length
    client.sendBytes(bytes)
    await client.until(() => client.packets.length > before)
  }
  await next(packetBytes(0x82, [0, 1], 'nothing', [2]))
  await next(packetBytes(0xa2, [0, 2], 'nothing'))
  await next(packetBytes(0x32, stage.topic, [0, 3]))
  await next(packetBytes(0x34, stage.topic, [0, 4]))
  await next(packetBytes(0x62, [0, 4]))
  await next(packetBytes(0xc0))
  assert.deepEqual(
    firstBytes.map((byte) => byte.toString(16)),
    ['90', 'b0', '40', '50', '70', 'd0'],
  )
})

statement('2.2.2-2', 'other flags end the connection', async (stage) => {
  await stage.refuses(stage.open(), packetBytes(0x11, 'MQTT', [4, 2, 0, 60], 'id'))
  for (const bytes of [
    packetBytes(0x41, [0, 1]), // PUBACK
    packetBytes(0x52, [0, 1]), // PUBREC
    packetBytes(0x60, [0, 1]), // PUBREL
    packetBytes(0x7f, [0, 1]), // PUBCOMP
    packetBytes(0x80, [0, 1], 'a', [0]), // SUBSCRIBE
    packetBytes(0xa0, [0, 1], 'a'), // UNSUBSCRIBE
    packetBytes(0xc1), // PINGREQ
    packetBytes(0xe2), // DISCONNECT
  ]) {
    await stage.refuses(await stage.connect(), bytes)
  }
})

statement('2.3.1-1', 'a packet id of 0 ends the connection', async (stage) => {
  for (const bytes of [
    packetBytes(0x32, stage.topic, [0, 0]),
    packetBytes(0x34, stage.topic, [0, 0]),
    packetBytes(0x82, [0, 0], stage.topic, [0]),
    packetBytes(0xa2, [0, 0], stage.topic),
  ]) {
    await stage.refuses(await stage.connect(), bytes)
  }
})

statement('2.3.1-4', 'a message that is sent again has its packet id, and no other has it meanwhile', async (stage) => {
  const session = { clientId: stage.topic, clean: false }
  const first = await stage.connect(session)
  await first.subscribe([stage.topic, 1])
  for (const payload of ['1', '2', '3']) await stage.publish(stage.topic, payload)
  await first.received('publish', 3)
  const ids = first.publishes.map(({ messageId }) => messageId)
  assert.equal(new Set(ids).size, 3)
  await first.drop()
  const again = await stage.connect(session)
  await again.received('publish', 3)
  await stage.publish(stage.topic, '4')
  await again.received('publish', 4)
  assert.deepEqual(
    again.publishes.slice(0, 3).map(({ messageId }) => messageId),
    ids,
  )
  assert.ok(!ids.includes(again.publishes[3]!.messageId))
})

statement('2.3.1-5', 'a PUBLISH of QoS 0 has no packet id', async (stage) => {
  const subscriber = await stage.connect()
  await subscriber.subscribe([stage.topic, 0])
  const received: Buffer[] = []
  subscriber.socket.on('data', (bytes) => received.push(bytes))
  await stage.publish(stage.topic, 'x')
  await subscriber.received('publish')
  assert.deepEqual(Buffer.concat(received), packetBytes(0x30, stage.topic, Buffer.from('x')))
})

statement('2.3.1-6', 'PUBACK, PUBREC, PUBREL and PUBCOMP have the packet id of the PUBLISH', async (stage) => {
  const subscriber = await stage.subscriber(stage.topic)
  const client = await stage.connect()
  client.acknowledgeAll()
  client.send({
    cmd: 'publish',
    topic: stage.topic,
    payload: '1',
    qos: 1,
    messageId: 65_535,
    dup: false,
    retain: false,
  })
  client.send({ cmd: 'publish', topic: stage.topic, payload: '2', qos: 2, messageId: 256, dup: false, retain: false })
  assert.equal((await client.received('puback')).messageId, 65_535)
  assert.equal((await client.received('pubrec')).messageId, 256)
  client.send({ cmd: 'pubrel', messageId: 256 })
  assert.equal((await client.received('pubcomp')).messageId, 256)
  assert.equal((await subscriber.received('pubrel')).messageId, subscriber.publishes[1]!.messageId)
  assert.deepEqual(payloads(subscriber), ['1', '2'])
})

statement('2.3.1-7', 'SUBACK and UNSUBACK have the packet id of what they answer', async (stage) => {
  const client = await stage.connect()
  client.send({ cmd: 'subscribe', messageId: 65_535, subscriptions: [{ topic: 'a', qos: 0 }] })
  client.send({ cmd: 'unsubscribe', messageId: 256, unsubscriptions: ['a'] })
  assert.equal((await client.received('suback')).messageId, 65_535)
  assert.equal((await client.received('unsuback')).messageId, 256)
})

statement('3.6.1-1', 'a PUBREL with other flags than 0010 ends the connection', async (stage) => {
  for (const flags of [0, 1, 3, 6, 10]) {
    await stage.refuses(await stage.connect(connectPacket()), packetBytes(0x60 | flags, [0, 1]))
  }
})
