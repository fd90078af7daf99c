// What the broker records, and in which order.

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { accessBy } from '../helpers/access.ts'
import { type OurBroker, startOurs } from '../helpers/brokers.ts'
import { publishPacket, RawClient } from '../helpers/raw-client.ts'

let ours: OurBroker
before(async () => {
  ours = await startOurs()
})
beforeEach(() => {
  ours.hooks.events.length = 0
})
after(() => ours.close())

const QUIET_MS = 50
const story = (clientid: string): string[] => ours.hooks.story(clientid)

async function recorded(clientid: string, count: number): Promise<string[]> {
  for (let waited = 0; story(clientid).length < count && waited < 2000; waited += 10) await sleep(10)
  await sleep(QUIET_MS)
  return story(clientid)
}

test('connected, created, subscribed, unsubscribed, disconnected; nothing is unsubscribed by the end of a connection', async () => {
  const client = await RawClient.connect(ours.port, { clientId: 'c1', username: 'ada', keepalive: 42 })
  await client.subscribe(['a', 1], ['b/#', 2], ['$share/g/c', 1])
  client.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['a', 'never'] })
  await client.received('unsuback')
  await client.disconnect()
  assert.deepEqual(await recorded('c1', 6), [
    'client.connected',
    'session.created',
    'session.subscribed a',
    'session.subscribed b/#',
    'session.unsubscribed a',
    'client.disconnected normal',
  ])
  const { more } = ours.hooks.events.find(({ hook }) => hook === 'client.connected')!
  assert.deepEqual(more, { username: 'ada', peerhost: '127.0.0.1', clean: true, keepalive: 42 })
  assert.equal(ours.hooks.events.find(({ topic }) => topic === 'b/#')!.qos, 2)
})

test('a resumed session is not created again; a clean connect ends it', async () => {
  const options = { clientId: 'c2', clean: false }
  for (const clean of [false, false, true, false]) {
    const client = await RawClient.connect(ours.port, { ...options, clean })
    await client.disconnect()
  }
  const created = (await recorded('c2', 11)).filter((line) => line !== 'client.disconnected normal')
  assert.deepEqual(created, [
    ...['client.connected', 'session.created'],
    ...['client.connected'],
    ...['client.connected', 'session.created'],
    ...['client.connected', 'session.created'],
  ])
})

test('the end of a connection that is taken over is recorded before the connect that takes it over', async () => {
  const options = {
    clientId: 'c3',
    clean: false,
    will: { topic: 'will/c3', payload: Buffer.from('w'), qos: 1 as const, retain: false },
  }
  const old = await RawClient.connect(ours.port, options)
  await RawClient.connect(ours.port, options).then((client) => client.disconnect())
  await old.until(() => old.closed)
  assert.deepEqual(await recorded('c3', 6), [
    'client.connected',
    'session.created',
    'message.publish will/c3',
    'client.disconnected takeover',
    'client.connected',
    'client.disconnected normal',
  ])
})

test('why a connection ended: dropped, kicked, keepalive, fault', async () => {
  const dropped = await RawClient.connect(ours.port, { clientId: 'dropped' })
  await dropped.drop()
  assert.equal((await recorded('dropped', 3))[2], 'client.disconnected closed')

  await RawClient.connect(ours.port, { clientId: 'kicked' })
  assert.equal(ours.broker.kick('kicked'), true)
  assert.equal(ours.broker.kick('kicked'), false)
  assert.equal((await recorded('kicked', 3))[2], 'client.disconnected kicked')

  await RawClient.connect(ours.port, { clientId: 'silent', keepalive: 1 })
  assert.equal((await recorded('silent', 3))[2], 'client.disconnected keepalive')

  const faulty = await RawClient.connect(ours.port, { clientId: 'faulty' })
  faulty.send(publishPacket('$SYS/x', 'y'))
  assert.equal((await recorded('faulty', 3))[2], 'client.disconnected error')
})

test('a connection that was refused leaves no trace', async () => {
  const { port, hooks, close } = await startOurs({ access: accessBy({ admits: ({ username }) => username === 'ada' }) })
  const refused = await RawClient.connect(port, { clientId: 'c4', username: 'eve' })
  assert.equal(refused.connack!.returnCode, 4)
  await refused.until(() => refused.closed)
  await sleep(QUIET_MS)
  assert.deepEqual(hooks.story('c4'), [])
  await close()
})

test('a keepalive does not run out while a publish waits for a slow disk', async () => {
  const { port, hooks, close } = await startOurs()
  const client = await RawClient.connect(port, { keepalive: 1 })
  hooks.hold()
  client.send(publishPacket('t', 'x', { qos: 1, messageId: 1 }))
  await sleep(2500)
  hooks.commit()
  await client.received('puback')
  await close()
})

test('delivered when written, acked when acknowledged, with id, publisher and position', async () => {
  const subscriber = await RawClient.connect(ours.port, { clientId: 's' })
  await subscriber.subscribe(['t', 1])
  const publisher = await RawClient.connect(ours.port, { clientId: 'p' })
  for (const payload of ['1', '2', '3']) await publisher.publish('t', payload, { qos: 1 })
  await subscriber.received('publish', 3)
  const [first, second, third] = ours.hooks.publishes().map(({ id }) => id.toString())
  const deliveries = ours.hooks.events.filter(({ hook }) => hook === 'message.delivered')
  assert.deepEqual(
    deliveries.map(({ clientid, topic, more }) => [clientid, topic, more]),
    [first, second, third].map((msgid) => ['s', 't', { msgid, from: 'p' }]),
  )
  const [one, two, three] = subscriber.publishes
  for (const packet of [two!, one!, three!]) subscriber.answer('puback', packet)
  await recorded('s', 9)
  const acks = ours.hooks.events.filter(({ hook }) => hook === 'message.acked').map(({ more }) => more)
  assert.deepEqual(acks, [
    { msgid: second, from: 'p' },
    { msgid: first, from: 'p', position: second },
    { msgid: third, from: 'p', position: third },
  ])
})

test('QoS 2 is acked by PUBCOMP, and resumes with PUBREL when PUBREC had come', async () => {
  const options = { clientId: 's2', clean: false }
  const subscriber = await RawClient.connect(ours.port, options)
  await subscriber.subscribe(['t2', 2])
  const publisher = await RawClient.connect(ours.port)
  await publisher.publish('t2', 'a', { qos: 2 })
  await publisher.publish('t2', 'b', { qos: 2 })
  await subscriber.received('publish', 2)
  subscriber.answer('pubrec', subscriber.publishes[0]!)
  await subscriber.received('pubrel')
  await subscriber.drop()
  const again = await RawClient.connect(ours.port, options)
  await again.received('publish')
  assert.deepEqual(
    again.packets.map(({ cmd }) => cmd),
    ['connack', 'pubrel', 'publish'],
  )
  const acked = (): number => ours.hooks.events.filter(({ hook }) => hook === 'message.acked').length
  assert.equal(acked(), 0)
  again.acknowledgeAll()
  await again.received('pubrel', 2)
  for (let waited = 0; acked() < 2 && waited < 1000; waited += 10) await sleep(10)
  assert.equal(acked(), 2)
})

test('a will is recorded and delivered when the connection breaks, not after DISCONNECT', async () => {
  const will = { topic: 'will', payload: Buffer.from('gone'), qos: 1 as const, retain: true }
  const watcher = await RawClient.connect(ours.port)
  await watcher.subscribe(['will', 1])
  const polite = await RawClient.connect(ours.port, { will })
  await polite.disconnect()
  const broken = await RawClient.connect(ours.port, { clientId: 'broken', will })
  await broken.drop()
  await watcher.received('publish')
  await sleep(QUIET_MS)
  assert.equal(watcher.publishes.length, 1)
  const [event] = ours.hooks.publishes()
  assert.deepEqual([event!.clientid, event!.topic, event!.qos, event!.retain], ['broken', 'will', 1, true])
})

test('close drains the gate, records wills and ends, and lets nobody in', async () => {
  const { port, hooks, broker } = await startOurs()
  const will = { topic: 'will', payload: Buffer.from('gone'), qos: 1 as const, retain: false }
  const client = await RawClient.connect(port, { clientId: 'last', will })
  hooks.hold()
  client.send(publishPacket('t', 'x', { qos: 1, messageId: 1 }))
  for (let waited = 0; hooks.publishes().length === 0 && waited < 1000; waited += 10) await sleep(10)
  const closed = broker.close()
  setTimeout(() => hooks.commit(), 50)
  await closed
  await client.until(() => client.closed)
  assert.ok(client.packets.some(({ cmd }) => cmd === 'puback'))
  assert.deepEqual(hooks.story('last').slice(2), [
    'message.publish t',
    'message.publish will',
    'client.disconnected gateway',
  ])
})
