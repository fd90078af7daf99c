// Chapter 3.3: DUP, QoS, retained messages, what becomes of a PUBLISH.

import assert from 'node:assert/strict'
import { packetBytes, type RawClient } from '../helpers/raw-client.ts'
import { payloads, type Stage, statement } from './statement.ts'

const retain = { retain: true } as const

/** What a new subscriber of `topic` gets before what is live. */
async function retainedOf(stage: Stage, topic = stage.topic): Promise<RawClient> {
  const subscriber = await stage.subscriber(topic)
  await stage.publish(topic.replace('#', 'live'), 'live')
  await subscriber.until(() => payloads(subscriber).includes('live'))
  subscriber.packets.splice(subscriber.packets.indexOf(subscriber.publishes.find((p) => `${p.payload}` === 'live')!), 1)
  return subscriber
}

statement('3.3.1-1', 'a PUBLISH that is sent again has DUP', async (stage) => {
  const session = { clientId: stage.topic, clean: false }
  const first = await stage.connect(session)
  await first.subscribe([stage.topic, 2])
  await stage.publish(stage.topic, '1', { qos: 1 })
  await stage.publish(stage.topic, '2', { qos: 2 })
  await first.received('publish', 2)
  await first.drop()
  const again = await stage.connect(session)
  await again.received('publish', 2)
  assert.deepEqual(
    [...first.publishes, ...again.publishes].map(({ dup }) => dup),
    [false, false, true, true],
  )
})

statement('3.3.1-2', 'a PUBLISH of QoS 0 has no DUP; one that comes with it ends the connection', async (stage) => {
  const subscriber = await stage.subscriber(stage.topic, 0)
  const publisher = await stage.connect()
  publisher.send({ cmd: 'publish', topic: stage.topic, payload: 'x', qos: 1, messageId: 1, dup: true, retain: false })
  const { dup, qos } = (await subscriber.received('publish')) as { dup: boolean; qos: number }
  assert.deepEqual([dup, qos], [false, 0])
  await publisher.received('puback')
  for (const first of [0x38, 0x39]) {
    await stage.refuses(await stage.connect(), packetBytes(first, stage.topic))
  }
})

statement('3.3.1-3', 'DUP of the publisher is not passed on', async (stage) => {
  const subscriber = await stage.subscriber(stage.topic)
  await stage.publish(stage.topic, '1', { qos: 1, dup: true })
  await stage.publish(stage.topic, '2', { qos: 2, dup: true })
  await subscriber.received('publish', 2)
  assert.deepEqual(
    subscriber.publishes.map(({ dup }) => dup),
    [false, false],
  )
})

statement('3.3.1-4', 'QoS 3 ends the connection', async (stage) => {
  for (const first of [0x36, 0x37, 0x3e]) {
    await stage.refuses(await stage.connect(), packetBytes(first, stage.topic, [0, 1]))
  }
})

statement('3.3.1-5', 'a message with the retain flag is kept with its QoS for later subscribers', async (stage) => {
  for (const qos of [0, 1, 2] as const) {
    await stage.publish(`${stage.topic}/${qos}`, `of QoS ${qos}`, { qos, ...retain })
    const subscriber = await stage.subscriber(`${stage.topic}/${qos}`)
    await subscriber.received('publish')
    assert.deepEqual([payloads(subscriber), subscriber.publishes[0]!.qos], [[`of QoS ${qos}`], qos])
  }
})

statement('3.3.1-6', 'a new subscriber gets the last retained message of each topic', async (stage) => {
  for (const payload of ['old', 'new']) {
    await stage.publish(`${stage.topic}/a`, `a ${payload}`, retain)
    await stage.publish(`${stage.topic}/b/c`, `b ${payload}`, retain)
  }
  const subscriber = await retainedOf(stage, `${stage.topic}/#`)
  assert.deepEqual(payloads(subscriber).sort(), ['a new', 'b new'])
})

statement('3.3.1-7', 'a retained message of QoS 0 takes the place of the one before', async (stage) => {
  await stage.publish(stage.topic, 'old', { qos: 2, ...retain })
  await stage.publish(stage.topic, 'new', { qos: 0, ...retain })
  assert.deepEqual(payloads(await retainedOf(stage)), ['new'])
})

statement('3.3.1-8', 'what is sent since somebody subscribed has the retain flag', async (stage) => {
  await stage.publish(stage.topic, 'x', retain)
  const subscriber = await stage.subscriber(stage.topic)
  assert.equal(((await subscriber.received('publish')) as { retain: boolean }).retain, true)
})

statement('3.3.1-9', 'what is sent to one who subscribed before has not', async (stage) => {
  const subscriber = await stage.subscriber(stage.topic)
  for (const qos of [0, 1, 2] as const) await stage.publish(stage.topic, 'x', { qos, ...retain })
  await subscriber.received('publish', 3)
  assert.deepEqual(
    subscriber.publishes.map((publish) => publish.retain),
    [false, false, false],
  )
})

statement(
  '3.3.1-10',
  'an empty message with the retain flag is delivered, and removes the retained one',
  async (stage) => {
    await stage.publish(stage.topic, 'x', retain)
    const subscriber = await stage.subscriber(stage.topic)
    await subscriber.received('publish')
    await stage.publish(stage.topic, '', retain)
    await subscriber.received('publish', 2)
    assert.deepEqual(payloads(subscriber), ['x', ''])
    assert.deepEqual(payloads(await retainedOf(stage)), [])
  },
)

statement('3.3.1-11', 'an empty message is not retained', async (stage) => {
  await stage.publish(stage.topic, '', retain)
  assert.deepEqual(payloads(await retainedOf(stage)), [])
})

statement('3.3.1-12', 'a message without the retain flag leaves the retained one alone', async (stage) => {
  await stage.publish(stage.topic, 'retained', retain)
  await stage.publish(stage.topic, 'live')
  await stage.publish(stage.topic, '')
  assert.deepEqual(payloads(await retainedOf(stage)), ['retained'])
})

statement('3.3.2-1', 'a PUBLISH without a topic, or with one that is not UTF-8, ends the connection', async (stage) => {
  for (const body of [[], [0], [0, 2, 0x61], [0, 1, 0xff]]) {
    const bytes = Buffer.concat([packetBytes(0x30, body), packetBytes(0xc0)])
    await stage.refuses(await stage.connect(), bytes)
  }
})

statement('3.3.2-2', 'a topic with wildcards ends the connection', async (stage) => {
  for (const topic of ['#', '+', 'a/#', 'a/+/b', 'a+', 'a#']) {
    await stage.refuses(await stage.connect(), packetBytes(0x32, topic, [0, 1]))
    await stage.refuses(await stage.connect(), packetBytes(0x30, topic))
  }
})

statement('3.3.2-3', 'what is delivered matches a filter of the subscriber', async (stage) => {
  const { topic } = stage
  const subscriber = await stage.connect()
  await subscriber.subscribe([`${topic}/+/b`, 0], [`${topic}/c/#`, 0])
  for (const end of ['a/b', 'a/b/c', 'a', 'c', 'c/d/e', 'd']) await stage.publish(`${topic}/${end}`, end)
  await subscriber.fence()
  assert.deepEqual(payloads(subscriber), ['a/b', 'c', 'c/d/e'])
})

statement('3.3.4-1', 'QoS 0 gets no answer, QoS 1 PUBACK, QoS 2 PUBREC', async (stage) => {
  const client = await stage.connect()
  const publish = (qos: 0 | 1 | 2) =>
    client.send({ cmd: 'publish', topic: 't', payload: '', qos, messageId: qos, dup: false, retain: false })
  for (const qos of [0, 1, 2] as const) publish(qos)
  await client.received('pubrec')
  await client.fence()
  assert.deepEqual(client.packets.map(({ cmd, messageId }) => `${cmd} ${messageId ?? ''}`).sort(), [
    'connack ',
    'pingresp ',
    'puback 1',
    'pubrec 2',
  ])
})

statement('3.3.5-1', 'filters that overlap: the highest QoS of those that match', async (stage) => {
  const { topic } = stage
  const subscriber = await stage.connect()
  subscriber.acknowledgeAll()
  await subscriber.subscribe([`${topic}/#`, 0], [`${topic}/a`, 2], [`${topic}/+`, 1])
  await stage.publish(`${topic}/a`, '', { qos: 2 })
  await stage.publish(`${topic}/b`, '', { qos: 2 })
  await stage.publish(`${topic}/c/d`, '', { qos: 2 })
  await subscriber.received('publish', 3)
  await subscriber.fence()
  assert.deepEqual(
    subscriber.publishes.map(({ qos }) => qos),
    [2, 1, 0],
  )
})

statement('3.3.5-2', 'a PUBLISH that is not allowed is not acknowledged: the connection ends', async (stage) => {
  const subscriber = await stage.subscriber('$mine/#')
  for (const first of [0x32, 0x34]) await stage.refuses(await stage.connect(), packetBytes(first, '$mine/x', [0, 1]))
  await stage.refuses(await stage.connect(), packetBytes(0x30, '$SYS/x'))
  await subscriber.fence()
  assert.deepEqual(payloads(subscriber), [])
})
