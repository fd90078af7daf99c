// The main thread's half of the commit: entries gather in a page, the page goes to the writer, and when its answer is here
// the entries are told, in the order in which they were made. What is made while a page is on its way is the next one; on a slow disk it
// follows at once when it is large enough to be worth a sync of its own.

import { HoldfastError, QueueFull } from '../model/errors.ts'
import type { EventDraft, Seq } from '../model/event.ts'
import type { EventId } from '../model/event-id.ts'
import { AMOUNTS, Histogram, SECONDS } from '../model/histogram.ts'
import type { SetRow } from './binding-table.ts'
import { GroupCommit } from './group-commit.ts'
import type { Done, LocalWrite } from './journal.ts'
import type { Answer, Batch } from './messages.ts'
import { PageWriter } from './page.ts'
import type { Moment } from './record.ts'

// An entry is its callback with one number: the seq of an event, or one of these.
const WRITE = 0
const TURN = -1

/** Pages on their way at most: a disk works on several syncs at a time, and each of them blocks a thread of libuv's pool. */
const MOST_ON_THE_WAY = 3
/** A refused journal is asked again so often, ms. */
const RETRY_MS = 1000

interface Waiting {
  readonly marks: Seq[]
  readonly dones: (Done | undefined)[]
}

export interface CommitterOptions {
  readonly windowMs: number
  readonly statements: ReadonlyMap<string, number>
  readonly now: () => number
  readonly send: (batch: Batch) => void
  /** Sets that must be on disk before the rows that name them. */
  readonly sets: () => readonly SetRow[]
  /** A batch is in (or in but for its events). */
  readonly committed: (batch: { sets: readonly SetRow[] }) => void
}

export class Committer {
  /** Of commits: how long they took, and how many events they had. */
  readonly commitSeconds = new Histogram(SECONDS)
  readonly commitEvents = new Histogram(AMOUNTS)
  readonly #o: CommitterOptions
  readonly #page: PageWriter
  readonly #policy: GroupCommit
  #waiting: Waiting = { marks: [], dones: [] }
  #firstAt = 0
  #lastAt = 0
  readonly #onTheWay: { waiting: Waiting; sets: readonly SetRow[] }[] = []
  #telling = false
  #immediate: NodeJS.Immediate | null = null
  #timer: NodeJS.Timeout | null = null
  /** Local writes that a failed commit left with the writer. */
  #carried: (Done | undefined)[] = []
  #drained: (() => void) | null = null
  #lastSeq: Seq
  #trouble: string | null = null
  #refused = 0

  constructor(o: CommitterOptions, lastSeq: Seq) {
    this.#o = o
    this.#page = new PageWriter(o.statements)
    this.#policy = new GroupCommit(o.windowMs)
    this.#lastSeq = lastSeq
  }

  set windowMs(ms: number) {
    this.#policy.windowMs = ms
  }

  /** Newest event that was told to be on disk. */
  get lastSeq(): Seq {
    return this.#lastSeq
  }
  /** Why events are refused now, or null. */
  get trouble(): string | null {
    return this.#trouble
  }
  /** Events refused since start. */
  get refused(): number {
    return this.#refused
  }

  event(
    head: { seq: Seq; set: number; id: EventId; moment: Moment },
    draft: EventDraft,
    done: Done,
    local: readonly LocalWrite[],
  ): void {
    this.#page.event(head, draft, local)
    this.#add(head.seq, done)
  }

  record(head: { seq: Seq; set: number }, record: Buffer, done: Done, local: readonly LocalWrite[]): void {
    this.#page.record(head, record, local)
    this.#add(head.seq, done)
  }

  write(write: LocalWrite, done: Done | undefined): void {
    this.#page.write(write)
    this.#add(WRITE, done)
  }

  turn(done: () => void): void {
    if (this.#onTheWay.length > 0 || this.#telling || this.#waiting.marks.length > 0) this.#add(TURN, done)
    else done()
  }

  /** Sends what waits without more ado; resolves when all was told. Local writes that can't be committed get the error. */
  async drain(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#drained = resolve
      this.#cancel()
      this.#next()
    })
  }

  answer(answer: Answer): void {
    const { waiting, sets } = this.#onTheWay.shift()!
    this.#page.giveBack(answer.page)
    this.#policy.ended(answer.commitMs)
    this.commitSeconds.observe(answer.commitMs / 1000)
    this.commitEvents.observe(waiting.marks.filter((mark) => mark > 0).length)
    this.#trouble = answer.failed?.message ?? answer.refused
    const error = errorOf(answer)
    this.#telling = true
    if (!answer.failed) {
      this.#o.committed({ sets })
      this.#tellCarried(null)
    }
    this.#tell(waiting, error, answer.failed !== null)
    if (answer.failed && this.#drained) this.#tellCarried(error)
    this.#telling = false
    this.#next()
  }

  #tellCarried(error: Error | null): void {
    const carried = this.#carried
    this.#carried = []
    for (const done of carried) done?.(error)
  }

  #tell({ marks, dones }: Waiting, error: Error | null, failed: boolean): void {
    for (let i = 0; i < marks.length; i++) {
      const mark = marks[i]!
      const done = dones[i]
      if (mark === TURN) done!(null)
      else if (mark === WRITE) failed ? this.#carried.push(done) : done?.(null)
      else {
        if (error) this.#refused++
        else this.#lastSeq = mark
        done!(error)
      }
    }
  }

  #add(mark: number, done: Done | undefined): void {
    const { marks, dones } = this.#waiting
    this.#lastAt = performance.now()
    if (marks.length === 0) this.#firstAt = this.#lastAt
    marks.push(mark)
    dones.push(done)
    if (this.#telling || this.#immediate || !this.#mayFollow()) return
    if (this.#timer && !GroupCommit.enough(marks.length)) return
    this.#cancel()
    // what one turn of the event loop brings is one batch at least
    this.#immediate = setImmediate(() => {
      this.#immediate = null
      this.#next()
    })
  }

  /** Sends, or waits, or does nothing, as it is right now. */
  #next(): void {
    if (this.#telling || !this.#mayFollow()) return
    this.#takeTurns()
    this.#cancel()
    const { length } = this.#waiting.marks
    if (length === 0) this.#rest()
    else {
      const now = performance.now()
      const wait = this.#drained ? 0 : this.#policy.wait(length, this.#firstAt, this.#lastAt, now)
      if (wait === 0) this.#send(now)
      else this.#timer = setTimeout(() => this.#next(), wait)
    }
  }

  /** May what waits go to the writer, as far as what is on the way is concerned? */
  #mayFollow(): boolean {
    const { length } = this.#onTheWay
    if (length === 0) return true
    return length < MOST_ON_THE_WAY && this.#policy.overlaps && GroupCommit.enough(this.#waiting.marks.length)
  }

  /** Turns with nothing before them that would need a commit. */
  #takeTurns(): void {
    while (this.#page.used === 0 && this.#waiting.marks.length > 0 && this.#onTheWay.length === 0) {
      const { waiting } = this.#takeWaiting()
      this.#telling = true
      this.#tell(waiting, null, false)
      this.#telling = false
    }
  }

  #rest(): void {
    if (this.#drained) {
      this.#drained()
      this.#drained = null
    } else if (this.#trouble !== null) {
      this.#timer = setTimeout(() => this.#send(performance.now()), RETRY_MS)
      this.#timer.unref()
    }
  }

  #takeWaiting(): { waiting: Waiting } {
    const waiting = this.#waiting
    this.#waiting = { marks: [], dones: [] }
    return { waiting }
  }

  #send(now: number): void {
    this.#cancel()
    const { waiting } = this.#takeWaiting()
    const sets = [...this.#o.sets()]
    this.#policy.began(waiting.marks.length, now)
    this.#onTheWay.push({ waiting, sets })
    this.#o.send({ kind: 'batch', ...this.#page.take(), sets, now: this.#o.now() })
  }

  #cancel(): void {
    if (this.#immediate) clearImmediate(this.#immediate)
    if (this.#timer) clearTimeout(this.#timer)
    this.#immediate = null
    this.#timer = null
  }
}

function errorOf({ refused, failed }: Answer): Error | null {
  if (refused !== null) return new QueueFull(refused)
  if (failed === null) return null
  if (failed.noSpace) return new QueueFull(failed.message)
  return new HoldfastError('JOURNAL_WRITE', failed.message, {
    hint: 'the disk of the data folder fails or is read-only: see the system log',
  })
}
