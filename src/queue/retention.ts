// Old rows leave in chunks, each a transaction of its own between two commits, so that nobody waits for it; then the file
// gives its space back, also in steps. A row may go when every lane is past it, no session or fetch wants it (floors) and
// it is older than `retainMs`. The last row always stays: seqs and ids must not begin anew.

import type { Seq } from '../model/event.ts'
import type { Database, Statement } from '../sqlite/open.ts'
import { Boots } from './boots.ts'
import type { Cursors } from './cursors.ts'
import { HEAD_BYTES, readMoment } from './record.ts'

const CHUNK_ROWS = 1000
/** Fewer rows than these wait for more, since each deletion is a commit … */
const WORTHWHILE_ROWS = 500
/** … but not longer than so, ms. */
const PATIENCE_MS = 600_000
const VACUUM_PAGES = 512
/** Free pages that the file keeps for what comes next. */
const KEEP_FREE_PAGES = 4096

export interface RetentionOptions {
  readonly retainMs: () => number
  readonly cursors: Cursors
  /** Rows from here on are wanted locally, by name. */
  readonly floors: ReadonlyMap<string, Seq>
  readonly now: () => number
}

export class Retention {
  readonly #o: RetentionOptions
  readonly #db: Database
  readonly #heads: Statement<[Seq, number], [Seq, Buffer]>
  readonly #nth: Statement<[number], Seq>
  readonly #edge: Statement<[], [Seq | null, Seq | null]>
  readonly #delete: Statement<[Seq]>
  #deletedAt = 0

  constructor(db: Database, o: RetentionOptions) {
    this.#o = o
    this.#db = db
    this.#heads = db
      .prepare<[Seq, number], [Seq, Buffer]>(
        `select seq, substr(record, 1, ${HEAD_BYTES}) from event where seq <= ? order by seq limit ?`,
      )
      .raw()
    this.#nth = db.prepare<[number], Seq>('select seq from event order by seq limit 1 offset ?').pluck()
    this.#edge = db
      .prepare<[], [Seq | null, Seq | null]>('select (select min(seq) from event), (select max(seq) from event)')
      .raw()
    this.#delete = db.prepare<[Seq]>('delete from event where seq <= ?')
  }

  /** First and last seq, 0 when there is no row. */
  edges(): { first: Seq; last: Seq } {
    const [first, last] = this.#edge.get()!
    return { first: first ?? 0, last: last ?? 0 }
  }

  /** One chunk of what is due. @returns rows deleted */
  deleteDue(): number {
    const before = this.#o.now() - this.#o.retainMs()
    const boots = new Boots(this.#db) // anew: a connection is not told of its own commits
    const isDue = ([, head]: [Seq, Buffer]) => boots.when(readMoment(head)).at <= before
    const upTo = this.#settledUpTo()
    const first = this.#heads.get(upTo, 1)
    if (!first || !isDue(first)) return 0
    const rows = this.#heads.all(upTo, CHUNK_ROWS)
    const young = rows.findIndex((row) => !isDue(row))
    const count = young < 0 ? rows.length : young
    if (count < WORTHWHILE_ROWS && this.#o.now() - this.#deletedAt < PATIENCE_MS) return 0
    this.#deletedAt = this.#o.now()
    return this.#delete.run(rows[count - 1]![0]).changes
  }

  /** For want of room: up to `rows` of the oldest that nobody waits for, however young. @returns rows deleted */
  deleteSettled(rows: number): number {
    return this.#delete.run(Math.min(this.#settledUpTo(), this.oldest(rows))).changes
  }

  /** For want of room: everything up to `seq`. @returns rows deleted */
  deleteUpTo(seq: Seq): number {
    return this.#delete.run(seq).changes
  }

  /** The seq up to which there are `rows` rows, but never the last row's. */
  oldest(rows: number): Seq {
    const { last } = this.edges()
    return Math.min(this.#nth.get(rows - 1) ?? last, last - 1)
  }

  /** Gives one step of free space back to the disk. @returns whether there is more to give */
  shrink(): boolean {
    const pages = this.#db.pragma('page_count', { simple: true }) as number
    const free = this.#db.pragma('freelist_count', { simple: true }) as number
    if (free <= Math.max(KEEP_FREE_PAGES, pages / 4)) return false
    this.#db.pragma(`incremental_vacuum(${VACUUM_PAGES})`)
    return true
  }

  #settledUpTo(): Seq {
    const wanted = Math.min(Number.POSITIVE_INFINITY, ...this.#o.floors.values()) - 1
    return Math.min(this.#o.cursors.least(), wanted, this.edges().last - 1)
  }
}
