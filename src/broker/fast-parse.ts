// Reads plain packets from the wire without mqtt-packet's parser, which takes a fifth of the main thread at full load: PUBLISH of
// QoS 0 or 1 with an ASCII topic, and PUBACK. Everything else, and all that is wrong with a packet, is left to the parser (and to
// wire-guard.ts). What it emits is the parser's own packet object.

import type { WirePacket, WireParser } from './engine-client.ts'

const PUBACK = 0x40
/** QoS 0, QoS 1 and QoS 1 with DUP, each without and with the retain flag. */
const PUBLISHES: ReadonlySet<number> = new Set([0x30, 0x31, 0x32, 0x33, 0x3a, 0x3b])
const MESSAGE_ID_BYTES = 2
/** Larger packets are gathered by the parser, which does not copy what it has. */
const KEPT_BYTES = 64 * 1024
const NOTHING = Buffer.alloc(0)

/** The head of a packet: where its body begins and ends. */
interface Extent {
  body: number
  end: number
}

export function parsePlainPackets(parser: WireParser, maxPacketSize: number): void {
  const most = Math.min(KEPT_BYTES, maxPacketSize)
  const plain = new PlainPackets(parser, most)
  const parse = parser.parse.bind(parser)
  /** The head of a packet whose rest is not here yet. */
  let kept = NOTHING
  let isFirst = true
  parser.parse = (chunk) => {
    if (isFirst) {
      const waiting = parse(chunk)
      isFirst = waiting > 0
      return waiting
    }
    if (parser.error || parser._stateCounter > 0 || parser._list.length > 0) return parse(chunk)
    const bytes = kept.length === 0 ? chunk : Buffer.concat([kept, chunk])
    const rest = bytes.subarray(plain.read(bytes))
    const isCut = plain.isCut
    kept = isCut ? Buffer.from(rest) : NOTHING
    return isCut || rest.length === 0 ? kept.length : parse(rest)
  }
}

class PlainPackets {
  readonly #parser: WireParser
  readonly #most: number
  readonly #extent: Extent = { body: 0, end: 0 }
  /** The last topic: a publisher repeats itself, and a known string is cheaper to look up than a new one. */
  #topicBytes = NOTHING
  #topic = ''
  /** What `read` left is the begin of a plain packet. */
  isCut = false

  constructor(parser: WireParser, most: number) {
    this.#parser = parser
    this.#most = most
  }

  /** Emits plain packets up to the first that is none, or is not complete. @returns the offset behind them */
  read(bytes: Buffer): number {
    const extent = this.#extent
    let at = 0
    this.isCut = false
    while (at < bytes.length) {
      const first = bytes[at]!
      const isPublish = PUBLISHES.has(first)
      if (!isPublish && first !== PUBACK) return at
      const complete = measure(bytes, at, extent)
      if (complete === undefined || extent.end - extent.body > this.#most) return at
      if (!complete) {
        this.isCut = true
        return at
      }
      if (!(isPublish ? this.#publish(bytes, first, extent) : this.#puback(bytes, extent))) return at
      at = extent.end
    }
    return at
  }

  #publish(bytes: Buffer, first: number, { body, end }: Extent): boolean {
    const qos = (first >> 1) & 1
    const topicStart = body + 2
    if (topicStart > end) return false
    const topicEnd = topicStart + ((bytes[body]! << 8) | bytes[body + 1]!)
    const payloadStart = topicEnd + qos * MESSAGE_ID_BYTES
    if (payloadStart > end || !this.#isTopic(bytes, topicStart, topicEnd)) return false
    const packet = this.#packet('publish', end - body)
    packet.retain = (first & 1) === 1
    packet.qos = qos
    packet.dup = (first & 8) === 8
    packet.topic = this.#topic
    if (qos > 0) packet.messageId = (bytes[topicEnd]! << 8) | bytes[topicEnd + 1]!
    packet.payload = bytes.subarray(payloadStart, end)
    this.#emit(packet)
    return true
  }

  #puback(bytes: Buffer, { body, end }: Extent): boolean {
    if (end - body !== MESSAGE_ID_BYTES) return false
    const packet = this.#packet('puback', MESSAGE_ID_BYTES)
    packet.messageId = (bytes[body]! << 8) | bytes[body + 1]!
    this.#emit(packet)
    return true
  }

  /** Takes the topic, if it is ASCII (without NUL). */
  #isTopic(bytes: Buffer, start: number, end: number): boolean {
    if (end - start === this.#topicBytes.length && bytes.compare(this.#topicBytes, 0, end - start, start, end) === 0)
      return true
    for (let i = start; i < end; i++) if (bytes[i]! > 0x7f || bytes[i] === 0) return false
    this.#topicBytes = Buffer.from(bytes.subarray(start, end))
    this.#topic = this.#topicBytes.toString('latin1')
    return true
  }

  #packet(cmd: string, length: number): WirePacket {
    const { packet } = this.#parser // the empty one that waits for the next packet
    packet.cmd = cmd
    packet.length = length
    return packet
  }

  #emit(packet: WirePacket): void {
    const Packet = packet.constructor as new () => WirePacket
    this.#parser.packet = new Packet()
    this.#parser.emit('packet', packet)
  }
}

/** @returns is the packet at `at` complete? Undefined: its length is malformed */
function measure(bytes: Buffer, at: number, extent: Extent): boolean | undefined {
  let length = 0
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + 1 + i]
    if (byte === undefined) {
      extent.body = extent.end = at
      return false
    }
    length |= (byte & 127) << (7 * i)
    if (byte < 128) {
      extent.body = at + 2 + i
      extent.end = extent.body + length
      return extent.end <= bytes.length
    }
  }
  return undefined
}
