// Messages that wait for one client, first in first out. An entry is held as an object as long as there is memory for
// it and the client is there; else only its number, seq · 4 + qos, and the journal has the rest.
// Invariant: the seqs of live entries only grow from head to tail.

import type { Qos, Seq } from '../model/event.ts'
import type { Outgoing } from './outgoing.ts'

export interface Entry {
  readonly message: Outgoing
  readonly qos: Qos
  readonly retain: boolean
  /** Routed to the session when it was published, so that its row in the journal stands for it. */
  readonly live: boolean
}

/** What all queues together may hold as objects; `held` is in bytes, roughly. */
export interface HeldMemory {
  held: number
  readonly limit: number
}

/** How many wait in several backlogs together. */
export interface Tally {
  length: number
}

const ENTRY_BYTES = 200
const COMPACT_AT = 1024

export class Backlog {
  readonly #memory: HeldMemory
  readonly #tally: Tally
  #items: (Entry | number)[] = []
  #head = 0
  /** How many have left, ever. */
  taken = 0

  constructor(memory: HeldMemory, tally: Tally = { length: 0 }) {
    this.#memory = memory
    this.#tally = tally
  }

  get length(): number {
    return this.#items.length - this.#head
  }

  get headQos(): Qos {
    const head = this.#items[this.#head]!
    return typeof head === 'number' ? qosOf(head) : head.qos
  }

  push(entry: Entry): void {
    this.#tally.length++
    const cost = costOf(entry)
    if (entry.live && entry.message.seq > 0 && this.#memory.held + cost > this.#memory.limit) {
      this.#items.push(numberOf(entry))
      return
    }
    this.#memory.held += cost
    this.#items.push(entry)
  }

  /** Appends a live message that is not held. */
  pushNumber(seq: Seq, qos: Qos): void {
    this.#tally.length++
    this.#items.push(seq * 4 + qos)
  }

  /** @returns the oldest entry, or its number (see `seqOf`, `qosOf`). */
  shift(): Entry | number {
    const item = this.#items[this.#head]!
    this.#items[this.#head++] = 0
    this.taken++
    this.#tally.length--
    if (this.#head === this.#items.length) {
      this.#items = []
      this.#head = 0
    } else if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head)
      this.#head = 0
    }
    if (typeof item !== 'number') this.#memory.held -= costOf(item)
    return item
  }

  /** Lets every object go. @returns the numbers of what the journal can give back. */
  release(): number[] {
    const numbers: number[] = []
    while (this.length > 0) {
      const item = this.shift()
      if (typeof item === 'number') numbers.push(item)
      else if (item.live && item.qos > 0) numbers.push(numberOf(item))
    }
    return numbers
  }

  /** The oldest row that the journal must keep for this queue; Infinity for none. */
  lowestSeq(): Seq {
    for (let at = this.#head; at < this.#items.length; at++) {
      const item = this.#items[at]!
      if (typeof item === 'number') return seqOf(item)
      if (item.live && item.message.seq > 0) return item.message.seq
    }
    return Number.POSITIVE_INFINITY
  }

  *[Symbol.iterator](): Iterator<Entry | number> {
    for (let at = this.#head; at < this.#items.length; at++) yield this.#items[at]!
  }
}

export const seqOf = (number: number): Seq => Math.floor(number / 4)
export const qosOf = (number: number): Qos => (number % 4) as Qos
const numberOf = (entry: Entry): number => entry.message.seq * 4 + entry.qos
const costOf = (entry: Entry): number => entry.message.payload.length + ENTRY_BYTES
