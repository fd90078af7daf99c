// Chapter 7: other people's clients, unchanged; each way in is ordered and loses nothing.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { startOurs } from '../helpers/brokers.ts'
import { mosquittoMissing, mosquittoPub, mosquittoSub } from '../helpers/mosquitto.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { gateway, statement } from './statement.ts'

const TLS = join(import.meta.dirname, '../helpers/tls')
const certfile = join(TLS, 'cert.pem')

statement(
  '7.0.0-2',
  "mosquitto's clients and MQTT.js talk to each other over us: every QoS, retained messages, wills, sessions",
  async ({ topic }) => {
    const { port } = gateway
    const node = await Client.connect(gateway.url, 'node', { protocolVersion: 4 })
    await node.mqtt.subscribeAsync(`${topic}/#`, { qos: 2 })
    const script = await mosquittoSub(port, '-t', `${topic}/#`, '-q', '2', '-C', '4', '-F', '%t %q %p')
    for (const qos of ['0', '1', '2']) await mosquittoPub(port, '-t', `${topic}/m`, '-m', qos, '-q', qos)
    await node.hears(3)
    await node.publish(`${topic}/n`, 'retained', 1, true)
    assert.deepEqual(await script.lines, [
      ...['0', '1', '2'].map((qos) => `${topic}/m ${qos} ${qos}`),
      `${topic}/n 1 retained`,
    ])
    const later = await mosquittoSub(port, '-t', `${topic}/n`, '-C', '1', '-F', '%r %p')
    assert.deepEqual(await later.lines, ['1 retained'])

    // a session of mosquitto_sub that ends, and is resumed with what came meanwhile
    const session = ['-i', `${topic}-session`, '-c', '-q', '1', '-t', `${topic}/s`, '-F', '%p', '-C', '1']
    const first = await mosquittoSub(port, ...session)
    await node.publish(`${topic}/s`, 'one')
    assert.deepEqual(await first.lines, ['one'])
    await node.publish(`${topic}/s`, 'two')
    assert.deepEqual(await (await mosquittoSub(port, ...session)).lines, ['two'])

    const will = ['--will-topic', `${topic}/w`, '--will-payload', 'gone', '--will-qos', '1']
    await mosquittoPub(port, '-i', 'dying', ...will, '-t', `${topic}/alive`, '-m', '', '-q', '1') // it says DISCONNECT
    await node.end()
    assert.deepEqual(node.heard(`${topic}/w`), [])
  },
  mosquittoMissing(),
)

statement('7.1.1-1', 'TCP and TLS: ordered, lossless, both ways', async () => {
  const keyfile = join(TLS, 'key.pem')
  const listener = { host: '127.0.0.1', port: 0, name: 'test' }
  const { broker, close } = await startOurs({
    listeners: [
      { ...listener, kind: 'tcp' },
      { ...listener, kind: 'ssl', certfile, keyfile },
    ],
  })
  const [plain, secure] = broker.listeners
  const ca = readFileSync(certfile)
  const clients = [
    await mqtt.connectAsync(`mqtt://127.0.0.1:${plain!.port}`),
    await mqtt.connectAsync(`mqtts://127.0.0.1:${secure!.port}`, { ca }),
  ]
  const received: string[][] = clients.map(() => [])
  for (const [index, client] of clients.entries()) {
    client.on('message', (_topic, payload) => received[index]!.push(payload.toString()))
    await client.subscribeAsync('t', { qos: 1 })
  }
  const sent = Array.from({ length: 200 }, (_, index) => `${index} ${'x'.repeat((index * 97) % 9000)}`)
  for (const [index, payload] of sent.entries()) await clients[index % 2]!.publishAsync('t', payload, { qos: 1 })
  for (const client of clients) await client.endAsync()
  assert.deepEqual(received, [sent, sent])
  await close()
})
