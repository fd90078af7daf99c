// Bad input from outside, against a whole gateway with the embedded database: what ends a connection is named in the log and
// stores nothing; what only looks odd arrives as it was sent. (broker-bad-input has the packets in all their variety.)

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { IClientOptions } from 'mqtt'
import mqtt from 'mqtt-packet'
import { openForRead } from '../../src/sqlite/open.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { connectPacket, publishPacket, RawClient } from '../helpers/raw-client.ts'

const SQLITE = `
backend.sqlite.pool1.database = mqtt.db
backend.sqlite.hook.client.connected.1 = {"action": {"function": "on_client_connected"}, "pool": "pool1"}
backend.sqlite.hook.client.disconnected.1 = {"action": {"function": "on_client_disconnected"}, "pool": "pool1"}
backend.sqlite.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
backend.sqlite.hook.message.publish.2 = {"topic": "#", "action": {"sql": ["create table if not exists log (sender, topic, payload)", "insert into log values (\${clientid}, \${topic}, \${payload})"]}, "pool": "pool1"}
`

const gateway = new GatewayProcess({ conf: 'mqtt.max_packet_size = 100KB', plugins: { sqlite: SQLITE } })
before(() => gateway.start())
after(() => gateway.remove())

function rows(sql: string): Record<string, unknown>[] {
  const db = openForRead(`${gateway.data}/mqtt.db`)
  try {
    return db.prepare<[], Record<string, unknown>>(sql).all()
  } finally {
    db.close()
  }
}

/** The rows that a message makes, as soon as they are there. */
async function arrived(topic: string): Promise<Record<string, unknown>> {
  const quoted = `'${topic.replaceAll("'", "''")}'`
  return until(`the row of ${topic.slice(0, 40)}`, () => {
    const [row] =
      rows(`select mqtt_msg.sender, mqtt_msg.topic, mqtt_msg.payload, log.sender as log_sender, log.payload as log_payload
      from mqtt_msg join log using (topic) where topic = ${quoted}`)
    return row
  })
}

const options = (more: IClientOptions = {}): IClientOptions => ({ clean: true, ...more })

/** PUBLISH with QoS 1 and a topic that no client library would send. */
function publishTo(topic: string): Buffer {
  const bytes = mqtt.generate(publishPacket('x'.repeat(topic.length), 'bad', { qos: 1, messageId: 1 }))
  bytes.write(topic, bytes.indexOf('xxx'), 'latin1')
  return bytes
}

for (const [what, bytes, why] of [
  [
    'an oversize packet',
    mqtt.generate(publishPacket('a', 'x'.repeat(200_000), { qos: 1, messageId: 1 })),
    /200\d\d\d bytes .*mqtt.max_packet_size/,
  ],
  ['a topic with #', publishTo('one/#'), /# is not allowed/],
  ['a topic with +', publishTo('one/+'), /\+ is not allowed/],
  ['a topic below $SYS', publishTo('$SYS/brokers'), /begin with \$ are reserved/],
] as const) {
  test(`${what} ends the connection, without an acknowledgement, and is named in the log`, async () => {
    const before = (await gateway.ctl('status')).clients.clientFaults
    const client = await RawClient.connect(gateway.port, { clientId: `sends ${what}` })
    client.socket.write(bytes)
    await client.until(() => client.closed)
    assert.deepEqual(
      client.packets.map(({ cmd }) => cmd),
      ['connack'],
    )
    const line = await until('the line in the log', () =>
      gateway.output.split('\n').find((one) => one.includes(`"clientid":"sends ${what}"`)),
    )
    const { level, msg, why: said } = JSON.parse(line)
    assert.deepEqual([level, msg], ['warn', 'client_fault'])
    assert.match(said, why)
    assert.equal((await gateway.ctl('status')).clients.clientFaults, before + 1)
    assert.deepEqual(rows("select * from mqtt_msg where payload like 'bad%'"), [])
  })
}

test('an empty client id without clean session gets CONNACK 2', async () => {
  const client = new RawClient(gateway.port)
  const connect = mqtt.generate(connectPacket({ clientId: 'x', clean: false }))
  // without the id's one byte
  client.socket.write(
    Buffer.concat([Buffer.from([0x10, connect[1]! - 1]), connect.subarray(2, -3), Buffer.from([0, 0])]),
  )
  await client.received('connack')
  assert.equal(client.connack!.returnCode, 2)
  await client.until(() => client.closed)
})

test('a topic of 65535 bytes arrives', async () => {
  const topic = `${'long/'.repeat(20)}${'x'.repeat(65_435)}`
  assert.equal(topic.length, 65_535)
  const client = await Client.connect(gateway.url, 'long', options())
  await client.publish(topic, 'y')
  assert.deepEqual(await arrived(topic), { sender: 'long', topic, payload: 'y', log_sender: 'long', log_payload: 'y' })
  await client.end()
})

test('a payload that is not UTF-8 arrives, byte by byte', async () => {
  const payload = Buffer.from(Array.from({ length: 256 }, (_, i) => 255 - i))
  const client = await Client.connect(gateway.url, 'bytes', options())
  await client.mqtt.publishAsync('bytes', payload, { qos: 1 })
  const row = await arrived('bytes')
  assert.deepEqual([row.payload, row.log_payload], [payload, payload])
  await client.end()
})

test('a client id and a topic with quotes, newlines, colons and SQL arrive as they are', async () => {
  const odd = `a"b'c:d\ne\r\n\t\\ ';drop table mqtt_msg;-- \${clientid} %s`
  const client = await Client.connect(gateway.url, odd, options({ clean: false }))
  await client.publish(odd, odd)
  assert.deepEqual(await arrived(odd), { sender: odd, topic: odd, payload: odd, log_sender: odd, log_payload: odd })
  assert.deepEqual(
    (await gateway.ctl('clients')).map(({ clientid }: { clientid: string }) => clientid),
    [odd],
  )
  const shown = await gateway.holdfast('ctl', 'messages', odd)
  assert.equal(shown.trimEnd().split('\n').length, 2) // a head and a row: no newline of the client's gets through
  await gateway.ctl('client', 'kick', odd)
  await until('it is offline', () => rows('select * from mqtt_client where state = 1').length === 0)
  const states = rows('select clientid, state from mqtt_client').filter(({ clientid }) => clientid === odd)
  assert.deepEqual(states, [{ clientid: odd, state: 0 }])
})

test('nothing of all this is a dead letter, and the lane is up', async () => {
  const { pools } = await gateway.ctl('status')
  assert.deepEqual([pools[0].state, pools[0].deadLetters, pools[0].lag.events], ['up', 0, 0])
})
