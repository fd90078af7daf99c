// Chapter 6: MQTT inside WebSocket.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createWebSocketStream, WebSocket } from 'ws'
import { packetBytes, RawClient } from '../helpers/raw-client.ts'
import { gateway, payloads, type Stage, statement } from './statement.ts'

async function open(...protocols: string[]): Promise<WebSocket> {
  const socket = new WebSocket(/ws:\/\/\S+/.exec(gateway.output)![0], protocols)
  await once(socket, 'open')
  return socket
}

/** A client in the socket; what is sent by the socket itself comes from it, too. */
async function connect(socket: WebSocket): Promise<RawClient> {
  const stream = createWebSocketStream(socket)
  socket.once('close', () => stream.destroy())
  return RawClient.connect(stream)
}

const publish = ({ topic }: Stage, payload: string): Buffer => packetBytes(0x32, topic, [0, 1], Buffer.from(payload))

statement('6.0.0-1', 'frames are binary, both ways; a text frame ends the connection', async (stage) => {
  const watcher = await stage.subscriber(stage.topic)
  const socket = await open('mqtt')
  const kinds = new Set<boolean>()
  socket.on('message', (_bytes, isBinary) => kinds.add(isBinary))
  const client = await connect(socket)
  await client.fence()
  socket.send(publish(stage, 'as text').toString(), { binary: false })
  await client.ended()
  await stage.publish(stage.topic, 'end')
  await watcher.fence()
  assert.deepEqual([[...kinds], payloads(watcher)], [[true], ['end']])
})

statement('6.0.0-2', 'packets need not begin and end with frames', async (stage) => {
  const watcher = await stage.subscriber(stage.topic)
  const socket = await open('mqtt')
  const client = await connect(socket)
  for (const byte of Buffer.concat([publish(stage, '1'), publish(stage, '2')])) socket.send(Buffer.from([byte]))
  const [third, fourth] = [publish(stage, '3'), publish(stage, '4')]
  socket.send(Buffer.concat([third, fourth.subarray(0, 3)]))
  socket.send(fourth.subarray(3))
  await client.received('puback', 4)
  await watcher.fence()
  assert.deepEqual(payloads(watcher), ['1', '2', '3', '4'])
  await client.drop()
})

statement('6.0.0-3', 'who does not offer the sub-protocol mqtt does not come in', async () => {
  for (const protocols of [[], ['amqp'], ['MQTT']]) await assert.rejects(open(...protocols), /response: 400/)
})

statement('6.0.0-4', 'the sub-protocol that is chosen is mqtt', async () => {
  for (const protocols of [['mqtt'], ['amqp', 'mqtt'], ['mqttv3.1', 'mqtt']]) {
    const socket = await open(...protocols)
    assert.equal(socket.protocol, 'mqtt')
    socket.terminate()
  }
})
