// Chapter 4.8: what a fault does, of the client's and of ours.

import assert from 'node:assert/strict'
import { startOurs } from '../helpers/brokers.ts'
import { packetBytes, publishPacket, RawClient } from '../helpers/raw-client.ts'
import { payloads, statement } from './statement.ts'

statement('4.8.0-1', 'a protocol violation ends the connection that it came by, and no other', async (stage) => {
  const bystander = await stage.subscriber(stage.topic)
  const more = packetBytes(0xc0) // what a field that is missing must not be taken from
  for (const bytes of [
    packetBytes(0x00), // no type
    packetBytes(0xf0), // no type of MQTT 3.1.1
    packetBytes(0x20, [0, 0]), // CONNACK, SUBACK, UNSUBACK and PINGRESP are the broker's
    packetBytes(0x90, [0, 1, 0]),
    packetBytes(0xb0, [0, 1]),
    packetBytes(0xd0),
    packetBytes(0x40), // PUBACK without a packet id
    packetBytes(0x40, [0]),
    packetBytes(0x40, [0, 1, 0]), // … with too much behind it
    packetBytes(0x62, [0]),
    packetBytes(0x32, stage.topic), // PUBLISH of QoS 1 without a packet id
    packetBytes(0x32, stage.topic, [0]),
    packetBytes(0x82, [0, 1], [0, 200], stage.topic, [0]), // a filter that is longer than its packet
    packetBytes(0xc0, [0]), // PINGREQ with something in it
    packetBytes(0xe0, [0]),
    Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff]), // a length of five bytes
    Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x01]),
  ]) {
    await stage.refuses(await stage.connect(), Buffer.concat([bytes, more, more]))
  }
  await stage.publish(stage.topic, 'still served')
  await bystander.fence()
  assert.deepEqual(payloads(bystander), ['still served'])
})

statement('4.8.0-2', 'when we can not process a packet, the connection that it came by ends', async () => {
  const { port, hooks, close } = await startOurs()
  hooks.failure = new Error('no room')
  for (const qos of [1, 2] as const) {
    const client = await RawClient.connect(port)
    client.send(publishPacket('t', 'x', { qos, messageId: 1 }))
    await client.ended()
    assert.equal(client.packets.length, 1)
  }
  await close()
})
