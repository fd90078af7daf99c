// One lane: the rows behind its cursor that name a binding of its pool.

import type { PoolId } from '../model/binding.ts'
import type { Seq } from '../model/event.ts'
import type { EventId } from '../model/event-id.ts'
import type { Database, Statement } from '../sqlite/open.ts'
import type { Batch, Entry, Gap, Lane, LetterDraft, Limit } from './lanes.ts'
import { PoolBindings } from './pool-bindings.ts'
import { Rows } from './rows.ts'
import { readingRows } from './salvage.ts'
import type { Shared } from './shared.ts'

/** Rows that one reading looks at, so that a long stretch of other pools' rows blocks nobody. */
const LOOK_ROWS = 20_000

export interface LaneDesk {
  readonly db: Database
  readonly shared: Shared
  moved(pool: PoolId, seq: Seq): void
  giveUp(pool: PoolId, gap: Gap): Promise<void>
  deadLetter(pool: PoolId, letter: LetterDraft): Promise<boolean>
}

type Row = [seq: Seq, set: number, record: Buffer]

export class OpenLane implements Lane {
  readonly pool: PoolId
  readonly #desk: LaneDesk
  readonly #bindings: PoolBindings
  readonly #rows: Rows
  #select: Statement<[Seq, Seq, number], Row> | undefined
  #cursor: Seq
  /** What was given up, by `after`. */
  #gaps: readonly Gap[]
  #wakers: (() => void)[] = []

  constructor(pool: PoolId, { cursor, gaps }: { cursor: Seq; gaps: readonly Gap[] }, desk: LaneDesk) {
    this.pool = pool
    this.#cursor = cursor
    this.#gaps = gaps
    this.#desk = desk
    this.#bindings = new PoolBindings(desk.db, pool)
    this.#rows = new Rows(desk.db)
  }

  get cursor(): Seq {
    return this.#cursor
  }

  get lastSeq(): Seq {
    return this.#desk.shared.lastSeq
  }

  async next(limit: Limit, signal: AbortSignal): Promise<Batch> {
    for (;;) {
      signal.throwIfAborted()
      const batch = this.peek(this.#cursor, limit)
      if (batch.entries.length > 0) return batch
      this.move(batch.upTo)
      if (batch.upTo >= this.lastSeq) await this.#news(signal)
      else await new Promise(setImmediate) // a long stretch of others' rows: let others run
    }
  }

  peek(after: Seq, limit: Limit): Batch {
    const newest = this.lastSeq
    if (newest <= after) return { entries: [], upTo: after }
    const select = this.#statement()
    if (!select) return { entries: [], upTo: newest }
    const from = this.#behindGaps(after)
    const nextGap = this.#gaps.find((gap) => gap.after > from)?.after ?? newest
    const upTo = Math.max(from, Math.min(newest, from + LOOK_ROWS, nextGap))
    return readingRows(this.#desk.db.name, () => this.#read(select, { after: from, upTo }, limit))
  }

  move(seq: Seq): void {
    if (seq > this.#cursor) this.#set(seq)
  }

  async giveUp(seq: Seq): Promise<void> {
    if (seq <= this.#cursor) return
    const gap = { after: this.#cursor, upTo: seq }
    await this.#desk.giveUp(this.pool, gap)
    this.#gaps = [...this.#gaps, gap].sort((a, b) => a.after - b.after)
    this.#cursor = Math.max(this.#cursor, seq)
  }

  rewind(seq: Seq): void {
    if (seq < this.#cursor) this.#set(seq)
  }

  eventAt(seq: Seq): EventId | undefined {
    return this.#rows.id(seq)
  }

  deadLetter(letter: LetterDraft): Promise<boolean> {
    return this.#desk.deadLetter(this.pool, letter)
  }

  lag(): ReturnType<Lane['lag']> {
    const events = Math.max(0, this.lastSeq - this.#cursor)
    if (events === 0) return { events: 0, bytes: 0, oldestAt: null }
    return { events, bytes: events * this.#desk.shared.rowBytes, oldestAt: this.#rows.timeBehind(this.#cursor) }
  }

  /** There are new rows. */
  wake(): void {
    const wakers = this.#wakers
    this.#wakers = []
    for (const waker of wakers) waker()
  }

  /** The writer took everything up to `seq` away, for want of room, and has moved the cursor itself. */
  dropped(seq: Seq): void {
    this.#cursor = Math.max(this.#cursor, seq)
  }

  #behindGaps(after: Seq): Seq {
    return this.#gaps.reduce((from, gap) => (gap.after <= from && from < gap.upTo ? gap.upTo : from), after)
  }

  #set(seq: Seq): void {
    this.#cursor = seq
    this.#desk.moved(this.pool, seq)
  }

  #read(select: Statement<[Seq, Seq, number], Row>, range: { after: Seq; upTo: Seq }, limit: Limit): Batch {
    const rows: Row[] = []
    let bytes = 0
    let isCut = false
    for (const row of select.iterate(range.after, range.upTo, limit.events)) {
      bytes += row[2].length
      isCut = rows.length > 0 && bytes > limit.bytes
      if (isCut) break
      rows.push(row)
    }
    const entries = rows.map(([seq, set, record]): Entry => {
      return { event: this.#rows.decode(seq, record), bindings: this.#bindings.of(set) }
    })
    const isAll = !isCut && rows.length < limit.events
    return { entries, upTo: isAll ? range.upTo : rows.at(-1)![0] }
  }

  /** @returns undefined when no row can be for this pool */
  #statement(): Statement<[Seq, Seq, number], Row> | undefined {
    if (this.#bindings.refresh(this.#desk.shared.lastSet) || !this.#select) {
      const sets = this.#bindings.sets()
      if (sets.length === 0) return undefined
      this.#select = this.#desk.db
        .prepare<[Seq, Seq, number], Row>(
          `select seq, bindings, record from event
           where seq > ? and seq <= ? and bindings in (${sets.join(', ')}) order by seq limit ?`,
        )
        .raw()
    }
    return this.#select
  }

  async #news(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#wakers.push(done)
      signal.addEventListener('abort', done)
      this.#desk.shared.awaitNews()
      // what was committed before we asked to be woken has woken nobody
      if (this.lastSeq > this.#cursor) this.wake()
    })
  }
}
