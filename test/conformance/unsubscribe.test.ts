// Chapter 3.10.

import assert from 'node:assert/strict'
import { packetBytes, type RawClient } from '../helpers/raw-client.ts'
import { payloads, statement } from './statement.ts'

async function unsubscribe(client: RawClient, ...unsubscriptions: string[]): Promise<void> {
  const before = client.packets.filter(({ cmd }) => cmd === 'unsuback').length
  client.send({ cmd: 'unsubscribe', messageId: 4711, unsubscriptions })
  await client.received('unsuback', before + 1)
}

statement('3.10.1-1', 'an UNSUBSCRIBE with other flags than 0010 ends the connection', async (stage) => {
  for (const flags of [0, 1, 3, 6, 10]) {
    await stage.refuses(await stage.connect(), packetBytes(0xa0 | flags, [0, 1], stage.topic))
  }
})

statement('3.10.3-1', 'a filter that is not UTF-8, or is cut short, ends the connection', async (stage) => {
  await stage.refuses(await stage.connect(), packetBytes(0xa2, [0, 1], 'fine', [0, 2, 0xc3, 0x28]))
  await stage.refuses(await stage.connect(), packetBytes(0xa2, [0, 1], 'fine', [0, 9, 0x61]))
  await stage.refuses(await stage.connect(), packetBytes(0xa2, [0, 1], 'fine', [0]))
})

statement('3.10.3-2', 'an UNSUBSCRIBE without a filter ends the connection', async (stage) => {
  await stage.refuses(await stage.connect(), packetBytes(0xa2, [0, 1]))
  await stage.refuses(await stage.connect(), packetBytes(0xa2))
})

statement(
  '3.10.4-1',
  'a filter is compared character by character: the one that is equal is deleted',
  async (stage) => {
    const { topic } = stage
    const client = await stage.connect()
    await client.subscribe([`${topic}/+`, 0], [`${topic}/a`, 0])
    await unsubscribe(client, `${topic}/#`, `${topic}/A`, `${topic}/a/`, `${topic}/b`)
    await stage.publish(`${topic}/b`, 'by the wildcard')
    await unsubscribe(client, `${topic}/+`)
    await stage.publish(`${topic}/b`, 'to nobody')
    await stage.publish(`${topic}/a`, 'by its name')
    await client.fence()
    assert.deepEqual(payloads(client), ['by the wildcard', 'by its name'])
  },
)

statement('3.10.4-2', 'no new messages are added behind the UNSUBSCRIBE', async (stage) => {
  const client = await stage.connect()
  await client.subscribe([stage.topic, 1])
  await unsubscribe(client, stage.topic)
  await stage.publish(stage.topic, 'to nobody')
  await client.fence()
  assert.deepEqual(payloads(client), [])
})

statement('3.10.4-3', 'what is on its way to the client is delivered to its end', async (stage) => {
  const session = { clientId: stage.topic, clean: false }
  const first = await stage.connect(session)
  await first.subscribe([stage.topic, 2])
  await stage.publish(stage.topic, '1', { qos: 1 })
  await stage.publish(stage.topic, '2', { qos: 2 })
  await first.received('publish', 2)
  await unsubscribe(first, stage.topic)
  first.answer('pubrec', first.publishes[1]!)
  await first.received('pubrel')
  await first.drop()
  const again = await stage.connect(session)
  again.acknowledgeAll()
  await again.received('publish')
  await again.received('pubrel')
  await again.fence()
  assert.deepEqual(payloads(again), ['1'])
})

statement('3.10.4-4', 'an UNSUBSCRIBE is answered with an UNSUBACK of its packet id', async (stage) => {
  const client = await stage.connect()
  await client.subscribe([stage.topic, 0])
  client.sendBytes(packetBytes(0xa2, [0x12, 0x34], stage.topic))
  assert.equal((await client.received('unsuback')).messageId, 0x1234)
})

statement('3.10.4-5', 'also when nothing is deleted', async (stage) => {
  const client = await stage.connect()
  for (const filter of ['never subscribed', 'a/#/b', '', '/'.repeat(1000)]) {
    await unsubscribe(client, filter)
  }
})

statement('3.10.4-6', 'several filters are handled as several UNSUBSCRIBEs, with one UNSUBACK', async (stage) => {
  const { topic } = stage
  const client = await stage.connect()
  await client.subscribe([`${topic}/a`, 0], [`${topic}/b`, 0], [`${topic}/c`, 0])
  await unsubscribe(client, `${topic}/a`, 'nothing', `${topic}/b`, `${topic}/a`)
  for (const end of ['a', 'b', 'c']) await stage.publish(`${topic}/${end}`, end)
  await client.fence()
  assert.deepEqual(payloads(client), ['c'])
  assert.equal(client.packets.filter(({ cmd }) => cmd === 'unsuback').length, 1)
})
