// Sessions over kill -9 and SIGTERM: a real gateway process, clients that hide nothing.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { IConnectPacket, IPublishPacket } from 'mqtt-packet'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { publishPacket, RawClient } from '../helpers/raw-client.ts'

let gateway: GatewayProcess

beforeEach(async () => {
  gateway = await new GatewayProcess().start()
})

afterEach(() => gateway.remove())

const stored = (clientId: string, more: Partial<IConnectPacket> = {}): Promise<RawClient> =>
  RawClient.connect(gateway.port, { clientId, clean: false, ...more })

async function crash(): Promise<void> {
  await gateway.kill9()
  await gateway.start()
}

/** The gateway has seen that the connections ended, and a commit has followed. */
async function ended(): Promise<void> {
  await until('all connections ended', async () => (await gateway.ctl('status')).clients.connected === 0)
  await publish('flush', ['everything before is on disk'])
}

async function publish(topic: string, payloads: readonly string[], qos: 0 | 1 | 2 = 1): Promise<void> {
  const publisher = await RawClient.connect(gateway.port, { clientId: 'publisher' })
  for (const payload of payloads) await publisher.publish(topic, payload, { qos })
  publisher.socket.destroy()
}

const payloads = (client: RawClient): string[] => client.publishes.map(({ payload }) => String(payload))
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index))

test('what waited for a client that was away is delivered after a crash, in order, then what came since', async () => {
  const client = await stored('c')
  assert.deepEqual(await client.subscribe(['a/#', 1], ['b', 0]), [1, 0])
  client.socket.destroy()
  await publish('a/1', numbered(1, 100))
  await publish('b', ['no'], 1)
  await crash()
  await publish('a/2', numbered(101, 110))
  const again = await stored('c')
  again.acknowledgeAll()
  assert.equal(again.connack!.sessionPresent, true)
  await again.until(() => again.publishes.length === 110)
  assert.deepEqual(payloads(again), numbered(1, 110))
  assert.ok(again.publishes.every(({ dup }) => !dup))
  await again.drop()
  await ended()
  await crash()
  await publish('a/1', ['last'])
  const third = await stored('c')
  await third.until(() => third.publishes.length > 0)
  assert.deepEqual(payloads(third), ['last'])
})

test('what was in flight comes again with its packet id and DUP, what was acknowledged does not', async () => {
  const client = await stored('c')
  await client.subscribe(['t', 1])
  await publish('t', numbered(1, 5))
  await client.until(() => client.publishes.length === 5)
  const [first, second, third] = client.publishes
  client.answer('puback', first!)
  client.answer('puback', third!)
  await client.drop()
  await ended()
  await crash()
  const again = await stored('c')
  await again.until(() => again.publishes.length === 3)
  assert.deepEqual(payloads(again), ['2', '4', '5'])
  assert.deepEqual(
    again.publishes.map(({ messageId, dup }) => [messageId, dup]),
    client.publishes.filter(({ payload }) => /[245]/.test(String(payload))).map(({ messageId }) => [messageId, true]),
  )
  assert.equal(second!.messageId, again.publishes[0]!.messageId)
})

test('QoS 2 to a subscriber: exactly once, wherever the crash comes', async () => {
  const client = await stored('c')
  await client.subscribe(['t', 2])
  await publish('t', numbered(1, 3), 2)
  await client.until(() => client.publishes.length === 3)
  const [first, second, third] = client.publishes
  client.answer('pubrec', first!)
  client.answer('pubrec', second!)
  await client.until(() => client.packets.filter(({ cmd }) => cmd === 'pubrel').length === 2)
  client.answer('pubcomp', first!)
  await crash()
  const again = await stored('c')
  await again.until(() => again.publishes.length === 1)
  assert.deepEqual([again.publishes[0]!.messageId, again.publishes[0]!.dup], [third!.messageId, true])
  const released = again.packets.filter(({ cmd }) => cmd === 'pubrel').map(({ messageId }) => messageId)
  assert.ok(released.includes(second!.messageId)) // that of the first may be repeated, too
  again.acknowledgeAll()
  await again.publish('t', '4', { qos: 2 })
  await again.until(() => again.publishes.length === 2)
  assert.deepEqual(payloads(again), ['3', '4'])
})

test('QoS 2 from a publisher: a repeated PUBLISH is known after a crash, until its PUBREL', async () => {
  const observer = await stored('observer')
  await observer.subscribe(['t', 1])
  const client = await stored('c')
  const message = publishPacket('t', 'once', { qos: 2, messageId: 7 })
  client.send(message)
  await client.received('pubrec')
  await crash()
  const again = await stored('c')
  again.send({ ...message, dup: true })
  await again.received('pubrec')
  again.send({ cmd: 'pubrel', messageId: 7 })
  await again.received('pubcomp')
  await crash()
  const third = await stored('c')
  third.send(publishPacket('t', 'the next', { qos: 2, messageId: 7 }))
  await third.received('pubrec')
  const seen = await stored('observer')
  seen.acknowledgeAll()
  await seen.until(() => payloads(seen).includes('the next'))
  assert.deepEqual([...new Set([...payloads(observer), ...payloads(seen)])], ['once', 'the next'])
  assert.equal(payloads(seen).filter((payload) => payload === 'once').length <= 1, true)
})

test('SUBACK and UNSUBACK are on disk, a refused filter is not', async () => {
  const client = await stored('c')
  assert.deepEqual(await client.subscribe(['kept', 1], ['$share/g/t', 1], ['gone', 1]), [1, 128, 1])
  client.send({ cmd: 'unsubscribe', messageId: 99, unsubscriptions: ['gone'] })
  await client.received('unsuback')
  await crash()
  await publish('gone', ['no'])
  await publish('kept', ['yes'])
  const again = await stored('c')
  await again.until(() => again.publishes.length > 0)
  assert.deepEqual(payloads(again), ['yes'])
})

test('a connect with clean session puts an end to the stored one, for good', async () => {
  const client = await stored('c')
  await client.subscribe(['t', 1])
  client.socket.destroy()
  await publish('t', ['never'])
  const clean = await RawClient.connect(gateway.port, { clientId: 'c', clean: true })
  assert.equal(clean.connack!.sessionPresent, false)
  await crash()
  const again = await stored('c')
  assert.equal(again.connack!.sessionPresent, false)
})

test('wills of those who were connected are published after a crash, once, and to stored sessions', async () => {
  const watcher = await stored('watcher')
  await watcher.subscribe(['will/#', 1])
  const will = { topic: 'will/c', payload: Buffer.from('gone'), qos: 1 as const, retain: true }
  await stored('c', { will })
  const leaver = await stored('leaver', { will: { ...will, topic: 'will/leaver' } })
  leaver.send({ cmd: 'disconnect' })
  await leaver.until(() => leaver.closed)
  await publish('will/seen', ['flush']) // everything before is on disk
  await crash()
  const again = await stored('watcher')
  again.acknowledgeAll()
  await again.until(() => payloads(again).includes('gone'))
  await crash()
  const third = await stored('watcher')
  const late = await RawClient.connect(gateway.port)
  await late.subscribe(['will/c', 1])
  await late.until(() => late.publishes.length === 1)
  assert.deepEqual([late.publishes[0]!.topic, late.publishes[0]!.retain], ['will/c', true])
  const told = [...again.publishes, ...third.publishes].filter(({ topic }) => topic === 'will/leaver')
  assert.deepEqual(told, [])
})

test('the queue of a session is bounded after a crash, too, and its rows are kept that long', async () => {
  gateway.configure({ conf: 'mqtt.max_offline = 10' })
  await crash()
  const client = await stored('c')
  await client.subscribe(['t', 1])
  client.socket.destroy()
  await publish('t', numbered(1, 50))
  await crash()
  const again = await stored('c')
  again.acknowledgeAll()
  await again.until(() => payloads(again).includes('50'))
  assert.deepEqual(payloads(again), numbered(41, 50))
})

test('a forgotten session does not fill the journal: it gives way, counted, before publishers are refused', async () => {
  gateway.configure({
    conf: 'queue.max_bytes = 4MB\nlog.level = warn',
    plugins: {
      sqlite: `backend.sqlite.pool1.database = mqtt.db
backend.sqlite.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
`,
    },
  })
  await gateway.stop()
  await gateway.start()
  const client = await stored('forgotten')
  await client.subscribe(['rare', 1])
  await client.drop()
  await publish('rare', ['the first'])
  const publisher = await RawClient.connect(gateway.port, { clientId: 'busy' })
  for (let round = 0; round < 25; round++) {
    for (const payload of numbered(1, 50)) await publisher.publish('often', payload.padEnd(4000, 'x'), { qos: 1 })
    await until('there is room', async () => {
      const { queue, messages } = await gateway.ctl('status')
      assert.equal(queue.full, null)
      return queue.bytes < 0.9 * queue.maxBytes || messages.dropped.no_room > 0
    })
  }
  assert.equal(publisher.closed, false)
  const status = await gateway.ctl('status')
  assert.equal(status.messages.dropped.no_room, 1)
  assert.match(gateway.output, /sessions_give_way/)
})

test('retained messages that SUBACK promised come after a crash, and a subscription cut short goes on where it was', async () => {
  const publisher = await RawClient.connect(gateway.port)
  for (const n of numbered(1, 40)) await publisher.publish(`r/${n}`, n, { qos: 2, retain: true })
  const client = await stored('c')
  assert.deepEqual(await client.subscribe(['r/#', 2]), [2])
  await crash() // few of them have been sent
  const got: string[] = []
  for (let part = 1; got.length < 40; part++) {
    const again = await stored('c')
    const known = new Set(got)
    again.acknowledgeAll()
    await again.until(() => again.publishes.length >= Math.min(10, 40 - got.length))
    got.push(...payloads(again).filter((payload, at) => !(again.publishes[at]!.dup && known.has(payload))))
    assert.ok(again.publishes.every(({ retain }) => retain))
    if (part % 2 === 0) await crash()
    else await again.drop()
  }
  assert.deepEqual(
    got.toSorted((a, b) => Number(a) - Number(b)),
    numbered(1, 40),
  )
})

test('a filter whose QoS is raised from 0 brings nothing of before after a crash', async () => {
  const client = await stored('c')
  await client.subscribe(['t', 0], ['waits', 1])
  await publish('waits', ['this one is not acknowledged'])
  await publish('t', ['before'], 2)
  await client.until(() => client.publishes.length === 2)
  await client.subscribe(['t', 2])
  await crash()
  await publish('t', ['since'], 2)
  const again = await stored('c')
  again.acknowledgeAll()
  await again.until(() => payloads(again).includes('since'))
  assert.deepEqual(payloads(again), ['this one is not acknowledged', 'since'])
})

test('a retained message that was granted comes, also where a copy waited that an UNSUBSCRIBE and a crash take away', async () => {
  await gateway.remove()
  gateway = await new GatewayProcess({ conf: 'mqtt.max_inflight = 1' }).start()
  const client = await stored('c')
  await client.subscribe(['ahead', 1], ['t', 1])
  await publish('ahead', ['1', '2', '3'])
  const publisher = await RawClient.connect(gateway.port)
  await publisher.publish('t', 'kept', { qos: 1, retain: true })
  await publisher.disconnect()
  await client.subscribe(['#', 1]) // the retained message is owed behind the one that waits
  await client.drop()
  const again = await stored('c')
  again.answer('puback', await again.received('publish'))
  await again.received('publish', 2)
  again.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['t'] }) // its copy is not restored
  await again.received('unsuback')
  await again.drop()
  await ended()
  await crash()
  const last = await stored('c')
  last.acknowledgeAll()
  await last.until(() => payloads(last).includes('kept'))
  const [{ qos, retain }] = last.publishes.filter(({ payload }) => String(payload) === 'kept') as [IPublishPacket]
  assert.deepEqual([qos, retain], [1, true])
})
