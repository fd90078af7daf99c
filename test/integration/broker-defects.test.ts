// The defects of aedes 1.2.0 that concern delivery, numbered as in src/broker/DESIGN.md. Each scene passes on our broker
// and is shown to fail on stock aedes.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Aedes } from 'aedes'
import type { IPublishPacket } from 'mqtt-packet'
import { accessBy } from '../helpers/access.ts'
import { scene } from '../helpers/brokers.ts'
import { connectPacket, packetBytes, publishPacket, RawClient } from '../helpers/raw-client.ts'

const QUIET_MS = 300
/** Until all that can be on its way to a subscriber that does not read is on its way. */
const STUCK_MS = 1000
const PERSISTENT = { clientId: 'subscriber', clean: false }
const payloads = (client: RawClient): string[] => client.publishes.map(({ payload }) => payload.toString())
const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => String(from + index))

/** Publishes of one segment: every second one is retained, which aedes stores before it delivers. */
const mixedSegment = (count: number, qos: 0 | 1 | 2): IPublishPacket[] =>
  numbers(count).map((payload, index) =>
    publishPacket('t', payload, { qos, retain: index % 2 === 0, ...(qos > 0 && { messageId: index + 1 }) }),
  )

scene('#1 publishes that finish out of order all arrive, in order', {
  async run({ port }) {
    const subscriber = await RawClient.connect(port)
    await subscriber.subscribe(['t', 0])
    const publisher = await RawClient.connect(port)
    publisher.send(...mixedSegment(40, 0))
    await subscriber.until(() => subscriber.publishes.length >= 40, '40 messages', 1000)
    assert.deepEqual(payloads(subscriber), numbers(40))
  },
})

scene('#2 what a persistent subscriber has not acknowledged is never deleted', {
  async run({ port }) {
    const subscriber = await RawClient.connect(port, PERSISTENT)
    await subscriber.subscribe(['t', 2])
    const publisher = await RawClient.connect(port)
    publisher.send(...mixedSegment(40, 2))
    await publisher.received('pubrec', 40)
    await sleep(QUIET_MS)
    await subscriber.drop()
    const again = await RawClient.connect(port, PERSISTENT)
    again.acknowledgeAll()
    await again.until(() => new Set(payloads(again)).size >= 40, '40 messages', 1000)
    assert.deepEqual(payloads(again), numbers(40))
  },
})

/** Makes the store take its time, as one on disk would if aedes waited for it. */
function slowStore(broker: Aedes): void {
  const { persistence } = broker as unknown as {
    persistence: { putWill(client: unknown, will: unknown): Promise<void> }
  }
  const putWill = persistence.putWill.bind(persistence)
  persistence.putWill = async (client, will) => {
    await sleep(100)
    await putWill(client, will)
  }
}

scene('#3 the first packet of a resumed session is the CONNACK, whatever is being published', {
  prepareStock: slowStore,
  async run({ port }) {
    const will = { topic: 'gone', payload: Buffer.from('x'), qos: 0 as const, retain: false }
    const first = await RawClient.connect(port, PERSISTENT)
    await first.subscribe(['t', 1])
    await first.disconnect()
    const publisher = await RawClient.connect(port)
    const publishing = setInterval(() => publisher.send(publishPacket('t', 'live', { qos: 1, messageId: 7 })), 2)
    try {
      const subscriber = await RawClient.connect(port, { ...PERSISTENT, will })
      await subscriber.received('publish')
      assert.equal(subscriber.packets[0]!.cmd, 'connack')
    } finally {
      clearInterval(publishing)
    }
  },
})

scene('#4 queued messages come before live ones', {
  async run({ port }) {
    const first = await RawClient.connect(port, PERSISTENT)
    await first.subscribe(['t', 1])
    await first.disconnect()
    const publisher = await RawClient.connect(port)
    for (const payload of numbers(300)) await publisher.publish('t', payload, { qos: 1 })
    const subscriber = new RawClient(port)
    subscriber.acknowledgeAll()
    subscriber.send(connectPacket(PERSISTENT))
    for (const payload of numbers(300, 300)) await publisher.publish('t', payload, { qos: 1 })
    await subscriber.until(() => subscriber.publishes.length >= 400)
    assert.deepEqual(payloads(subscriber).slice(0, 400), numbers(400))
  },
})

scene('#5 a subscriber that acknowledges nothing gets a window full, and the rest as it acknowledges', {
  async run({ port }) {
    const subscriber = await RawClient.connect(port)
    await subscriber.subscribe(['t', 1])
    const publisher = await RawClient.connect(port)
    for (const payload of numbers(100)) await publisher.publish('t', payload, { qos: 1 })
    await sleep(QUIET_MS)
    assert.equal(subscriber.publishes.length, 32)
    subscriber.acknowledgeAll()
    await subscriber.until(() => subscriber.publishes.length >= 100)
    assert.deepEqual(payloads(subscriber), numbers(100))
  },
})

scene('#6 a repeated message says DUP, with its packet id', {
  async run({ port }) {
    const first = await RawClient.connect(port, PERSISTENT)
    await first.subscribe(['t', 1])
    const publisher = await RawClient.connect(port)
    await publisher.publish('t', 'once', { qos: 1 })
    const original = (await first.received('publish')) as IPublishPacket
    await first.drop()
    const again = await RawClient.connect(port, PERSISTENT)
    const repeated = (await again.received('publish')) as IPublishPacket
    assert.deepEqual([original.dup, repeated.dup], [false, true])
    assert.equal(repeated.messageId, original.messageId)
  },
})

scene('#7 no message has a QoS above the granted one: wildcard, retained, queued', {
  async run({ port }) {
    const publisher = await RawClient.connect(port)
    await publisher.publish('t/retained', 'retained', { qos: 2, retain: true })
    const subscriber = await RawClient.connect(port, PERSISTENT)
    subscriber.acknowledgeAll()
    await subscriber.subscribe(['t/#', 1])
    assert.equal(((await subscriber.received('publish')) as IPublishPacket).qos, 1)
    await publisher.publish('t/live', 'live', { qos: 2 })
    assert.equal(((await subscriber.received('publish', 2)) as IPublishPacket).qos, 1)
    await subscriber.disconnect()
    await publisher.publish('t/queued', 'queued', { qos: 2 })
    const again = await RawClient.connect(port, PERSISTENT)
    assert.equal(((await again.received('publish')) as IPublishPacket).qos, 1)
  },
})

scene('#8 a refused filter stays refused after a reconnect', {
  ours: { access: accessBy({ allows: (_who, action, topic) => action !== 'subscribe' || topic !== 'secret' }) },
  stock: { authorizeSubscribe: (_client, wanted, done) => done(null, wanted.topic === 'secret' ? null : wanted) },
  async run({ port }) {
    const subscriber = await RawClient.connect(port, PERSISTENT)
    assert.deepEqual(await subscriber.subscribe(['open', 1], ['secret', 1]), [1, 128])
    await subscriber.disconnect()
    const publisher = await RawClient.connect(port)
    await publisher.publish('secret', 'x', { qos: 1 })
    await publisher.publish('open', 'y', { qos: 1 })
    const again = await RawClient.connect(port, PERSISTENT)
    again.acknowledgeAll()
    await again.until(() => payloads(again).includes('y'))
    await publisher.publish('secret', 'z', { qos: 1 })
    await sleep(QUIET_MS)
    assert.deepEqual(payloads(again), ['y'])
  },
})

scene('#11 a subscriber that does not read stalls neither the others nor the publisher', {
  async run({ port }) {
    const stuck = await RawClient.connect(port)
    await stuck.subscribe(['t', 1])
    stuck.socket.pause()
    const reader = await RawClient.connect(port)
    reader.acknowledgeAll()
    await reader.subscribe(['t', 1])
    const publisher = await RawClient.connect(port)
    const large = 'x'.repeat(100_000)
    for (let sent = 0; sent < 200; sent++) await publisher.publish('t', large, { qos: 1 })
    await reader.until(() => reader.publishes.length >= 200, '200 messages', 2000)
  },
})

scene('#12 a retained message of QoS 1 that was not acknowledged is repeated', {
  async run({ port }) {
    const publisher = await RawClient.connect(port)
    await publisher.publish('t', 'retained', { qos: 1, retain: true })
    const first = await RawClient.connect(port, PERSISTENT)
    await first.subscribe(['t', 1])
    await first.received('publish')
    await first.drop()
    const again = await RawClient.connect(port, PERSISTENT)
    const repeated = (await again.received('publish')) as IPublishPacket
    assert.deepEqual([repeated.retain, repeated.dup], [true, true])
  },
})

scene('#17 a subscriber that leaves with much unsent hurts nobody', {
  fatal: true,
  async run({ port }) {
    const leaving = await RawClient.connect(port)
    await leaving.subscribe(['t', 0])
    leaving.socket.pause()
    const large = 'x'.repeat(100_000)
    const publisher = await RawClient.connect(port)
    for (let sent = 0; sent < 300; sent++) publisher.send(publishPacket('t', large))
    await sleep(STUCK_MS)
    const hasty = await RawClient.connect(port)
    hasty.sendBytes(...Array<Buffer>(60_000).fill(packetBytes(0x30, 't'))) // thousands in one read
    await sleep(STUCK_MS)
    leaving.socket.destroy()
    await sleep(QUIET_MS)
    const another = await RawClient.connect(port)
    await another.fence()
  },
})
