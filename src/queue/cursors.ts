// Where each lane stands. Cursors are written lazily, since the remote's mark is the truth: what the table says may be
// behind, never ahead.

import type { Seq } from '../model/event.ts'
import type { Database, Statement } from '../sqlite/open.ts'

export class Cursors {
  readonly #select: Statement<[], [string, Seq]>
  readonly #put: Statement<[string, Seq]>
  readonly #moved = new Map<string, Seq>()

  constructor(db: Database) {
    this.#select = db.prepare<[], [string, Seq]>('select pool, cursor from lane').raw()
    this.#put = db.prepare('insert or replace into lane (pool, cursor) values (?, ?)')
  }

  all(): Map<string, Seq> {
    return new Map([...this.#select.all(), ...this.#moved])
  }

  /** Cursor of the lane that is furthest behind; Infinity when there is no lane. */
  least(): Seq {
    return Math.min(Number.POSITIVE_INFINITY, ...this.all().values())
  }

  move(pool: string, seq: Seq): void {
    this.#moved.set(pool, seq)
  }

  /** Is there something to persist? */
  get moved(): boolean {
    return this.#moved.size > 0
  }

  /** Writes what moved, in the caller's transaction; `persisted` when that is on disk. */
  persist(): void {
    for (const [pool, seq] of this.#moved) this.#put.run(pool, seq)
  }

  persisted(): void {
    this.#moved.clear()
  }
}
