// Chapter 4.3: the three deliveries, with the broker as sender and as receiver.

import assert from 'node:assert/strict'
import { publishPacket } from '../helpers/raw-client.ts'
import { payloads, statement } from './statement.ts'

statement('4.3.1-1', 'QoS 0: sent once, without DUP', async (stage) => {
  const session = { clientId: stage.topic, clean: false }
  const first = await stage.connect(session)
  await first.subscribe([stage.topic, 0])
  await stage.publish(stage.topic, 'once')
  await first.received('publish')
  await first.drop()
  const again = await stage.connect(session)
  await again.fence()
  assert.deepEqual([payloads(first), first.publishes[0]!.dup, payloads(again)], [['once'], false, []])
})

statement('4.3.2-1', 'QoS 1, sender: a free packet id, no DUP, unacknowledged until PUBACK comes', async (stage) => {
  const session = { clientId: stage.topic, clean: false }
  const first = await stage.connect(session)
  await first.subscribe([stage.topic, 1])
  for (const payload of ['1', '2', '3']) await stage.publish(stage.topic, payload)
  await first.received('publish', 3)
  assert.ok(first.publishes.every(({ dup, qos, messageId }) => !dup && qos === 1 && messageId! > 0))
  first.answer('puback', first.publishes[1]!)
  first.answer('pubrec', first.publishes[0]!) // not what acknowledges QoS 1
  first.answer('pubcomp', first.publishes[0]!)
  await first.fence()
  await first.drop()
  const again = await stage.connect(session)
  await again.received('publish', 2)
  await again.fence()
  assert.deepEqual(payloads(again), ['1', '3'])
})

statement(
  '4.3.2-2',
  'QoS 1, receiver: PUBACK; the same packet id behind it is a new message, DUP or not',
  async (stage) => {
    const subscriber = await stage.subscriber(stage.topic, 1)
    const publisher = await stage.connect()
    for (const [index, dup] of [false, true, false].entries()) {
      publisher.send(publishPacket(stage.topic, String(index), { qos: 1, messageId: 9, dup }))
      assert.equal((await publisher.received('puback', index + 1)).messageId, 9)
    }
    await subscriber.received('publish', 3)
    assert.deepEqual(payloads(subscriber), ['0', '1', '2'])
  },
)

statement(
  '4.3.3-1',
  'QoS 2, sender: PUBLISH until PUBREC, then PUBREL until PUBCOMP, never the PUBLISH again',
  async (stage) => {
    const session = { clientId: stage.topic, clean: false }
    const first = await stage.connect(session)
    await first.subscribe([stage.topic, 2])
    await stage.publish(stage.topic, 'x', { qos: 2 })
    await first.received('publish')
    await first.drop()
    const second = await stage.connect(session)
    await second.received('publish')
    second.answer('puback', second.publishes[0]!) // not what answers QoS 2
    second.answer('pubrec', second.publishes[0]!)
    const { messageId } = await second.received('pubrel')
    await second.drop()
    const third = await stage.connect(session)
    assert.equal((await third.received('pubrel')).messageId, messageId)
    third.answer('pubrec', second.publishes[0]!) // repeated: PUBREL again
    await third.received('pubrel', 2)
    third.answer('pubcomp', second.publishes[0]!)
    await third.fence()
    await third.drop()
    const fourth = await stage.connect(session)
    await fourth.fence()
    assert.deepEqual(
      [first, second].map(({ publishes: [publish] }) => [publish!.dup, publish!.messageId]),
      [
        [false, messageId],
        [true, messageId],
      ],
    )
    assert.deepEqual([payloads(third), fourth.packets.map(({ cmd }) => cmd)], [[], ['connack', 'pingresp']])
  },
)

statement(
  '4.3.3-2',
  'QoS 2, receiver: PUBREC each time, the message once, PUBCOMP; behind it the packet id is free',
  async (stage) => {
    const session = { clientId: stage.topic, clean: false }
    const subscriber = await stage.subscriber(stage.topic)
    const message = publishPacket(stage.topic, 'once', { qos: 2, messageId: 77 })
    const first = await stage.connect(session)
    first.send(message, { ...message, dup: true })
    await first.received('pubrec', 2)
    await first.drop()
    const again = await stage.connect(session)
    again.send({ ...message, dup: true })
    assert.equal((await again.received('pubrec')).messageId, 77)
    again.send({ cmd: 'pubrel', messageId: 77 })
    assert.equal((await again.received('pubcomp')).messageId, 77)
    again.send({ cmd: 'pubrel', messageId: 77 }) // whoever lost the PUBCOMP asks again
    await again.received('pubcomp', 2)
    again.send({ ...message, payload: 'new' })
    await again.received('pubrec', 2)
    await subscriber.received('publish', 2)
    assert.deepEqual(payloads(subscriber), ['once', 'new'])
  },
)
