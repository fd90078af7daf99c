// What the short cut emits is what mqtt-packet's parser emits, however the bytes are cut.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import mqtt, { type Packet } from 'mqtt-packet'
import type { WireParser } from '../../src/broker/engine-client.ts'
import { parsePlainPackets } from '../../src/broker/fast-parse.ts'

const LIMIT = 100_000

function parsed(bytes: Buffer, cuts: readonly number[], fast: boolean): unknown[] {
  const parser = mqtt.parser()
  if (fast) parsePlainPackets(parser as unknown as WireParser, LIMIT)
  const events: unknown[] = []
  parser.on('packet', (packet) => events.push({ ...packet }))
  parser.on('error', (error) => events.push(error.message))
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    if (cut > from) parser.parse(bytes.subarray(from, cut))
    from = Math.max(from, cut)
    if (events.some((event) => typeof event === 'string')) break // aedes ends the connection
  }
  return events
}

function alike(bytes: Buffer, cuts: readonly number[]): void {
  assert.deepEqual(parsed(bytes, cuts, true), parsed(bytes, cuts, false), `${bytes.toString('hex')} cut at ${cuts}`)
}

const publish = (topic: string, payload: string, qos: 0 | 1 | 2, more: object = {}): Buffer =>
  mqtt.generate({ cmd: 'publish', topic, payload, qos, messageId: 7, retain: false, dup: false, ...more } as Packet)

const PACKETS = [
  publish('a/b', 'x', 1),
  publish('a/b', '', 0),
  publish('a/c', 'y', 1, { retain: true, dup: true, messageId: 65_535 }),
  publish('a/ü', 'not ASCII', 1),
  publish('a/b', 'z', 2),
  publish('long', 'l'.repeat(70_000), 1),
  publish('t'.repeat(300), 'p'.repeat(200), 0),
  mqtt.generate({ cmd: 'puback', messageId: 4711 }),
  mqtt.generate({ cmd: 'pubrel', messageId: 4711 }),
  mqtt.generate({ cmd: 'pingreq' }),
  mqtt.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a/#', qos: 1 }] }),
]

test('each packet, cut anywhere near its head', () => {
  for (const packet of PACKETS) {
    for (let cut = 0; cut <= Math.min(packet.length, 40); cut++) alike(Buffer.concat([packet, PACKETS[0]!]), [cut])
  }
})

test('random streams, cut at random', () => {
  const random = (below: number): number => Math.floor(Math.random() * below)
  for (let round = 0; round < 300; round++) {
    const stream = Buffer.concat(Array.from({ length: 1 + random(12) }, () => PACKETS[random(PACKETS.length)]!))
    const cuts = Array.from({ length: random(8) }, () => random(stream.length)).sort((a, b) => a - b)
    alike(stream, cuts)
  }
})

test('malformed packets', () => {
  const broken = [
    '3003000a61', // the topic is longer than the packet
    '3202000161', // no room for the packet id
    '300100', // no room for the topic's length
    '32ffffffffff', // length of five bytes
    '400100', // PUBACK without its id
    '4003000100', // PUBACK with too much
    '41020001', // reserved flags
    '3600', // QoS 3
    '30000000',
  ]
  for (const hex of broken) {
    const bytes = Buffer.concat([PACKETS[0]!, Buffer.from(hex, 'hex'), PACKETS[0]!])
    for (let cut = 0; cut < bytes.length; cut++) alike(bytes, [cut])
  }
})

test('random bytes', () => {
  for (let round = 0; round < 2000; round++) {
    const bytes = Buffer.from(Array.from({ length: 12 }, () => Math.floor(Math.random() * 256)))
    bytes[0] = [0x30, 0x31, 0x32, 0x3a, 0x40][round % 5]!
    bytes[1]! &= 0x0f
    alike(bytes, [Math.floor(Math.random() * 12)])
  }
})
