// What a subscription is owed when it is made or resumed: retained and fetched messages, in order, once.

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Later } from '../../src/broker/hooks-for-broker.ts'
import type { Message } from '../../src/model/event.ts'
import { topicMatches } from '../../src/model/topic.ts'
import { type OurBroker, startOurs } from '../helpers/brokers.ts'
import { type FakeHooks, messageOf } from '../helpers/fake-hooks.ts'
import { until } from '../helpers/gateway.ts'
import { RawClient } from '../helpers/raw-client.ts'

const QUIET_MS = 100
let ours: OurBroker
let hooks: FakeHooks
let publisher: RawClient
before(async () => {
  ours = await startOurs()
  hooks = ours.hooks
  publisher = await RawClient.connect(ours.port)
})
beforeEach(() => {
  hooks.fetch = undefined
  hooks.lookups.clear()
})
after(() => ours.close())

let topics = 0
const newTopic = (): string => `topic/${++topics}`
const payloads = (client: RawClient): string[] => client.publishes.map(({ payload }) => payload.toString())

async function publish(topic: string, ...texts: string[]): Promise<void> {
  for (const text of texts) await publisher.publish(topic, text, { qos: 1 })
}

/** A fetch that finds every stored message of the topic behind the client's position, but for what is to be skipped. */
function fetchAll(topic: string): NonNullable<FakeHooks['fetch']> {
  return async function* (clientid, filter, skip) {
    if (!topicMatches(filter, topic)) return
    const acks = hooks.events.filter((event) => event.hook === 'message.acked' && event.clientid === clientid)
    const positions = acks.filter((event) => event.topic === topic).map((event) => event.more?.position ?? '')
    const position = positions.findLast((msgid) => msgid !== '') ?? ''
    for (const event of [...hooks.rows.values()]) {
      const message = messageOf(event)
      if (message.topic === topic && message.msgid > position && !skip(message.msgid, message.seq)) yield message
    }
  }
}

async function subscriber(...subscriptions: [string, 0 | 1 | 2][]): Promise<RawClient> {
  const client = await RawClient.connect(ours.port)
  client.acknowledgeAll()
  await client.subscribe(...subscriptions)
  return client
}

test('stored messages come oldest first, and live ones behind them', async () => {
  const topic = newTopic()
  await publish(topic, '1', '2', '3')
  const { promise: go, resolve } = Promise.withResolvers<void>()
  hooks.fetch = async function* (clientid, filter, skip, later) {
    await go
    yield* fetchAll(topic)(clientid, filter, skip, later)!
  }
  const client = await subscriber([topic, 1])
  await publish(topic, '4', '5')
  resolve()
  await client.received('publish', 5)
  await sleep(QUIET_MS)
  assert.deepEqual(payloads(client), ['1', '2', '3', '4', '5'])
})

test('a fetch that hangs holds up the messages of its filter only, and no other session', async () => {
  const topic = newTopic()
  hooks.fetch = async function* (_clientid, filter) {
    if (filter === topic) await new Promise(() => {})
  }
  const client = await subscriber(['other', 1], [topic, 1])
  const second = await subscriber([`${topic}/#`, 1])
  await publish('other', 'x')
  await publish(topic, 'y')
  await client.received('publish')
  await second.received('publish')
  assert.deepEqual([payloads(client), payloads(second)], [['x'], ['y']])
})

test('a fetch that fails lets the live messages go on, and no position moves over what is missing', async () => {
  const topic = newTopic()
  hooks.fetch = async function* () {
    yield* [] as Message[]
    throw new Error('gone')
  }
  const failed = ours.broker.stats().recallsFailed
  const client = await subscriber([topic, 1])
  await publish(topic, 'live')
  await client.received('publish')
  await sleep(QUIET_MS)
  assert.equal(ours.broker.stats().recallsFailed, failed + 1)
  const acked = hooks.events.findLast(({ hook }) => hook === 'message.acked')!
  assert.deepEqual([acked.topic, acked.more!.position], [topic, undefined])
})

test('what is retained and stored is delivered once, and stands in the position at its place', async () => {
  const topic = newTopic()
  await publish(topic, '1')
  await publisher.publish(topic, '2', { qos: 1, retain: true })
  await publish(topic, '3')
  hooks.fetch = fetchAll(topic)
  const client = await subscriber([topic, 1])
  await client.received('publish', 3)
  await sleep(QUIET_MS)
  assert.deepEqual(payloads(client), ['2', '1', '3'])
  assert.deepEqual(
    client.publishes.map(({ retain }) => retain),
    [true, false, false],
  )
  const positions = hooks.events
    .filter((event) => event.hook === 'message.acked' && event.topic === topic)
    .map(({ more }) =>
      hooks
        .publishes()
        .find(({ id }) => id.toString() === more!.position)
        ?.payload?.toString(),
    )
  assert.deepEqual(positions, [undefined, '2', '3'])
})

test('overlapping filters of one SUBSCRIBE give each message once', async () => {
  const topic = newTopic()
  await publish(topic, '1', '2')
  await publisher.publish(topic, '3', { qos: 2, retain: true })
  hooks.fetch = fetchAll(topic)
  const client = await subscriber([topic, 1], [`${topic}/#`, 2], [`${topic.replace('topic', '+')}`, 1])
  await client.received('publish', 3)
  await publish(topic, '4')
  await client.received('publish', 4)
  await sleep(QUIET_MS)
  assert.deepEqual(payloads(client).sort(), ['1', '2', '3', '4'])
})

test('a QoS 0 subscription fetches nothing, and gets retained messages with QoS 0', async () => {
  const topic = newTopic()
  await publish(topic, '1')
  await publisher.publish(topic, '2', { qos: 1, retain: true })
  hooks.fetch = fetchAll(topic)
  const client = await subscriber([topic, 0])
  await client.received('publish')
  await sleep(QUIET_MS)
  assert.deepEqual(payloads(client), ['2'])
  assert.equal(client.publishes[0]!.qos, 0)
})

test('a resumed session fetches without a new SUBSCRIBE, before its queue, and nothing twice', async () => {
  const topic = newTopic()
  const options = { clientId: 'resumes', clean: false }
  await publish(topic, '1', '2')
  const first = await RawClient.connect(ours.port, options)
  await first.subscribe([topic, 1])
  await publish(topic, '3')
  await first.received('publish')
  await first.drop() // 3 is in flight
  await publish(topic, '4', '5') // queued
  hooks.fetch = fetchAll(topic)
  const again = await RawClient.connect(ours.port, options)
  again.acknowledgeAll()
  await again.subscribe([topic, 1])
  await publish(topic, '6')
  await again.received('publish', 6)
  await sleep(QUIET_MS)
  assert.deepEqual(payloads(again), ['3', '1', '2', '4', '5', '6'])
})

test('what was acknowledged behind a gap is not delivered again', async () => {
  const topic = newTopic()
  const options = { clientId: 'gap', clean: false }
  const first = await RawClient.connect(ours.port, options)
  await first.subscribe([topic, 1])
  await publish(topic, '1', '2')
  await first.received('publish', 2)
  first.answer('puback', first.publishes[1]!)
  await sleep(QUIET_MS)
  await first.drop()
  hooks.fetch = fetchAll(topic)
  const again = await RawClient.connect(ours.port, options)
  again.acknowledgeAll()
  await again.received('publish')
  await sleep(QUIET_MS)
  assert.deepEqual(payloads(again), ['1'])
})

test('a large fetch goes through the window, and other topics do not wait for it', async () => {
  const topic = newTopic()
  await publish(topic, ...Array.from({ length: 100 }, (_, n) => String(n)))
  hooks.fetch = fetchAll(topic)
  const client = await RawClient.connect(ours.port)
  await client.subscribe(['aside', 1], [topic, 1])
  await client.received('publish', 32)
  await publish('aside', 'x')
  for (const packet of client.publishes.slice(0, 4)) client.answer('puback', packet)
  await client.until(() => payloads(client).includes('x'))
  client.acknowledgeAll()
  await client.received('publish', 101)
})

test('what a database that was away has is delivered when it is back, unless the client is gone', async () => {
  const topic = newTopic()
  const laters: Later[] = []
  hooks.fetch = async function* (_clientid, filter, _skip, later) {
    yield* [] as Message[]
    if (filter === topic) laters.push(later)
  }
  const client = await subscriber([topic, 1])
  await client.until(() => laters.length === 1)
  const late = {
    msgid: 'foreign',
    topic,
    payload: Buffer.from('late'),
    qos: 2,
    retain: false,
    from: 'elsewhere',
    at: 1,
  } as const
  laters[0]!.deliver([late])
  await client.received('publish')
  assert.deepEqual(payloads(client), ['late'])
  assert.equal(client.publishes[0]!.qos, 1)
  await client.subscribe([topic, 1])
  await client.until(() => laters.length === 2)
  assert.deepEqual([laters[0]!.signal.aborted, laters[1]!.signal.aborted], [true, false])
  await client.disconnect()
  await sleep(QUIET_MS)
  assert.equal(laters[1]!.signal.aborted, true)
})

test('subscriptions from a lookup are made, recorded and served without a SUBACK', async () => {
  const topic = newTopic()
  await publisher.publish(topic, 'retained', { qos: 1, retain: true })
  const looked = (qos: 0 | 1 | 2): void =>
    void hooks.lookups.set('looked-up', [
      { topic, qos },
      { topic: 'a/#/b', qos },
    ])
  const options = { clientId: 'looked-up', clean: false }
  looked(1)
  const client = await RawClient.connect(ours.port, options)
  client.acknowledgeAll()
  await client.received('publish')
  await publish(topic, 'live')
  await client.received('publish', 2)
  await client.disconnect()
  const again = await RawClient.connect(ours.port, options)
  await sleep(QUIET_MS)
  assert.deepEqual(again.publishes, []) // the session has it already: neither event nor retained message
  await again.disconnect()
  assert.deepEqual(
    hooks.story('looked-up').filter((line) => line.startsWith('session')),
    ['session.created', `session.subscribed ${topic}`],
  )
  assert.ok(client.packets.every(({ cmd }) => cmd !== 'suback'))
})

test('what a lookup finds late is made then, but for what the client has said itself meanwhile', async () => {
  const [stored, own, left] = [newTopic(), newTopic(), newTopic()]
  await publisher.publish(stored, 'retained', { qos: 1, retain: true })
  hooks.lookups.set('early', [])
  const client = await RawClient.connect(ours.port, { clientId: 'early' })
  client.acknowledgeAll()
  await client.subscribe([own, 0], [left, 1])
  client.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: [left] })
  await client.received('unsuback')
  const late = hooks.late.get('early')!
  late.deliver([stored, own, left].map((topic) => ({ topic, qos: 1 })))
  await client.received('publish')
  for (const topic of [own, left, stored]) await publish(topic, 'live')
  await client.until(() => payloads(client).length === 3)
  await sleep(QUIET_MS)
  assert.deepEqual(
    client.publishes.map(({ topic, qos }) => `${topic} ${qos}`),
    [`${stored} 1`, `${own} 0`, `${stored} 1`],
  )
  await client.disconnect()
  await until('it has left', () => late.gone.aborted)
  late.deliver([{ topic: stored, qos: 1 }]) // as a lookup that was on its way
})

test('retained messages that a broken connection cut short come when the session is resumed', async () => {
  const root = newTopic()
  for (let n = 0; n < 50; n++) await publisher.publish(`${root}/${n}`, String(n), { qos: 1, retain: true })
  const options = { clientId: 'cut-short', clean: false }
  const first = await RawClient.connect(ours.port, options)
  await first.subscribe([`${root}/#`, 1])
  await first.received('publish', 32)
  await first.drop()
  const again = await RawClient.connect(ours.port, options)
  again.acknowledgeAll()
  await again.until(() => new Set(payloads(again)).size === 50)
})

test('$SYS messages reach those who ask for them, now and later, and no wildcard of other topics', async () => {
  const early = await subscriber(['$SYS/brokers/test/#', 0], ['#', 0])
  ours.broker.say('$SYS/brokers/test/uptime', '1')
  ours.broker.say('$SYS/brokers/test/uptime', '2')
  ours.broker.say('$SYS/brokers/test/version', '3')
  const late = await subscriber(['$SYS/brokers/+/uptime', 0], ['$SYS/brokers/+/version', 0])
  await late.received('publish', 2)
  assert.deepEqual(payloads(late), ['2', '3'])
  assert.deepEqual(
    early.publishes.filter(({ topic }) => topic.startsWith('$SYS')).map(({ payload }) => payload.toString()),
    ['1', '2', '3'],
  )
})
