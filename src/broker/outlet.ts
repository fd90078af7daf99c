// The way out of one socket. What is written within a turn of the loop leaves in one system call: PUBACKs of a commit,
// deliveries of a batch. Small pieces are copied into a chunk, large ones pass by reference; order is kept between them.

import { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'
import type { Qos } from '../model/event.ts'
import type { Outgoing } from './outgoing.ts'

const CHUNK_BYTES = 16 * 1024
/** Larger pieces are not copied. */
const COPIED_BYTES = 4 * 1024
const SPARE_CHUNKS = 256
/** Fixed header, remaining length, topic length, packet id. */
const MOST_HEADER_BYTES = 1 + 4 + 2 + 2

const spare: Buffer[] = []
let dirty: Outlet[] = []

export class Outlet {
  readonly #socket: Duplex
  readonly #writeNow: Duplex['write']
  readonly #highWaterMark: number
  #chunk: Buffer | undefined
  #used = 0
  /** Somebody was told to wait for 'drain'. */
  #awaited = false
  #scheduled = false

  /** Takes over `socket`'s write; `cork` and `uncork` are taken away, so that the packet writer spares them. */
  constructor(socket: Duplex) {
    this.#socket = socket
    this.#highWaterMark = socket.writableHighWaterMark
    this.#writeNow = socket.write.bind(socket) as Duplex['write']
    const destroyNow = socket.destroy.bind(socket)
    socket.write = ((data: Buffer | string) => this.write(data)) as Duplex['write']
    socket.destroy = (error?: Error) => {
      this.#push() // a refusal's CONNACK is written right before the end
      return destroyNow(error)
    }
    Object.assign(socket, { cork: undefined, uncork: undefined })
  }

  /** The socket takes no more for now; 'drain' is emitted on it when it does again (never, when it is at its end). */
  get full(): boolean {
    if (this.#socket.destroyed) return true
    if (this.#used + this.#socket.writableLength < this.#highWaterMark) return false
    this.#awaited = true
    return true
  }

  write(data: Buffer | string): boolean {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    if (bytes.length <= COPIED_BYTES) {
      const chunk = this.#room(bytes.length)
      this.#used += bytes.copy(chunk, this.#used)
    } else {
      this.#pass(bytes)
    }
    return !this.full
  }

  /** Writes a PUBLISH. `packetId` counts for QoS above 0 only. */
  publish(message: Outgoing, qos: Qos, packetId: number, flags: { retain: boolean; dup: boolean }): void {
    const { topic, payload } = message
    const topicBytes = Buffer.byteLength(topic)
    const copied = payload.length <= COPIED_BYTES
    const chunk = this.#room(MOST_HEADER_BYTES + topicBytes + (copied ? payload.length : 0))
    let at = this.#used
    chunk[at++] = 0x30 | (flags.dup ? 8 : 0) | (qos << 1) | (flags.retain ? 1 : 0)
    let remaining = 2 + topicBytes + (qos > 0 ? 2 : 0) + payload.length
    do {
      chunk[at++] = remaining > 127 ? (remaining & 127) | 128 : remaining
      remaining >>>= 7
    } while (remaining > 0)
    chunk[at++] = topicBytes >>> 8
    chunk[at++] = topicBytes & 255
    at += chunk.write(topic, at)
    if (qos > 0) {
      chunk[at++] = packetId >>> 8
      chunk[at++] = packetId & 255
    }
    if (copied) at += payload.copy(chunk, at)
    this.#used = at
    if (!copied) this.#pass(payload)
  }

  /** Writes a PUBREL. */
  release(packetId: number): void {
    const chunk = this.#room(4)
    chunk[this.#used++] = 0x62
    chunk[this.#used++] = 2
    chunk[this.#used++] = packetId >>> 8
    chunk[this.#used++] = packetId & 255
  }

  flush(): void {
    this.#push()
    if (this.#awaited && this.#socket.writableLength < this.#highWaterMark) {
      this.#awaited = false
      this.#socket.emit('drain')
    }
  }

  /** A chunk with so many free bytes behind #used. */
  #room(bytes: number): Buffer {
    if (!this.#scheduled) this.#schedule()
    if (this.#chunk && this.#used + bytes > this.#chunk.length) this.#push()
    this.#chunk ??=
      bytes > CHUNK_BYTES ? Buffer.allocUnsafeSlow(bytes) : (spare.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES))
    return this.#chunk
  }

  #pass(bytes: Buffer): void {
    this.#push()
    if (!this.#socket.destroyed) this.#writeNow(bytes)
  }

  #push(): void {
    const chunk = this.#chunk
    if (!chunk) return
    const bytes = chunk.subarray(0, this.#used)
    this.#chunk = undefined
    this.#used = 0
    if (this.#socket.destroyed) return
    this.#writeNow(bytes, () => {
      if (chunk.length === CHUNK_BYTES && spare.length < SPARE_CHUNKS) spare.push(chunk)
    })
  }

  #schedule(): void {
    this.#scheduled = true
    if (dirty.length === 0) setImmediate(flushAll)
    dirty.push(this)
  }

  static turn(outlet: Outlet): void {
    outlet.#scheduled = false
    outlet.flush()
  }
}

function flushAll(): void {
  const turn = dirty
  dirty = []
  for (const outlet of turn) Outlet.turn(outlet)
}
