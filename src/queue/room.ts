// The bounds: is there room for what comes, by `maxBytes` and by the free disk less its reserve? When there is not, room is
// made of rows that nobody waits for, then by the policy.

import type { Database } from '../sqlite/open.ts'
import { freeBytes } from '../system/disk.ts'

/** The disk is asked again after so long, ms … */
const LOOK_EVERY_MS = 1000
/** … or after so many bytes went to it. */
const LOOK_EVERY_BYTES = 4 << 20
/** A row takes somewhat more in the file than in the page that brought it. */
const OVERHEAD = 1.2
/** Room is made for some time, this part of `maxBytes`. */
const STEP_PART = 1 / 100
/** Rows that one transaction deletes. */
const STEP_ROWS = 5000
const MOST_STEPS = 20
/** After the disk was full in the middle of a commit there must be room for this much, or the next one would stumble again. */
const FRESH_START_BYTES = 256 << 10

export interface RoomOptions {
  readonly folder: string
  readonly limits: () => { readonly maxBytes: number; readonly reserveBytes: number }
  /** Bytes of a row on average. */
  readonly rowBytes: () => number
  /** Ways to make room, the gentlest first. Each deletes up to so many of the oldest rows and says how many. */
  readonly ways: () => readonly ((rows: number) => number)[]
}

export class Room {
  readonly #db: Database
  readonly #o: RoomOptions
  #free = 0
  #lookedAt = Number.NEGATIVE_INFINITY
  #sinceLook = 0
  #refused = 0

  constructor(db: Database, o: RoomOptions) {
    this.#db = db
    this.#o = o
  }

  /** Bytes of the file that hold something. */
  used(): number {
    return (this.#pragma('page_count') - this.#pragma('freelist_count')) * this.#pragma('page_size')
  }

  /** Free bytes of the disk, as of the last look. */
  get free(): number {
    return this.#free
  }

  /** Makes room for `bytes` where it can; 0: for as many as were refused last. @returns why there is none, or null */
  refusal(bytes: number): string | null {
    const need = (bytes || this.#refused) * OVERHEAD
    const why = this.#make(need)
    if (why === null) this.#refused = 0
    else if (bytes > 0) this.#refused = Math.max(bytes, this.#refused)
    if (why === null) this.#sinceLook += need
    return why
  }

  /** The disk had no room for so many bytes, whatever was thought. */
  failed(bytes: number): void {
    this.#refused = Math.max(bytes, FRESH_START_BYTES)
    this.#lookedAt = Number.NEGATIVE_INFINITY
  }

  #make(need: number): string | null {
    if (this.#lack(need) === null) return null
    const step = Math.max(need, this.#o.limits().maxBytes * STEP_PART)
    for (const way of this.#o.ways()) {
      for (let steps = 0; steps < MOST_STEPS; steps++) {
        const rows = Math.min(STEP_ROWS, Math.ceil(step / Math.max(1, this.#o.rowBytes())))
        const deleted = way(rows)
        if (this.#lack(need) === null) return null
        if (deleted === 0) break
      }
    }
    return this.#lack(need)
  }

  #lack(need: number): string | null {
    const { maxBytes, reserveBytes } = this.#o.limits()
    if (this.used() + need > maxBytes) return `the queue holds its ${maxBytes} bytes (queue.max_bytes)`
    const inFile = this.#pragma('freelist_count') * this.#pragma('page_size')
    // what is written goes to the log first and to the file later
    const left = () => Math.max(0, this.#free - 2 * this.#sinceLook - reserveBytes) + inFile
    if (this.#isLookDue()) this.#look()
    if (left() >= need) return null
    if (this.#sinceLook > 0) this.#look() // nobody is refused by an estimate
    if (left() >= need) return null
    return `the disk has ${this.#free} free bytes, ${reserveBytes} are reserved (queue.reserve)`
  }

  #isLookDue(): boolean {
    return performance.now() - this.#lookedAt >= LOOK_EVERY_MS || this.#sinceLook >= LOOK_EVERY_BYTES
  }

  #look(): void {
    this.#free = freeBytes(this.#o.folder)
    this.#lookedAt = performance.now()
    this.#sinceLook = 0
  }

  #pragma(name: string): number {
    return this.#db.pragma(name, { simple: true }) as number
  }
}
