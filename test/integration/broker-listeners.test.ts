// Listeners, limits of connections, authentication, with the everyday client library.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import mqtt from 'mqtt'
import type { ListenerOptions } from '../../src/broker/broker.ts'
import { HoldfastError } from '../../src/model/errors.ts'
import { accessBy } from '../helpers/access.ts'
import { startOurs } from '../helpers/brokers.ts'
import { RawClient } from '../helpers/raw-client.ts'

const TLS = join(import.meta.dirname, '../helpers/tls')
const certfile = join(TLS, 'cert.pem')
const keyfile = join(TLS, 'key.pem')
const onLoopback = (listener: Pick<ListenerOptions, 'kind'> & Partial<ListenerOptions>): ListenerOptions => ({
  name: 'test',
  host: '127.0.0.1',
  port: 0,
  ...listener,
})
const code = (expected: string) => (error: unknown) => error instanceof HoldfastError && error.code === expected

test('TLS: a client that trusts the certificate publishes and receives', async () => {
  const { broker, close } = await startOurs({ listeners: [onLoopback({ kind: 'ssl', certfile, keyfile })] })
  const client = await mqtt.connectAsync(`mqtts://127.0.0.1:${broker.listeners[0]!.port}`, {
    ca: readFileSync(certfile),
  })
  await client.subscribeAsync('t', { qos: 2 })
  const received = new Promise<[string, Buffer]>((resolve) =>
    client.once('message', (...words) => resolve([words[0], words[1]])),
  )
  await client.publishAsync('t', 'x'.repeat(200_000), { qos: 2 })
  const [topic, payload] = await received
  assert.deepEqual([topic, payload.length], ['t', 200_000])
  await client.endAsync()
  await close()
})

test('TLS with verify: a client without a certificate does not come in, one with it does', async () => {
  const listener = onLoopback({ kind: 'ssl', certfile, keyfile, cafile: certfile, verify: true })
  const { broker, close } = await startOurs({ listeners: [listener] })
  const url = `mqtts://127.0.0.1:${broker.listeners[0]!.port}`
  const ca = readFileSync(certfile)
  await assert.rejects(mqtt.connectAsync(url, { ca, reconnectPeriod: 0 }))
  const client = await mqtt.connectAsync(url, { ca, cert: readFileSync(certfile), key: readFileSync(keyfile) })
  await client.endAsync()
  await close()
})

test('what a listener lacks is said with a code and a hint; nothing stays open', async () => {
  const { port, close } = await startOurs()
  const plain = onLoopback({ kind: 'tcp' })
  for (const [expected, listener] of [
    ['LISTENER_ADDRESS', onLoopback({ kind: 'tcp', port })],
    ['LISTENER_TLS', onLoopback({ kind: 'wss' })],
    ['LISTENER_TLS', onLoopback({ kind: 'ssl' })],
    ['LISTENER_TLS', onLoopback({ kind: 'ssl', certfile: '/nowhere', keyfile })],
  ] as const) {
    await assert.rejects(startOurs({ listeners: [plain, listener] }), code(expected))
  }
  await close()
})

test('a listener takes so many connections; one more is told to come later', async () => {
  const { port, close } = await startOurs({ listeners: [onLoopback({ kind: 'tcp', maxConnections: 2 })] })
  const first = await RawClient.connect(port)
  await RawClient.connect(port)
  const third = await RawClient.connect(port)
  assert.equal(third.connack!.returnCode, 3)
  await third.until(() => third.closed)
  await first.disconnect()
  const fourth = await RawClient.connect(port)
  assert.equal(fourth.connack!.returnCode, 0)
  await close()
})

test('authentication and authorization are asked, also when they take their time', async () => {
  const { broker, port, close } = await startOurs({
    access: accessBy({
      admits: ({ username, password }) => username === 'ada' && password?.toString() === 'secret',
      allows: ({ username }, action, topic) => topic.startsWith(`${username}/`) || action !== 'publish',
      denyAction: 'disconnect',
    }),
  })
  const client = await RawClient.connect(port, { clientId: 'c', username: 'ada', password: Buffer.from('secret') })
  await client.publish('ada/x', 'y', { qos: 1 })
  assert.deepEqual(
    broker.clients().map(({ clientid, username, peerhost }) => ({ clientid, username, peerhost })),
    [{ clientid: 'c', username: 'ada', peerhost: '127.0.0.1' }],
  )
  client.send({ cmd: 'publish', topic: 'eve/x', payload: 'y', qos: 0, dup: false, retain: false })
  await client.until(() => client.closed)
  const wrong = await RawClient.connect(port, { username: 'ada', password: Buffer.from('guess') })
  assert.equal(wrong.connack!.returnCode, 4)
  await close()
})

test('a session without a connection expires', async () => {
  const { broker, port, close } = await startOurs({ limits: { sessionExpiryMs: 100 } })
  const client = await RawClient.connect(port, { clientId: 'c', clean: false })
  await client.subscribe(['t', 1])
  await client.disconnect()
  const deadline = performance.now() + 3000
  while (broker.stats().sessions > 0 && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(broker.stats().sessions, 0)
  await close()
})
