// What a subscription is owed before its live messages: retained ones, then fetched ones. Its source is read one message
// at a time, as the client's window allows; live messages that match wait behind it.

import { Backlog, type Entry, type HeldMemory } from './backlog.ts'

/** By filter: the msgid of the last retained message that was sent; '' while there is none. They come in the order of their ids. */
export type OwedRetained = Map<string, string>

export interface RunOptions {
  /** undefined: every message of the session waits behind this run (a resumed session). */
  readonly filter: string | undefined
  readonly source: AsyncIterator<Entry, void>
  /** The source notes here how far it is, and takes away what is done. */
  readonly owed: Readonly<OwedRetained>
  /** Begins when so many have left the session's queue: what waited before the subscription goes before it. */
  readonly barrier: number
}

export class Run {
  readonly filter: string | undefined
  readonly owed: Readonly<OwedRetained>
  readonly barrier: number
  /** Read from the source and not yet sent. */
  readonly recalled: Backlog
  readonly behind: Backlog
  readonly #source: AsyncIterator<Entry, void>
  /** Grows with each run of the session. */
  number = 0
  /** Its source was asked for something. */
  begun = false
  #reading = false
  #ended = false

  constructor(options: RunOptions, behind: Backlog, memory: HeldMemory) {
    this.filter = options.filter
    this.owed = options.owed
    this.barrier = options.barrier
    this.#source = options.source
    this.recalled = new Backlog(memory)
    this.behind = behind
  }

  /** Where its next message is, or undefined while there is none. */
  line(): Backlog | undefined {
    if (this.recalled.length > 0) return this.recalled
    return this.#ended && this.behind.length > 0 ? this.behind : undefined
  }

  get finished(): boolean {
    return this.#ended && this.recalled.length === 0 && this.behind.length === 0
  }

  /** Reads the next message, if none is read or being read. Calls `then` afterwards, unless it was called off meanwhile. */
  read(then: () => void): void {
    if (this.#ended || this.#reading || this.recalled.length > 0) return
    this.begun = true
    this.#reading = true
    this.#source.next().then(({ done, value }) => {
      this.#reading = false
      if (this.#ended) return
      if (done) this.#ended = true
      else this.recalled.push(value)
      then()
    })
  }

  callOff(): void {
    if (this.#ended) return
    this.#ended = true
    void this.#source.return?.()
  }
}
