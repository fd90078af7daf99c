// `queue.full = drop_oldest`: room is made by taking the oldest rows from the lanes that are furthest behind, counted.

import type { Seq } from '../model/event.ts'
import type { Database, Statement } from '../sqlite/open.ts'
import type { Cursors } from './cursors.ts'
import type { Retention } from './retention.ts'

// Rows of a lane are those whose set names a binding of its pool.
const COUNT = `select count(*) from event where seq > ? and seq <= ? and bindings in (
  select binding_set.id from binding_set, json_each(binding_set.bindings) member
  join binding on binding.id = member.value where binding.pool = ?)`

export class DropOldest {
  readonly #cursors: Cursors
  readonly #retention: Retention
  readonly #count: Statement<[Seq, Seq, string], number>
  readonly #moved: (pool: string, seq: Seq) => void
  readonly dropped: Record<string, number> = {}

  constructor(db: Database, cursors: Cursors, retention: Retention, moved: (pool: string, seq: Seq) => void) {
    this.#cursors = cursors
    this.#retention = retention
    this.#count = db.prepare<[Seq, Seq, string], number>(COUNT).pluck()
    this.#moved = moved
  }

  /** Deletes up to `rows` of the oldest rows, in the caller's transaction. @returns rows deleted */
  drop(rows: number): number {
    const upTo = this.#retention.oldest(rows)
    for (const [pool, cursor] of this.#cursors.all()) {
      if (cursor >= upTo) continue
      this.dropped[pool] = (this.dropped[pool] ?? 0) + this.#count.get(cursor, upTo, pool)!
      this.#cursors.move(pool, upTo)
      this.#moved(pool, upTo)
    }
    return this.#retention.deleteUpTo(upTo)
  }
}
