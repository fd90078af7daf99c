// One lane: takes what the journal holds for one pool and gets it into the remote, whatever happens between.
//
//   mode         | what it does                                   | ends by → next mode
//   -------------|------------------------------------------------|---------------------------------------------------
//   connecting   | connects, reads the mark, finds its place      | done → catching up, live; error → waiting, blocked
//   catching up  | writes full batches, planning one ahead        | nothing more waits → live
//   live         | writes at once what comes; pings when idle     | more waits than one batch → catching up
//   (both)       |                                                | transient error → waiting; other → blocked;
//                |                                                | mark moved by another, new journal id → connecting
//   waiting      | for the server: jittered back-off              | over, or `lane resume` → connecting
//                | for the schedule or the clock: stays connected | over → catching up, live
//   blocked      | somebody must act; tries again with back-off   | over, or `lane resume` → connecting
//   paused       | writes nothing, until told                     | `lane resume` → connecting
//   unconfigured | has no runner: rows wait for a pool that the configuration does not have any more
//
// Invariants: one run loop, so that connect, mark and write never overlap; the cursor moves when a write ended well, or
// over events that write nothing here.

import type { Pool } from '../model/backend.ts'
import { BackendError, HoldfastError, MarkConflict } from '../model/errors.ts'
import type { Seq } from '../model/event.ts'
import type { Mark, ReadOp, RowOf } from '../model/operation.ts'
import type { Lane } from '../queue/lanes.ts'
import { Backoff } from './backoff.ts'
import { type Batch, BatchSize, type PlannedEvent, planBatch } from './batch.ts'
import { type Deadline, within } from './deadline.ts'
import { Delivery } from './delivery.ts'
import { LaneFigures } from './figures.ts'
import type { RunnerOptions, Timing } from './options.ts'
import { Rate, Schedule } from './pace.ts'
import { Place } from './place.ts'
import type { LaneMode, LaneStatus } from './status.ts'
import { Suspicion } from './suspicion.ts'
import { Waiting } from './waiting.ts'

const GROWTH = 5
const BATCH_BYTES = 4 << 20
const ONE = { events: 1, bytes: 1 }
const CLOSE_GRACE_MS = 2_000
const TIMING: Timing = { connectTimeoutMs: 15_000, writeTimeoutMs: 60_000, idlePingMs: 15_000 }

interface Skip {
  readonly to: Mark
  readonly done: PromiseWithResolvers<void>
}

export class LaneRunner {
  readonly #o: RunnerOptions
  readonly #lane: Lane
  readonly #timing: Timing
  readonly #backoff: Backoff
  readonly #size: BatchSize
  readonly #rate: Rate
  readonly #schedule: Schedule
  readonly #figures: LaneFigures
  readonly #place: Place
  readonly #suspicion = new Suspicion()
  readonly #waiting = new Waiting()
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #pool: Promise<Pool> | undefined
  #open: Pool | undefined
  #paused = false
  #stopping = false
  #skip: Skip | undefined
  /** MarkConflicts since the last write that ended well. */
  #conflicts = 0

  constructor(options: RunnerOptions) {
    const { limits, lane } = options
    this.#o = options
    this.#lane = lane
    this.#timing = { ...TIMING, ...options.timing }
    this.#backoff = new Backoff(limits.backoffMaxMs, options.random ?? Math.random)
    this.#size = new BatchSize(limits.batch, limits.batch * GROWTH)
    this.#rate = new Rate(limits.rate)
    this.#schedule = new Schedule(limits.schedule)
    this.#figures = new LaneFigures(options)
    this.#place = new Place({
      lane,
      writesBetween: (after, upTo) => this.#writesBetween(after, upTo),
      recovered: (what, mark) => {
        this.#figures.recovered[what]++
        options.say('warn', 'lane_recovered', { what, mark: mark.seq, cursor: lane.cursor, lastSeq: lane.lastSeq })
      },
    })
    this.#running = this.#run()
  }

  status(): LaneStatus {
    return this.#figures.status(this.#lane, this.#o.identity().copied, { ...this.#open?.counts })
  }

  get lane(): Lane {
    return this.#lane
  }

  get paused(): boolean {
    return this.#paused
  }

  pause(): void {
    this.#paused = true
    if (this.#figures.mode === 'connecting') this.#enter('paused') // it writes nothing, and whoever has asked for it sees it
    this.look()
  }

  /** Also ends a back-off, of a blocked lane too. */
  resume(): void {
    this.#paused = false
    this.#backoff.reset()
    this.look()
  }

  /** Something that the run loop goes by has changed. */
  look(): void {
    this.#waiting.ask()
  }

  /**
   * Gives up everything up to `toSeq`; resolves when cursor and mark stand there. Rejects with SKIP_BACK, NO_EVENT, or
   * with what the pool said: without its mark the events would be sent after all when the gateway starts anew.
   */
  async skip(toSeq: Seq): Promise<void> {
    if (toSeq <= this.#lane.cursor) throw new HoldfastError('SKIP_BACK', `the lane is past ${toSeq} already`)
    const id = this.#lane.eventAt(toSeq)
    if (!id) throw new HoldfastError('NO_EVENT', `the journal holds no event ${toSeq}`)
    if (this.#skip) throw new HoldfastError('BUSY', 'the lane is skipping already')
    const skip = { to: { seq: toSeq, event: id.toString() }, done: Promise.withResolvers<void>() }
    this.#skip = skip
    this.look()
    return skip.done.promise
  }

  /** Round trip of a ping, ms. Rejects with BackendError. */
  async ping(): Promise<number> {
    const started = performance.now()
    const pool = await this.#opened()
    await within(this.#deadline(this.#timing.connectTimeoutMs), (signal) => pool.ping(signal))
    return Math.round(performance.now() - started)
  }

  /** Rejects with BackendError; after a transient one an idle lane looks after its server. */
  async read<O extends ReadOp>(op: O, deadlineMs: number): Promise<readonly RowOf<O>[]> {
    const pool = await this.#opened()
    try {
      return await within(this.#deadline(deadlineMs), (signal) => pool.read(op, signal))
    } catch (error) {
      if (error instanceof BackendError && error.errorClass === 'transient' && this.#figures.mode === 'live')
        this.look()
      throw error
    }
  }

  /** Lets a write in flight end, for a while; then closes the pool. */
  async close(): Promise<void> {
    this.#stopping = true
    this.look()
    const grace = setTimeout(() => this.#closing.abort(), CLOSE_GRACE_MS)
    await this.#running
    clearTimeout(grace)
    this.#closing.abort()
    await (await this.#pool)?.close()
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        if (this.#paused && !this.#skip) {
          this.#enter('paused')
          this.#passOver()
          await this.#waiting.sleep(this.#timing.idlePingMs)
        } else {
          await this.#forward(await this.#connect())
        }
      } catch (error) {
        if (!this.#stopping) await this.#failed(error)
      }
    }
    this.#skip?.done.reject(new HoldfastError('CLOSED', 'the lane was closed meanwhile'))
  }

  // ── connecting ──

  async #connect(): Promise<Delivery> {
    this.#enter('connecting')
    const deadline = this.#deadline(this.#timing.connectTimeoutMs)
    const pool = await this.#opened()
    const connected = await within(deadline, (signal) => pool.connect(signal))
    const { exactlyOnce, keepsMark = exactlyOnce, warnings } = connected
    this.#figures.connected(exactlyOnce, warnings)
    const identity = this.#o.identity()
    const readMark = async (journal: string): Promise<Mark | null> => {
      const started = performance.now()
      const mark = await within(deadline, () => pool.mark(journal))
      this.#size.answered(performance.now() - started)
      return mark
    }
    const found = await this.#place.find(identity, keepsMark ? readMark : null)
    if (found.recovered === 'journalWentBack' && this.#conflicts > 0) {
      // The mark moved under our hands to an event that is not ours.
      await within(deadline, () => this.#o.twin())
      this.#conflicts = 0
      return this.#connect()
    }
    this.#place.take(found)
    return new Delivery({
      pool,
      lane: this.#lane,
      keeper: keepsMark ? { journal: identity.id, node: this.#o.node } : null,
      mark: found.mark,
      exactlyOnce,
      // Without transactions the last write may be there in part, whatever the mark says.
      idempotentUpTo: exactlyOnce ? found.idempotentUpTo : this.#lane.lastSeq,
      deadline: this.#deadline(this.#timing.writeTimeoutMs),
      settled: (events, mark, tookMs) => this.#settled(events, mark, tookMs),
      putAside: ({ seq, binding }, { code, message }) => {
        this.#figures.deadLetters++
        this.#o.say('warn', 'dead_letter', { seq, binding, code, error: message })
      },
    })
  }

  #settled(events: number, mark: Mark | null, tookMs: number): void {
    this.#backoff.reset()
    this.#conflicts = 0
    this.#size.written(events, tookMs)
    this.#rate.sent(events, performance.now())
    if (mark) this.#place.moved(mark)
    this.#figures.forwarded(events)
    this.#figures.works()
  }

  #writesBetween(after: Seq, upTo: Seq): boolean {
    for (let at = after; at < upTo; ) {
      const batch = this.#peek(at)
      const first = batch.events[0]
      if (first) return first.seq <= upTo
      if (batch.upTo <= at) return false
      at = batch.upTo
    }
    return false
  }

  // ── catching up, live ──

  async #forward(delivery: Delivery): Promise<void> {
    const journal = this.#o.identity().id
    let ahead: Batch | null = null
    if (!this.#figures.writeFailed) this.#figures.works()
    while (!this.#stopping && this.#o.identity().id === journal) {
      if (this.#skip) {
        await this.#skipWith(delivery, this.#skip)
        ahead = null
      }
      if (this.#paused) return
      if (await this.#held()) continue
      const batch: Batch | null = ahead ?? (await this.#take())
      ahead = null
      if (!batch) {
        await this.#stillThere()
        continue
      }
      const writing = this.#deliver(delivery, batch)
      try {
        ahead = this.#peek(batch.upTo)
      } finally {
        await writing
      }
      if (ahead.events.length === 0) ahead = null
      else if (ahead.upTo < this.#lane.lastSeq) this.#enter('catching up')
    }
  }

  /** What comes next; waits for it. Null when woken, or when nothing came for so long that the server should be asked. */
  async #take(): Promise<Batch | null> {
    const waiting = this.#peek(this.#lane.cursor)
    if (waiting.events.length > 0 || waiting.upTo < this.#lane.lastSeq) {
      if (this.#figures.mode !== 'live') this.#enter('catching up')
      return waiting
    }
    this.#lane.move(waiting.upTo)
    this.#figures.works()
    this.#enter('live')
    const come = await this.#waiting.during(this.#timing.idlePingMs, (signal) => this.#lane.next(this.#limit(), signal))
    return come && this.#planned(come)
  }

  async #deliver(delivery: Delivery, batch: Batch): Promise<void> {
    let { events } = batch
    try {
      if (events[0] && this.#suspicion.suspects(events[0].seq)) {
        await this.#deliverSuspect(delivery, events[0])
        events = events.slice(1)
      }
      if (events.length > 0) await delivery.deliver(events)
      this.#lane.move(batch.upTo)
      this.#o.changed()
    } catch (error) {
      this.#figures.writeFailed = true
      if (error instanceof BackendError && error.errorClass === 'transient') this.#suspect(delivery, error)
      throw error
    }
  }

  async #deliverSuspect(delivery: Delivery, event: PlannedEvent): Promise<void> {
    await delivery.probe() // a server that takes no writes at all proves nothing
    const { proof } = this.#suspicion
    if (proof) await delivery.condemn(event, proof)
    else await delivery.deliver([event])
  }

  /** A write failed and nothing tells why: the next one is smaller, until the event that may be at fault is alone. */
  #suspect(delivery: Delivery, error: BackendError): void {
    const [first, ...others] = delivery.attempted
    this.#size.failed(others.length + 1)
    if (first && others.length === 0) this.#suspicion.failedAlone(first.seq, error)
  }

  async #skipWith(delivery: Delivery, skip: Skip): Promise<void> {
    await delivery.skipTo(skip.to)
    if (delivery.mark) this.#place.moved(delivery.mark)
    this.#o.say('warn', 'lane_skipped', { to: skip.to.seq })
    this.#skip = undefined
    skip.done.resolve()
    this.#o.changed()
  }

  async #stillThere(): Promise<void> {
    if (!this.#stopping && !this.#paused && !this.#skip) await this.ping()
  }

  /** What is not for this pool must not be kept for it while it waits. */
  #passOver(): void {
    const { entries, upTo } = this.#lane.peek(this.#lane.cursor, ONE)
    if (entries.length === 0) this.#lane.move(upTo)
  }

  #peek(after: Seq): Batch {
    return this.#planned(this.#lane.peek(after, this.#limit()))
  }

  #planned(taken: Parameters<typeof planBatch>[0]): Batch {
    return planBatch(taken, this.#o.plan, this.#o.batchMax)
  }

  #limit(): { events: number; bytes: number } {
    return { events: Math.min(this.#size.limit, this.#rate.burst), bytes: BATCH_BYTES }
  }

  // ── waiting, blocked ──

  /** Waits a while when the clock, the schedule or the rate says so. @returns whether it waited */
  async #held(): Promise<boolean> {
    const closedForMs = this.#schedule.closedForMs(Date.now())
    const why = this.#o.holds() ? 'clock' : closedForMs > 0 ? 'schedule' : null
    if (why) {
      this.#enter('waiting', why)
      this.#passOver()
      await this.#waiting.sleep(
        why === 'clock' ? this.#timing.idlePingMs : Math.min(closedForMs, this.#timing.idlePingMs),
      )
      await this.#stillThere()
      return true
    }
    const waitMs = this.#rate.waitMs(performance.now())
    if (waitMs > 0) await this.#waiting.sleep(waitMs)
    return waitMs > 0
  }

  async #failed(error: unknown): Promise<void> {
    // Connecting reads the mark again: it names an event of ours when our own transaction, thought dead, was in time.
    if (error instanceof MarkConflict && ++this.#conflicts === 1) return
    this.#skip?.done.reject(error)
    this.#skip = undefined
    // What is neither the database's word nor ours is a defect: it blocks this lane, visibly, and takes nothing along.
    const denied = error instanceof BackendError ? error.errorClass !== 'transient' : !(error instanceof HoldfastError)
    this.#figures.failed(error, denied)
    this.#enter(denied ? 'blocked' : 'waiting', denied ? null : 'server')
    this.#passOver()
    await this.#waiting.sleep(this.#backoff.next())
  }

  #opened(): Promise<Pool> {
    this.#pool ??= this.#o.open().then(
      (pool) => {
        this.#open = pool
        return pool
      },
      (error) => {
        this.#pool = undefined // it is tried again at the next connect
        throw error
      },
    )
    return this.#pool
  }

  #deadline(ms: number): Deadline {
    return { ms, closing: this.#closing.signal }
  }

  #enter(mode: LaneMode, waitingFor: LaneStatus['waitingFor'] = null): void {
    if (this.#figures.enter(mode, waitingFor)) this.#o.changed()
  }
}
