// Wills: chapters 3.1.2.5 to 3.1.2.7 and 3.14.

import assert from 'node:assert/strict'
import { connectBytes, packetBytes } from '../helpers/raw-client.ts'
import { payloads, statement, will } from './statement.ts'

statement('3.1.2-8', 'the will is published when the connection ends, however, but for a DISCONNECT', async (stage) => {
  const watcher = await stage.subscriber(stage.topic)
  const broken = await stage.connect(will(stage.topic))
  await broken.drop()
  await watcher.received('publish', 1)
  const halfClosed = await stage.connect(will(stage.topic))
  halfClosed.socket.end()
  await watcher.received('publish', 2)
  const faulty = await stage.connect(will(stage.topic))
  await stage.refuses(faulty, packetBytes(0x36, stage.topic))
  await watcher.received('publish', 3)
  const twice = await stage.connect(will(stage.topic))
  await stage.refuses(twice, connectBytes({ payload: ['second'] }))
  await watcher.received('publish', 4)
  const older = await stage.connect({ ...will(stage.topic), clientId: stage.topic })
  await stage.connect({ clientId: stage.topic })
  await older.ended()
  await watcher.received('publish', 5)
})

statement(
  '3.1.2-9',
  'a will has the QoS and the retain flag of the CONNECT; without topic or message it ends the connection',
  async (stage) => {
    const watcher = await stage.subscriber(stage.topic)
    for (const qos of [0, 1, 2] as const) {
      const client = await stage.connect(will(stage.topic, { qos }))
      await client.drop()
      await watcher.received('publish', qos + 1)
    }
    assert.deepEqual(
      watcher.publishes.map(({ qos }) => qos),
      [0, 1, 2],
    )
    await stage.refuses(stage.open(), connectBytes({ flags: 0b0000_0110, payload: ['id'] }))
    await stage.refuses(stage.open(), connectBytes({ flags: 0b0000_0110, payload: ['id', stage.topic] }))
  },
)

statement('3.1.2-10', 'a will that was published, or discarded by DISCONNECT, is gone', async (stage) => {
  const session = { clientId: stage.topic, clean: false }
  const watcher = await stage.subscriber(stage.topic)
  const first = await stage.connect({ ...session, ...will(stage.topic) })
  await first.drop()
  await watcher.received('publish')
  const second = await stage.connect(session)
  await second.drop()
  const third = await stage.connect({ ...session, ...will(stage.topic) })
  await third.disconnect()
  const fourth = await stage.connect(session)
  await fourth.drop()
  await stage.publish(stage.topic, 'end')
  await watcher.fence()
  assert.deepEqual(payloads(watcher), ['will', 'end'])
})

statement('3.1.2-11', 'topic and message of a will without the will flag end the connection', async (stage) => {
  await stage.refuses(stage.open(), connectBytes({ payload: ['id', stage.topic, 'will'] }))
  await stage.refuses(stage.open(), connectBytes({ flags: 0b0011_1010, payload: ['id', stage.topic, 'will'] }))
})

statement('3.1.2-12', 'without the will flag nothing is published at the end', async (stage) => {
  const watcher = await stage.subscriber('#')
  const client = await stage.connect({ clientId: stage.topic })
  await client.drop()
  const again = await stage.connect({ clientId: stage.topic }) // so the end of the first has been seen
  await again.disconnect()
  await stage.publish(stage.topic, 'end')
  await watcher.fence()
  assert.deepEqual(payloads(watcher), ['end'])
})

statement('3.1.2-13', 'a will QoS without the will flag ends the connection', async (stage) => {
  for (const flags of [0b0000_1010, 0b0001_0010, 0b0001_1010]) {
    await stage.refuses(stage.open(), connectBytes({ flags, payload: ['id'] }))
  }
})

statement('3.1.2-14', 'a will QoS of 3 ends the connection', async (stage) => {
  await stage.refuses(stage.open(), connectBytes({ flags: 0b0001_1110, payload: ['id', stage.topic, 'will'] }))
})

statement('3.1.2-15', 'a will retain flag without the will flag ends the connection', async (stage) => {
  await stage.refuses(stage.open(), connectBytes({ flags: 0b0010_0010, payload: ['id'] }))
})

statement('3.1.2-16', 'a will without the retain flag is not retained', async (stage) => {
  const watcher = await stage.subscriber(stage.topic)
  const client = await stage.connect(will(stage.topic, { qos: 1 }))
  await client.drop()
  await watcher.received('publish')
  const later = await stage.subscriber(stage.topic)
  await stage.publish(stage.topic, 'live')
  await later.received('publish')
  assert.deepEqual(payloads(later), ['live'])
})

statement('3.1.2-17', 'a will with the retain flag is retained', async (stage) => {
  const watcher = await stage.subscriber(stage.topic)
  const client = await stage.connect(will(stage.topic, { qos: 1, retain: true }))
  await client.drop()
  await watcher.received('publish')
  const later = await stage.subscriber(stage.topic)
  await later.received('publish')
  assert.deepEqual([payloads(later), later.publishes[0]!.retain], [['will'], true])
})

statement('3.14.4-3', 'DISCONNECT discards the will', async (stage) => {
  const watcher = await stage.subscriber(stage.topic)
  const client = await stage.connect({ clientId: stage.topic, ...will(stage.topic, { qos: 1 }) })
  await client.disconnect()
  await stage.connect({ clientId: stage.topic })
  await stage.publish(stage.topic, 'end')
  await watcher.fence()
  assert.deepEqual(payloads(watcher), ['end'])
})
