// The only writer of the journal. A batch is one transaction: its binding sets, what an earlier failed commit left, its
// events with their local truth, and now and then the cursors. What was answered is on disk.

import path from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import type { Seq } from '../model/event.ts'
import { type Database, isDiskTrouble, type Statement, sqliteCode } from '../sqlite/open.ts'
import { writtenBytesOfThread } from '../system/disk.ts'
import { Cursors } from './cursors.ts'
import { DropOldest } from './drop-oldest.ts'
import type { JournalIdentity } from './journal.ts'
import { LaneServer } from './lane-server.ts'
import { LogSync } from './log-sync.ts'
import type { Answer, Batch, Report, WriterLimits, WriterStart } from './messages.ts'
import { type PageTarget, type Part, readPage, writesOf } from './page.ts'
import { Retention } from './retention.ts'
import { Room } from './room.ts'
import { Shared } from './shared.ts'

/** Cursors are written so often with a commit that is made anyway, ms … */
const CURSORS_WITH_COMMIT_MS = 1000
/** … and so often by themselves. */
const CURSORS_ALONE_MS = 5000
/** Sign of life, with a commit that is made anyway, ms. */
const ALIVE_EVERY_MS = 60_000
const TICK_MS = 1000
/** The kernel is asked so often how much was written, ms. */
const WRITTEN_EVERY_MS = 1000
/** What became of a batch, but for its page. */
type Fate = Pick<Answer, 'refused' | 'failed'>

export class Writer {
  readonly #db: Database
  readonly #shared: Shared
  readonly #cursors: Cursors
  readonly #floors: Map<string, Seq>
  readonly #retention: Retention
  readonly #dropOldest: DropOldest
  readonly #room: Room
  readonly #lanes: LaneServer
  readonly #log: LogSync
  readonly #target: PageTarget
  readonly #putSet: Statement
  readonly #putMeta: Statement
  #carried: Buffer[] = []
  #clockSkewMs: number
  #rows: number
  #first: Seq
  #newest: Seq
  #cursorsAt = 0
  #aliveAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | NodeJS.Immediate | null = null
  #commits = { count: 0, sum: 0, max: 0 }
  #written = { bytes: 0, at: Number.NEGATIVE_INFINITY }

  limits: WriterLimits

  constructor(db: Database, start: WriterStart) {
    this.#db = db
    this.limits = start.limits
    db.pragma('synchronous = NORMAL')
    this.#shared = new Shared(start.shared)
    this.#shared.lastSet = db.prepare<[], number>('select coalesce(max(id), 0) from binding_set').pluck().get()!
    this.#clockSkewMs = start.clockSkewMs
    this.#floors = new Map(start.floors.map((name) => [name, 0]))
    this.#putSet = db.prepare('insert or ignore into binding_set (id, bindings) values (?, ?)')
    this.#putMeta = db.prepare('insert or replace into meta (key, value) values (?, ?)')
    const now = () => this.#now()
    this.#cursors = new Cursors(db)
    this.#retention = new Retention(db, {
      retainMs: () => this.limits.retainMs,
      cursors: this.#cursors,
      floors: this.#floors,
      now,
    })
    this.#lanes = new LaneServer(db, {
      cursors: this.#cursors,
      shared: this.#shared,
      transaction: (action) => this.#durably(action),
      now,
    })
    this.#dropOldest = new DropOldest(db, this.#cursors, this.#retention, (pool, seq) =>
      this.#lanes.tell({ kind: 'moved', pool, seq }),
    )
    this.#room = this.#makeRoom(start.file)
    const { first, last } = this.#retention.edges()
    this.#first = first
    this.#newest = last
    this.#rows = last === 0 ? 0 : Math.max(1, last - first + 1 - this.#storedGaps())
    this.#log = new LogSync(start.file)
    this.#target = this.#makeTarget(start.statements)
    this.#timer = setTimeout(() => this.#tick(), TICK_MS)
  }

  /** Commits it; `answer` is called when that is on disk, or has failed, in the order of the batches. */
  batch({ page, used, sets, now }: Batch, answer: (answer: Answer) => void): void {
    this.#clockSkewMs = now - Date.now()
    const began = performance.now()
    const fate = this.#commit(Buffer.from(page, 0, used), sets)
    const newest = this.#newest
    this.#log.after(() => {
      const commitMs = performance.now() - began
      if (!fate.failed) this.#committed(newest, commitMs)
      answer({ kind: 'answer', page, ...fate, commitMs, report: this.report() })
    })
  }

  report(): Report {
    if (performance.now() - this.#written.at > WRITTEN_EVERY_MS) {
      this.#written = { bytes: writtenBytesOfThread(), at: performance.now() }
    }
    return {
      rows: this.#rows,
      firstSeq: this.#first,
      forwardedUpTo: Math.min(this.#cursors.least(), this.#newest),
      bytes: this.#room.used(),
      commits: this.#commits.count,
      commitMsSum: this.#commits.sum,
      commitMsMax: this.#commits.max,
      bytesWritten: this.#written.bytes,
      freeBytes: this.#room.free,
      droppedOldest: this.#dropOldest.dropped,
    }
  }

  addLanes(port: MessagePort): void {
    this.#lanes.add(port)
  }

  setFloor(name: string, seq: Seq): void {
    this.#floors.set(name, seq)
  }

  setIdentity(identity: JournalIdentity): void {
    this.#lanes.tell({ kind: 'identity', identity })
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer as NodeJS.Timeout)
    this.#lanes.close()
    this.#withoutTrouble(() =>
      this.#durably(() => {
        this.#cursors.persist()
        this.#putAlive()
      }),
    )
    this.#log.close()
    this.#db.close()
  }

  #commit(entries: Buffer, sets: Batch['sets']): Fate {
    const began = performance.now()
    const before = this.#newest
    const rows = this.#rows
    try {
      const refused = this.#room.refusal(entries.length)
      const withCursors = this.#cursors.moved && began - this.#cursorsAt > CURSORS_WITH_COMMIT_MS
      this.#transaction(() => this.#write(entries, sets, refused === null ? 'all' : 'writes', withCursors))
      this.#carried = []
      if (withCursors) this.#cursorsPersisted()
      this.#shared.lastSet = sets.at(-1)?.[0] ?? this.#shared.lastSet
      this.#shared.rowBytes = this.#rowBytes()
      return { refused, failed: null }
    } catch (error) {
      if (!isDiskTrouble(error)) throw error
      this.#newest = before
      this.#rows = rows
      this.#carried.push(writesOf(entries))
      const failed = failureOf(error)
      if (failed?.noSpace) this.#room.failed(entries.length)
      return { refused: null, failed }
    }
  }

  #write(entries: Buffer, sets: Batch['sets'], part: Part, withCursors: boolean): void {
    for (const [set, bindings] of sets) this.#putSet.run(set, bindings)
    for (const kept of this.#carried) readPage(kept, 'writes', this.#target)
    readPage(entries, part, this.#target)
    if (withCursors) this.#cursors.persist()
    if (performance.now() - this.#aliveAt > ALIVE_EVERY_MS) this.#putAlive()
  }

  /** Everything up to `newest` is on disk: the lanes may forward it. */
  #committed(newest: Seq, ms: number): void {
    const commits = this.#commits
    this.#commits = { count: commits.count + 1, sum: commits.sum + ms, max: Math.max(commits.max, ms) }
    if (newest === this.#shared.lastSeq) return
    this.#shared.lastSeq = newest
    this.#lanes.wake()
  }

  #makeTarget(statements: WriterStart['statements']): PageTarget {
    const insert = this.#db.prepare('insert into event (seq, bindings, record) values (?, ?, ?)')
    const local = statements.map(([, sql]) => this.#db.prepare(sql))
    return {
      event: (seq, set, record) => {
        insert.run(seq, set, record)
        this.#first ||= seq
        this.#newest = seq
        this.#rows++
      },
      write: (statement, values) => {
        local[statement]!.run(...values)
      },
    }
  }

  #makeRoom(file: string): Room {
    const counted = (way: (rows: number) => number) => (rows: number) => {
      const deleted = way(rows)
      this.#deleted(deleted)
      return deleted
    }
    const settled = counted((rows) => this.#retention.deleteSettled(rows))
    const oldest = counted((rows) => this.#dropOldest.drop(rows))
    return new Room(this.#db, {
      folder: path.dirname(file),
      limits: () => this.limits,
      rowBytes: () => this.#rowBytes(),
      ways: () => (this.limits.full === 'refuse' ? [settled] : [settled, oldest]),
    })
  }

  /** What is done from time to time, in small pieces between the batches. */
  #tick(): void {
    if (!this.#db.open) return
    let more = false
    this.#withoutTrouble(() => {
      if (this.#cursors.moved && performance.now() - this.#cursorsAt > CURSORS_ALONE_MS) this.#persistCursors()
      const deleted = this.#retention.deleteDue()
      this.#deleted(deleted)
      more = deleted > 0 || this.#retention.shrink()
    })
    this.#timer = more ? setImmediate(() => this.#tick()) : setTimeout(() => this.#tick(), TICK_MS)
  }

  #deleted(rows: number): void {
    if (rows === 0) return
    this.#rows -= rows
    this.#first = this.#retention.edges().first
  }

  #persistCursors(): void {
    this.#transaction(() => this.#cursors.persist())
    this.#cursorsPersisted()
  }

  #cursorsPersisted(): void {
    this.#cursors.persisted()
    this.#cursorsAt = performance.now()
  }

  /** A transaction that is on disk when this returns; of others the log is synced, or nobody waits for them. */
  #durably(action: () => void): void {
    this.#db.pragma('synchronous = FULL')
    try {
      this.#transaction(action)
    } finally {
      this.#db.pragma('synchronous = NORMAL')
    }
  }

  #transaction(action: () => void): void {
    this.#db.exec('begin immediate')
    try {
      action()
      this.#db.exec('commit')
    } finally {
      if (this.#db.inTransaction) this.#db.exec('rollback')
    }
  }

  /** For what can as well be done later. */
  #withoutTrouble(action: () => void): void {
    try {
      action()
    } catch (error) {
      if (!isDiskTrouble(error)) throw error
    }
  }

  #rowBytes(): number {
    return this.#room.used() / Math.max(1, this.#rows)
  }

  /** Seqs between the first and the last that have no row: counting the rows would take too long at start. */
  #storedGaps(): number {
    return Number(this.#db.prepare("select value from meta where key = 'gaps'").pluck().get() ?? 0)
  }

  #putAlive(): void {
    this.#aliveAt = performance.now()
    this.#putMeta.run('alive', String(this.#now()))
    const seqs = this.#first === 0 ? 0 : this.#newest - this.#first + 1
    this.#putMeta.run('gaps', String(seqs - this.#rows))
  }

  #now(): number {
    return Date.now() + this.#clockSkewMs
  }
}

function failureOf(error: unknown): Answer['failed'] {
  const code = sqliteCode(error)!
  return { code, message: (error as Error).message, noSpace: code === 'SQLITE_FULL' }
}
