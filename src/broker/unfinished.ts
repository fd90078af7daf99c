// What has begun to come and is not all there: packets, and messages of WebSocket. One may be as large as mqtt.max_packet_size, also of
// somebody who has not said who it is; a thousand that stop in the middle would hold a gigabyte. So all of it together is
// bounded, and the connection whose part began longest ago makes room: who goes on comes through.

import type { Duplex } from 'node:stream'
import type { WireParser } from './engine-client.ts'
import type { Limits } from './limits.ts'
import { OverLimit } from './over-limit.ts'

/** Of one connection. */
interface Part {
  readonly stream: Duplex
  bytes: number
}

export class Unfinished {
  readonly #limits: Pick<Limits, 'maxUnfinished'>
  /** Those that hold something, the oldest first. */
  readonly #parts = new Set<Part>()
  #bytes = 0

  constructor(limits: Pick<Limits, 'maxUnfinished'>) {
    this.#limits = limits
  }

  /** @returns to be called with the bytes that wait for more, and whether they all came now. The end of `stream` lets them go. */
  of(stream: Duplex): (bytes: number, isNew: boolean) => void {
    const part: Part = { stream, bytes: 0 }
    stream.once('close', () => this.#hold(part, 0, false))
    return (bytes, isNew) => {
      if (bytes > 0 || part.bytes > 0) this.#hold(part, stream.destroyed ? 0 : bytes, isNew)
    }
  }

  #hold(part: Part, bytes: number, isNew: boolean): void {
    this.#bytes += bytes - part.bytes
    part.bytes = bytes
    if (isNew || bytes === 0) this.#parts.delete(part)
    if (bytes > 0) this.#parts.add(part)
    // one alone is bounded by the size of a packet
    while (this.#bytes > this.#limits.maxUnfinished && this.#parts.size > 1) this.#pushOut()
  }

  #pushOut(): void {
    const [oldest] = this.#parts
    if (!oldest) return
    this.#parts.delete(oldest)
    this.#bytes -= oldest.bytes
    oldest.bytes = 0
    oldest.stream.destroy(new OverLimit('unfinished', 'its packet was not complete, and others needed the room'))
  }
}

/** Counts what the parser holds. */
export function boundUnfinished(parser: WireParser, hold: ReturnType<Unfinished['of']>): void {
  const parse = parser.parse.bind(parser)
  parser.parse = (bytes) => {
    const waiting = parse(bytes)
    hold(waiting, waiting <= bytes.length)
    return waiting
  }
}
