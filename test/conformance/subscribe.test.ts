// Chapters 3.8 and 3.9.

import assert from 'node:assert/strict'
import { packetBytes } from '../helpers/raw-client.ts'
import { payloads, statement } from './statement.ts'

statement('3.8.1-1', 'a SUBSCRIBE with other flags than 0010 ends the connection', async (stage) => {
  for (const flags of [0, 1, 3, 6, 10]) {
    await stage.refuses(await stage.connect(), packetBytes(0x80 | flags, [0, 1], stage.topic, [0]))
  }
})

statement('3.8.3-1', 'a filter that is not UTF-8 ends the connection', async (stage) => {
  await stage.refuses(await stage.connect(), packetBytes(0x82, [0, 1], 'fine', [0], [0, 2, 0xc3, 0x28], [0]))
})

statement('3.8.3-2', 'filters with wildcards are granted', async (stage) => {
  const client = await stage.connect()
  assert.deepEqual(await client.subscribe(['#', 0], ['+', 1], [`${stage.topic}/+/#`, 2]), [0, 1, 2])
})

statement('3.8.3-3', 'a SUBSCRIBE without a filter ends the connection', async (stage) => {
  await stage.refuses(await stage.connect(), packetBytes(0x82, [0, 1]))
  await stage.refuses(await stage.connect(), packetBytes(0x82))
  await stage.refuses(await stage.connect(), packetBytes(0x82, [0, 1], stage.topic)) // a filter without its QoS
})

statement('3-8.3-4', 'reserved bits of a filter, and QoS 3, end the connection', async (stage) => {
  for (const byte of [3, 4, 8, 16, 32, 64, 128, 255]) {
    await stage.refuses(await stage.connect(), packetBytes(0x82, [0, 1], 'fine', [0], stage.topic, [byte]))
  }
})

statement('3.8.4-1', 'a SUBSCRIBE is answered with a SUBACK', async (stage) => {
  const client = await stage.connect()
  assert.deepEqual(await client.subscribe([stage.topic, 0]), [0])
})

statement('3.8.4-2', 'the SUBACK has the packet id of its SUBSCRIBE', async (stage) => {
  const client = await stage.connect()
  for (const id of [7, 65_535, 1]) client.sendBytes(packetBytes(0x82, [id >> 8, id & 255], stage.topic, [0]))
  await client.received('suback', 3)
  assert.deepEqual(
    client.packets.slice(1).map(({ messageId }) => messageId),
    [7, 65_535, 1],
  )
})

statement(
  '3.8.4-3',
  'a filter that is there is replaced: its QoS changes, retained messages come again, none is lost',
  async (stage) => {
    await stage.publish(`${stage.topic}/retained`, 'retained', { retain: true })
    const subscriber = await stage.connect()
    subscriber.acknowledgeAll()
    await subscriber.subscribe([`${stage.topic}/#`, 0])
    await subscriber.received('publish')
    const publisher = await stage.connect()
    const live = Array.from({ length: 200 }, (_, index) => String(index))
    for (const [index, payload] of live.entries()) {
      publisher.send({
        cmd: 'publish',
        topic: `${stage.topic}/live`,
        payload,
        qos: 1,
        messageId: index + 1,
        dup: false,
        retain: false,
      })
      if (index === 50) assert.deepEqual(await subscriber.subscribe([`${stage.topic}/#`, 1]), [1])
    }
    await publisher.received('puback', live.length)
    await subscriber.until(() => payloads(subscriber).length >= live.length + 2)
    const of = (wanted: string): string[] =>
      subscriber.publishes.filter(({ topic }) => topic.endsWith(wanted)).map(({ payload }) => `${payload}`)
    assert.deepEqual([of('live'), of('retained')], [live, ['retained', 'retained']])
    assert.equal(subscriber.publishes.at(-1)!.qos, 1)
  },
)

statement('3.8.4-4', 'several filters are handled as several SUBSCRIBEs, with one SUBACK', async (stage) => {
  const { topic } = stage
  await stage.publish(`${topic}/a`, 'a', { retain: true })
  await stage.publish(`${topic}/b`, 'b', { retain: true })
  const client = await stage.connect()
  client.acknowledgeAll()
  assert.deepEqual(await client.subscribe([`${topic}/a`, 0], [`${topic}/b`, 1], [`${topic}/a`, 2]), [0, 1, 2])
  await client.received('publish', 2)
  await stage.publish(`${topic}/a`, 'live', { qos: 2 })
  await client.until(() => payloads(client).includes('live'))
  assert.equal(client.publishes.find(({ payload }) => `${payload}` === 'live')!.qos, 2) // as the last one says
  assert.equal(client.packets.filter(({ cmd }) => cmd === 'suback').length, 1)
})

statement('3.8.4-5', 'the SUBACK has a code for each filter: the granted QoS, or a refusal', async (stage) => {
  const client = await stage.connect()
  const granted = await client.subscribe(['a', 2], ['a/#/b', 1], ['b', 0], ['b+', 0], ['a', 1], ['c', 1])
  assert.deepEqual(granted, [2, 128, 0, 128, 1, 1])
})

statement('3.8.4-6', 'a message comes with the lower of its own QoS and the granted one', async (stage) => {
  const levels = [0, 1, 2] as const
  for (const granted of levels) {
    const subscriber = await stage.subscriber(stage.topic, granted)
    for (const qos of levels) await stage.publish(stage.topic, '', { qos })
    await subscriber.received('publish', 3)
    assert.deepEqual(
      subscriber.publishes.map(({ qos }) => qos),
      levels.map((qos) => Math.min(qos, granted)),
    )
  }
})

statement('3.9.3-1', 'the codes are in the order of the filters', async (stage) => {
  const client = await stage.connect()
  const wanted = Array.from({ length: 100 }, (_, index) => ((index * 7) % 3) as 0 | 1 | 2)
  const filters = wanted.map((qos, index): [string, 0 | 1 | 2] => [`${stage.topic}/${(index * 31) % 100}`, qos])
  assert.deepEqual(await client.subscribe(...filters), wanted)
})

statement('3.9.3-2', 'no other codes than 0, 1, 2 and 128 are used', async (stage) => {
  const client = await stage.connect()
  const filters = ['a', '', '+a', '#/', '$share/group/a', '$SYS/#', 'x'.repeat(65_535), '/'.repeat(1000)]
  const granted = await client.subscribe(...filters.map((filter): [string, 1] => [filter, 1]))
  assert.deepEqual(granted, [1, 128, 128, 128, 128, 1, 1, 128])
})
