// Each key of a limit, as it stands in holdfast.conf, bounds what its name says, and the status counts who went over it. What a client
// over a limit meets besides is in broker-limits and hostile-clients.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { IConnectPacket } from 'mqtt-packet'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { connectPacket, publishPacket, RawClient } from '../helpers/raw-client.ts'

async function start(t: TestContext, keys: Readonly<Record<string, string | number>>) {
  const conf = Object.entries(keys).map(([key, value]) => `${key} = ${value}\n`)
  const gateway = new GatewayProcess({ conf: conf.join('') })
  t.after(() => gateway.remove())
  await gateway.start()
  const connect = (options: Partial<IConnectPacket> = {}): Promise<RawClient> =>
    RawClient.connect(gateway.port, options)
  const code = async (options: Partial<IConnectPacket> = {}): Promise<number> => {
    const client = await connect(options)
    client.socket.destroy()
    return client.connack!.returnCode!
  }
  return { gateway, connect, code, status: () => gateway.ctl('status') }
}

const publishes = (count: number, more: Parameters<typeof publishPacket>[2] = {}, topic = 't') =>
  Array.from({ length: count }, (_, index) => publishPacket(topic, String(index), { messageId: index + 1, ...more }))
const payloads = (client: RawClient): string[] => client.publishes.map(({ payload }) => String(payload))

test('of a connection: client id, packets, levels, filters, half-done QoS 2 messages, rate', async (t) => {
  const { connect, code, status } = await start(t, {
    'mqtt.max_clientid_len': 8,
    'mqtt.max_packet_size': '2KB',
    'mqtt.max_unfinished': '10KB',
    'mqtt.max_topic_levels': 3,
    'mqtt.max_subscriptions': 2,
    'mqtt.max_awaiting_rel': 2,
    'mqtt.max_publish_rate': 20,
  })
  const [eight, nine] = [{ clientId: '12345678' }, { clientId: '123456789' }]
  assert.deepEqual([await code(eight), await code(nine)], [0, 2])
  const client = (clientId: string): Promise<RawClient> => connect({ clientId })
  const [large, deep, greedy, fast] = [
    await client('large'),
    await client('deep'),
    await client('greedy'),
    await client('fast'),
  ]
  const halves = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => client(`half ${n}`)))
  large.send(publishPacket('t', 'x'.repeat(2100)))
  for (const half of halves)
    half.sendBytes(Buffer.concat([Buffer.from([0x30, 0xd0, 0x0f, 0, 1, 116]), Buffer.alloc(1900)]))
  deep.send(publishPacket('a/b/c/d', ''))
  assert.deepEqual(await greedy.subscribe(['a', 0], ['b', 0], ['c', 0]), [0, 0, 128])
  greedy.send(...publishes(3, { qos: 2 }))
  for (const one of [large, deep, greedy]) await one.ended()
  await until('one of the halves to end', () => halves.filter(({ closed }) => closed).length === 1)
  fast.send(...publishes(30, { qos: 1 }))
  await fast.received('puback', 30)
  const { refused, overLimit } = (await status()).clients
  const { publish_rate, ...others } = overLimit
  assert.deepEqual(refused, { clientid: 1 })
  assert.deepEqual(others, { packet_size: 1, unfinished: 1, topic_levels: 1, subscriptions: 1, awaiting_rel: 1 })
  assert.ok(publish_rate > 0)
})

test('of all of them: connections, sessions, retained messages by count and by size', async (t) => {
  const { gateway, connect, code, status } = await start(t, {
    'mqtt.max_connections': 3,
    'mqtt.max_sessions': 1,
    'mqtt.max_retained': 2,
    'mqtt.max_retained_bytes': '1KB',
  })
  const first = await connect({ clientId: 'a', clean: false })
  assert.equal(await code({ clientId: 'b', clean: false }), 3)
  await until('its place', async () => (await status()).listeners[0].clients === 1)
  const others = [await connect(), await connect()]
  assert.equal(await code(), 3)
  const retain = { qos: 1, retain: true } as const
  await first.publish('large', 'x'.repeat(1100), retain)
  for (const topic of ['1', '2', '3']) await first.publish(topic, topic, retain)
  const { clients, messages, retained } = await status()
  assert.deepEqual(clients.refused, { sessions: 1, connections: 1 })
  assert.deepEqual([messages.dropped, retained.count], [{ retained_full: 2 }, 2])
  for (const client of [first, ...others]) await client.drop()
  await gateway.stop()
})

test('of what waits: in flight, away by count, away by age', async (t) => {
  const { gateway, connect, status } = await start(t, {
    'mqtt.max_inflight': 2,
    'mqtt.max_offline': 3,
  })
  const stored = { clientId: 'stored', clean: false }
  const subscriber = await connect(stored)
  await subscriber.subscribe(['t', 1])
  const publisher = await connect()
  publisher.send(...publishes(4, { qos: 1 }))
  await publisher.received('puback', 4)
  await subscriber.fence()
  assert.deepEqual(payloads(subscriber), ['0', '1'])
  for (const packet of subscriber.publishes) subscriber.answer('puback', packet)
  await subscriber.received('publish', 4)
  for (const packet of subscriber.publishes.slice(2)) subscriber.answer('puback', packet)
  await subscriber.fence()
  await subscriber.disconnect()
  publisher.send(...publishes(5, { qos: 1 }))
  await publisher.received('puback', 9)
  assert.deepEqual((await status()).messages.dropped, { offline_full: 2 })
  await gateway.ctl('config', 'set', 'mqtt.max_offline_age', '1s')
  await gateway.ctl('config', 'commit')
  await until('the rest to be too old', async () => (await status()).messages.dropped.expired === 3)
  const later = await connect() // the listener has its port from the first start: the commit opened it anew
  await later.publish('t', 'new', { qos: 1 })
  const again = await connect(stored)
  await again.received('publish')
  assert.deepEqual(payloads(again), ['new'])
})

test('of silence: before the CONNECT, after it, and of a session', async (t) => {
  const { gateway, connect, status } = await start(t, {
    'mqtt.connect_timeout': '1s',
    'mqtt.max_keepalive': '1s',
    'mqtt.session_expiry': '1s',
  })
  const nobody = new RawClient(gateway.port)
  const silent = await connect({ clientId: 'silent', clean: false, keepalive: 0 })
  for (const client of [nobody, silent]) await client.until(() => client.closed, 'its end', 30_000)
  assert.deepEqual((await status()).clients.overLimit, { connect_timeout: 1, keepalive: 1 })
  await until('the session to be forgotten', async () => (await status()).clients.sessions === 0)
  const again = new RawClient(gateway.port)
  again.send(connectPacket({ clientId: 'silent', clean: false }))
  await again.received('connack')
  assert.equal(again.connack!.sessionPresent, false)
})
