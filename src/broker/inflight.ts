// What one client was sent and has not acknowledged, by packet id, in the order of sending.
// Invariant: a packet id is in use until its acknowledgement, also over a restart and a new connection [MQTT-2.3.1-4].

import type { Qos, Seq } from '../model/event.ts'
import type { Entry } from './backlog.ts'
import type { DropReason } from './figures.ts'
import { Outgoing } from './outgoing.ts'

export interface Sent {
  readonly packetId: number
  entry: Entry
  /** PUBREC came: PUBREL is what is repeated now. */
  released: boolean
  /** Grows with each that is sent. */
  readonly number: number
  /** Its PUBLISH was, perhaps in a former run of the gateway: the next one is a repetition. */
  written: boolean
  /** What is on disk of it. */
  onDisk: 'nothing' | 'sent' | 'released'
}

/** One of them as it is stored. */
export interface StoredSent {
  readonly packetId: number
  readonly qos: Qos
  readonly released: boolean
  readonly retain: boolean
  readonly live: boolean
  /** 0: it came from a database. */
  readonly seq: Seq
  readonly msgid: string
  readonly topic: string
  readonly from: string
}

const MAX_PACKET_ID = 65_535

export class Inflight {
  readonly #sent = new Map<number, Sent>()
  /** By msgid: messages of a database that were in flight when the gateway died. The next fetch brings them again. */
  readonly #expected = new Map<string, StoredSent>()
  readonly #expectedIds = new Set<number>()
  #last = 0
  #count = 0
  /** Up to this number all are acknowledged, … */
  #settled = 0
  /** … and these behind it, too. */
  readonly #beyond = new Set<number>()

  get size(): number {
    return this.#sent.size
  }

  /** How many were sent since the oldest that is not acknowledged, with it: more than `size` when the client left it out. */
  get span(): number {
    return this.#count - this.#settled
  }

  get(packetId: number): Sent | undefined {
    return this.#sent.get(packetId)
  }

  /** It is about to be written. */
  add(entry: Entry): Sent {
    const expected = this.#takeExpected(entry)
    const sent: Sent = {
      packetId: expected ?? this.#freeId(),
      entry,
      released: false,
      written: expected !== undefined,
      onDisk: 'nothing',
      number: ++this.#count,
    }
    this.#sent.set(sent.packetId, sent)
    return sent
  }

  delete(packetId: number): void {
    const number = this.#sent.get(packetId)?.number
    if (number === undefined) return
    this.#sent.delete(packetId)
    this.#beyond.add(number)
    while (this.#beyond.delete(this.#settled + 1)) this.#settled++
  }

  /** What the journal has is not held from now on. */
  hollow(): void {
    for (const sent of this.#sent.values()) {
      const { entry } = sent
      if (entry.message.isHollow) continue
      if (entry.live && entry.message.seq > 0) sent.entry = { ...entry, message: entry.message.hollow() }
      else entry.message.keep()
    }
  }

  /** The client is back. What can't be loaded any more is not repeated. */
  fill(load: (seq: Seq, topic: string) => Outgoing | undefined, dropped: (reason: DropReason) => void): void {
    for (const sent of this.#sent.values()) {
      const { packetId, entry, released } = sent
      const { seq, topic, isHollow } = entry.message
      if (!isHollow || released) continue
      const message = seq > 0 ? load(seq, topic) : undefined
      if (message) {
        sent.entry = { ...entry, message }
        continue
      }
      if (entry.live) {
        this.abandon(sent)
        dropped('expired')
      } else {
        this.delete(packetId)
        this.#expect(storedOf(sent))
      }
    }
  }

  /** It is not repeated. If it is of QoS 2 and the client may have it, its packet id is free when PUBREL is answered. */
  abandon(sent: Sent): void {
    if (sent.entry.qos === 2 && sent.written) sent.released = true
    else this.delete(sent.packetId)
  }

  /** The oldest row behind `after` that it needs of the journal; Infinity for none. */
  lowestSeq(after: Seq): Seq {
    let lowest = Number.POSITIVE_INFINITY
    for (const { entry } of this.#sent.values()) {
      if (entry.message.seq > after && entry.message.seq < lowest) lowest = entry.message.seq
    }
    return lowest
  }

  stored(): StoredSent[] {
    return [...[...this.#sent.values()].map(storedOf), ...this.#expected.values()]
  }

  restore(stored: readonly StoredSent[]): void {
    for (const { packetId, qos, released, retain, live, ...message } of stored) {
      this.#sent.set(packetId, {
        packetId,
        entry: { message: Outgoing.hollow(message), qos, retain, live },
        released,
        written: true,
        onDisk: released ? 'released' : 'sent',
        number: ++this.#count,
      })
      this.#last = packetId
    }
  }

  [Symbol.iterator](): Iterator<Sent> {
    return this.#sent.values()
  }

  #expect(sent: StoredSent): void {
    this.#expected.set(sent.msgid, sent)
    this.#expectedIds.add(sent.packetId)
  }

  #takeExpected({ message, qos, live }: Entry): number | undefined {
    const expected = live ? undefined : this.#expected.get(message.msgid)
    if (expected?.qos !== qos) return undefined
    this.#expected.delete(message.msgid)
    this.#expectedIds.delete(expected.packetId)
    return expected.packetId
  }

  #freeId(): number {
    do this.#last = (this.#last % MAX_PACKET_ID) + 1
    while (this.#sent.has(this.#last) || this.#expectedIds.has(this.#last))
    return this.#last
  }
}

function storedOf({ packetId, entry, released }: Sent): StoredSent {
  const { seq, msgid, topic, from } = entry.message
  return { packetId, qos: entry.qos, released, retain: entry.retain, live: entry.live, seq, msgid, topic, from }
}
