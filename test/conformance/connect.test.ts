// Chapter 3.1 but for wills: what a CONNECT may say.

import assert from 'node:assert/strict'
import { connectBytes, connectPacket, packetBytes, publishPacket, type RawClient } from '../helpers/raw-client.ts'
import { gateway, payloads, statement } from './statement.ts'

const clientRow = async (clientid: string): Promise<Record<string, unknown> | undefined> =>
  (await gateway.ctl('clients')).find((row: { clientid: string }) => row.clientid === clientid)

async function refusedWithCode(client: RawClient, code: number): Promise<void> {
  await client.ended()
  assert.deepEqual(
    client.packets.map((packet) => packet.cmd === 'connack' && [packet.returnCode, packet.sessionPresent]),
    [[code, false]],
  )
}

statement('3.1.0-1', 'a first packet that is no CONNECT ends the connection', async (stage) => {
  for (const bytes of [
    packetBytes(0x30, stage.topic),
    packetBytes(0x82, [0, 1], stage.topic, [0]),
    packetBytes(0xc0),
    packetBytes(0xe0),
  ]) {
    await stage.refuses(stage.open(), bytes)
  }
})

statement('3.1.0-2', 'a second CONNECT ends the connection', async (stage) => {
  await stage.refuses(await stage.connect(), connectBytes({ payload: ['second'] }))
})

statement('3.1.2-1', 'another protocol name ends the connection', async (stage) => {
  for (const name of ['mqtt', 'MQTT ', 'HTTP', '']) {
    await stage.refuses(stage.open(), connectBytes({ name, payload: ['id'] }))
  }
})

statement(
  '3.1.2-2',
  'a protocol level that is not supported is answered with code 1, then the connection ends',
  async (stage) => {
    for (const level of [0, 3, 5, 6, 127, 128, 0x84, 255]) {
      const client = stage.open()
      client.sendBytes(connectBytes({ level, payload: ['id'] }), packetBytes(0x30, stage.topic))
      await refusedWithCode(client, 1)
    }
    const old = stage.open()
    old.sendBytes(connectBytes({ name: 'MQIsdp', level: 3, payload: [stage.topic] }))
    await old.received('connack')
    assert.equal(old.connack!.returnCode, 0)
  },
)

statement('3.1.2-3', 'the reserved flag ends the connection', async (stage) => {
  await stage.refuses(stage.open(), connectBytes({ flags: 0b0000_0011, payload: ['id'] }))
})

statement(
  '3.1.2-4',
  'without CleanSession the session is resumed, or made, and kept when the connection ends',
  async (stage) => {
    const options = { clientId: stage.topic, clean: false }
    const first = await stage.connect(options)
    assert.equal(first.connack!.sessionPresent, false)
    await first.subscribe([stage.topic, 1])
    await first.disconnect()
    const again = await stage.connect(options)
    assert.equal(again.connack!.sessionPresent, true)
    await stage.publish(stage.topic, 'as subscribed before')
    await again.received('publish')
  },
)

statement('3.1.2-5', 'messages of QoS 1 and 2 are kept for a session whose client is away', async (stage) => {
  const options = { clientId: stage.topic, clean: false }
  const first = await stage.connect(options)
  await first.subscribe([`${stage.topic}/#`, 2])
  await first.drop()
  await stage.publish(`${stage.topic}/1`, 'one', { qos: 1 })
  await stage.publish(`${stage.topic}/2`, 'two', { qos: 2 })
  const again = await stage.connect(options)
  await again.received('publish', 2)
  assert.deepEqual(payloads(again), ['one', 'two'])
})

statement(
  '3.1.2-6',
  'CleanSession discards what was there, and what it made is not there for the next',
  async (stage) => {
    const clientId = stage.topic
    const kept = await stage.connect({ clientId, clean: false })
    await kept.subscribe([`${stage.topic}/kept`, 1])
    await kept.drop()
    await stage.publish(`${stage.topic}/kept`, 'waits')
    const clean = await stage.connect({ clientId, clean: true })
    await clean.subscribe([`${stage.topic}/clean`, 1])
    await stage.publish(`${stage.topic}/clean`, 'not acknowledged')
    await clean.received('publish')
    await clean.drop()
    const next = await stage.connect({ clientId, clean: false })
    assert.equal(next.connack!.sessionPresent, false)
    await stage.publish(`${stage.topic}/kept`, 'to nobody')
    await stage.publish(`${stage.topic}/clean`, 'to nobody')
    await next.fence()
    assert.deepEqual([payloads(clean), payloads(next)], [['not acknowledged'], []])
  },
)

statement('3.1.2.7', 'retained messages outlive the session of their publisher', async (stage) => {
  const publisher = await stage.connect({ clean: true })
  await publisher.publish(stage.topic, 'stays', { qos: 1, retain: true })
  await publisher.disconnect()
  const subscriber = await stage.subscriber(stage.topic)
  await subscriber.received('publish')
})

statement('3.1.2-18', 'a user name without its flag ends the connection', async (stage) => {
  await stage.refuses(stage.open(), connectBytes({ payload: ['id', 'name'] }))
})

statement('3.1.2-19', 'a missing user name ends the connection', async (stage) => {
  await stage.refuses(stage.open(), connectBytes({ flags: 0b1000_0010, payload: ['id'] }))
})

statement('3.1.2-20', 'a password without its flag ends the connection', async (stage) => {
  await stage.refuses(stage.open(), connectBytes({ flags: 0b1000_0010, payload: ['id', 'name', 'password'] }))
})

statement('3.1.2-21', 'a missing password ends the connection', async (stage) => {
  await stage.refuses(stage.open(), connectBytes({ flags: 0b1100_0010, payload: ['id', 'name'] }))
})

statement('3.1.2-22', 'a password without a user name ends the connection', async (stage) => {
  for (const password of ['password', '']) {
    await stage.refuses(stage.open(), connectBytes({ flags: 0b0100_0010, payload: ['id', password] }))
  }
})

statement(
  '3.1.2-24',
  'silence for one and a half times the keepalive ends the connection, as a broken line would',
  async (stage) => {
    const watcher = await stage.subscriber(stage.topic)
    const patient = await stage.connect({ keepalive: 0 })
    const will = { topic: stage.topic, payload: Buffer.from('gone'), qos: 1 as const, retain: false }
    const silent = await stage.connect({ keepalive: 1, will })
    await silent.ended()
    await watcher.received('publish')
    await patient.fence()
  },
)

statement('3.1.3-1', 'client id, will topic, will message, user name, password: in this order', async (stage) => {
  const watcher = await stage.subscriber(`${stage.topic}/will`)
  const client = stage.open()
  const payload = [stage.topic, `${stage.topic}/will`, 'will message', 'user name', 'password']
  client.sendBytes(connectBytes({ flags: 0b1100_0110, payload }))
  await client.received('connack')
  const row = await clientRow(stage.topic)
  assert.equal(row?.username, 'user name')
  await client.drop()
  await watcher.received('publish')
  assert.deepEqual(payloads(watcher), ['will message'])
})

statement('3.1.3-2', 'each client id has its own session', async (stage) => {
  const options = (clientId: string) => ({ clientId: `${stage.topic}${clientId}`, clean: false })
  const [one, two] = [await stage.connect(options('a')), await stage.connect(options('A'))]
  await one.subscribe([`${stage.topic}/a`, 1])
  await two.subscribe([`${stage.topic}/A`, 1])
  await one.disconnect()
  await two.disconnect()
  await stage.publish(`${stage.topic}/a`, 'one')
  await stage.publish(`${stage.topic}/A`, 'two')
  const again = [await stage.connect(options('a')), await stage.connect(options('A'))]
  for (const client of again) await client.received('publish')
  assert.deepEqual(again.map(payloads), [['one'], ['two']])
})

statement('3.1.3-3', 'a CONNECT without a client id ends the connection', async (stage) => {
  await stage.refuses(stage.open(), connectBytes({ payload: [] }))
})

statement('3.1.3-4', 'a client id that is not UTF-8 ends the connection', async (stage) => {
  await stage.refuses(stage.open(), connectBytes({ payload: [Buffer.from([0, 2, 0xc3, 0x28])] }))
})

statement('3.1.3-5', 'client ids of 1 to 23 letters and digits are allowed', async (stage) => {
  for (const clientId of ['0', '0123456789abcdefghijklm', 'nopqrstuvwxyzABCDEFGHIJ', 'KLMNOPQRSTUVWXYZ']) {
    const client = await stage.connect({ clientId })
    assert.equal(client.connack!.returnCode, 0)
    assert.ok(await clientRow(clientId))
  }
})

statement('3.1.3-6', 'an empty client id gets one that nobody has', async (stage) => {
  const before = (await gateway.ctl('clients')).length
  const clients = [await stage.connect({ clientId: '' }), await stage.connect({ clientId: '' })]
  for (const client of clients) await client.fence() // the second did not take the first's place
  const ids = (await gateway.ctl('clients')).map(({ clientid }: { clientid: string }) => clientid)
  assert.equal(new Set(ids).size, before + 2)
  assert.ok(!ids.includes(''))
})

statement(
  '3.1.3-8',
  'an empty client id without CleanSession is answered with code 2, then the connection ends',
  async (stage) => {
    const client = stage.open()
    client.sendBytes(connectBytes({ flags: 0, payload: [''] }))
    await refusedWithCode(client, 2)
  },
)

statement(
  '3.1.3-9',
  'a client id that is too long is answered with code 2, then the connection ends',
  async (stage) => {
    const client = stage.open()
    client.send(connectPacket({ clientId: 'x'.repeat(257) }))
    await refusedWithCode(client, 2)
  },
)

statement('3.1.3-10', 'a will topic that is not UTF-8 ends the connection', async (stage) => {
  const topic = Buffer.from([0, 2, 0xc3, 0x28])
  await stage.refuses(stage.open(), connectBytes({ flags: 0b0000_0110, payload: ['id', topic, 'will'] }))
})

statement('3.1.3-11', 'a user name that is not UTF-8 ends the connection', async (stage) => {
  const name = Buffer.from([0, 2, 0xc3, 0x28])
  await stage.refuses(stage.open(), connectBytes({ flags: 0b1000_0010, payload: ['id', name] }))
})

statement('3.1.4-1', 'a CONNECT that does not conform ends the connection without a CONNACK', async (stage) => {
  for (const bytes of [
    packetBytes(0x10),
    packetBytes(0x10, 'MQTT'),
    packetBytes(0x10, 'MQTT', [4]),
    packetBytes(0x10, 'MQTT', [4, 2]),
    packetBytes(0x10, 'MQTT', [4, 2, 0]),
    packetBytes(0x10, 'MQTT', [4, 2, 0, 60], [0]),
    packetBytes(0x10, 'MQTT', [4, 2, 0, 60], [0, 3, 0x61]),
    connectBytes({ payload: ['id', Buffer.from([0])] }),
  ]) {
    await stage.refuses(stage.open(), Buffer.concat([bytes, packetBytes(0xc0), packetBytes(0xc0)]))
  }
})

statement('3.1.4-2', 'a client id that is connected already: the older connection ends', async (stage) => {
  const options = { clientId: stage.topic }
  const older = await stage.connect(options)
  const newer = await stage.connect(options)
  await older.ended()
  await newer.fence()
})

statement('3.1.4-3', 'CleanSession does what it says also when an older connection is taken over', async (stage) => {
  const clientId = stage.topic
  const older = await stage.connect({ clientId, clean: false })
  await older.subscribe([stage.topic, 1])
  const clean = await stage.connect({ clientId, clean: true })
  assert.equal(clean.connack!.sessionPresent, false)
  await stage.publish(stage.topic, 'to nobody')
  await clean.fence()
  const newer = await stage.connect({ clientId, clean: false })
  assert.equal(newer.connack!.sessionPresent, false)
  assert.deepEqual(payloads(clean), [])
})

statement('3.1.4-4', 'a CONNECT that is accepted is answered with a CONNACK of code 0', async (stage) => {
  const client = await stage.connect()
  assert.deepEqual([client.packets.length, client.connack!.returnCode], [1, 0])
})

statement('3.1.4-5', 'nothing that came behind a refused CONNECT is processed', async (stage) => {
  const subscriber = await stage.subscriber(stage.topic)
  for (const [refused, code] of [
    [connectPacket({ clientId: 'x'.repeat(257) }), 2],
    [connectPacket({ protocolVersion: 5 }), 1],
  ] as const) {
    const client = stage.open()
    client.send(refused, publishPacket(stage.topic, 'refused', { qos: 1, messageId: 1 }))
    await refusedWithCode(client, code)
  }
  await stage.publish(stage.topic, 'accepted')
  await subscriber.fence()
  assert.deepEqual(payloads(subscriber), ['accepted'])
})
