// What comes a byte at a time takes no more memory than what comes at once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import mqtt from 'mqtt-packet'
import type { WirePacket, WireParser } from '../../src/broker/engine-client.ts'
import { guardParser } from '../../src/broker/wire-guard.ts'
import { connectPacket, publishPacket } from '../helpers/raw-client.ts'

test('a packet in single bytes is put together as it comes', () => {
  const parser = mqtt.parser() as unknown as WireParser & {
    on(event: string, heard: (packet: WirePacket) => void): void
  }
  const packets: WirePacket[] = []
  parser.on('packet', (packet) => packets.push(packet))
  guardParser(parser, { maxPacketSize: 1_000_000, maxTopicLevels: 100 })
  parser.parse(mqtt.generate(connectPacket()))
  const payload = Buffer.alloc(50_000, 'abc')
  const bytes = mqtt.generate({ ...publishPacket('t', ''), payload })
  let mostPieces = 0
  for (const byte of bytes) {
    parser.parse(Buffer.from([byte]))
    const { _bufs } = parser._list as unknown as { _bufs: Buffer[] }
    mostPieces = Math.max(mostPieces, _bufs.length)
  }
  assert.ok(mostPieces <= 256, `${mostPieces} pieces`)
  assert.deepEqual(packets.at(-1)!.payload, payload)
})
