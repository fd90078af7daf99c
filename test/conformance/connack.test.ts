// Chapter 3.2: the answer to a CONNECT.

import assert from 'node:assert/strict'
import { connectBytes, connectPacket, publishPacket } from '../helpers/raw-client.ts'
import { statement } from './statement.ts'

statement('3.2.0-1', 'the first packet that comes is the CONNACK, whatever came with the CONNECT', async (stage) => {
  await stage.publish(stage.topic, 'retained', { retain: true })
  const client = stage.open()
  client.send(
    connectPacket({ clientId: stage.topic, clean: false }),
    { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: stage.topic, qos: 1 }] },
    publishPacket(stage.topic, 'live', { qos: 1, messageId: 2 }),
    { cmd: 'pingreq' },
  )
  for (const cmd of ['publish', 'puback', 'pingresp'] as const) await client.received(cmd)
  assert.equal(client.packets[0]!.cmd, 'connack')
  await client.drop()
  await stage.publish(stage.topic, 'queued')
  const again = stage.open()
  again.send(connectPacket({ clientId: stage.topic, clean: false }), { cmd: 'pingreq' })
  await again.received('publish', 2)
  assert.equal(again.packets[0]!.cmd, 'connack')
})

statement('3.2.2-1', 'session present is 0 where CleanSession is 1', async (stage) => {
  const kept = await stage.connect({ clientId: stage.topic, clean: false })
  await kept.subscribe([stage.topic, 1])
  await kept.disconnect()
  const clean = await stage.connect({ clientId: stage.topic, clean: true })
  assert.deepEqual([clean.connack!.returnCode, clean.connack!.sessionPresent], [0, false])
})

statement('3.2.2-2', 'session present is 1 where there is a session', async (stage) => {
  const options = { clientId: stage.topic, clean: false }
  const first = await stage.connect(options)
  await first.disconnect()
  const again = await stage.connect(options)
  assert.deepEqual([again.connack!.returnCode, again.connack!.sessionPresent], [0, true])
})

statement('3.2.2-3', 'session present is 0 where there is none', async (stage) => {
  const client = await stage.connect({ clientId: stage.topic, clean: false })
  assert.deepEqual([client.connack!.returnCode, client.connack!.sessionPresent], [0, false])
})

statement('3.2.2-4', 'session present is 0 in a refusal', async (stage) => {
  const kept = await stage.connect({ clientId: stage.topic, clean: false })
  await kept.disconnect()
  const client = stage.open()
  client.sendBytes(connectBytes({ level: 5, flags: 0, payload: [stage.topic] }))
  await client.received('connack')
  assert.deepEqual([client.connack!.returnCode, client.connack!.sessionPresent], [1, false])
})

statement('3.2.2-5', 'the connection ends behind a refusal', async (stage) => {
  for (const [level, flags, code] of [
    [5, 2, 1],
    [4, 0, 2],
  ] as const) {
    const client = stage.open()
    client.sendBytes(connectBytes({ level, flags, payload: [''] }))
    await client.ended()
    assert.equal(client.connack!.returnCode, code)
  }
})

statement('3.2.2-6', 'where no code fits, the connection ends without a CONNACK', async (stage) => {
  for (const topic of ['$SYS/will', 'a/#', '']) {
    await stage.refuses(stage.open(), connectBytes({ flags: 0b0000_0110, payload: [stage.topic, topic, 'will'] }))
  }
})
