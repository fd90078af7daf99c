// The journal of the main thread. Gives seq, id and time; the rest is the committer's.

import { once } from 'node:events'
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads'
import type { Logger } from '../log/logger.ts'
import type { Binding } from '../model/binding.ts'
import type { EventDraft, HookEvent, Seq } from '../model/event.ts'
import { EventIdSource } from '../model/event-id.ts'
import type { FolderLock } from '../sqlite/lock.ts'
import type { Database } from '../sqlite/open.ts'
import { monotonic } from '../system/clock.ts'
import { fileIdentity, machine } from '../system/machine.ts'
import { BindingTable } from './binding-table.ts'
import type { Boot } from './boots.ts'
import { Committer } from './committer.ts'
import { type LetterDesk, StoredLetters } from './dead-letters.ts'
import { nodeBits, publicIdentity, renewed, type StoredIdentity } from './identity.ts'
import type {
  DeadLetters,
  Done,
  Journal,
  JournalIdentity,
  JournalLimits,
  JournalOptions,
  LocalWrite,
  QueueStats,
  Salvaged,
} from './journal.ts'
import {
  type Answer,
  type FromLaneServer,
  type FromWriter,
  type Report,
  type ToWriter,
  writerLimits,
} from './messages.ts'
import type { Moment } from './record.ts'
import { Rows } from './rows.ts'
import { assertNotSuspect, markClean } from './salvage.ts'
import type { Shared } from './shared.ts'
import type { Prepared } from './startup.ts'

export interface WriterThread {
  readonly worker: Worker
  readonly shared: Shared
  /** As the writer found the journal. */
  readonly report: Report
}

const NOTHING: readonly LocalWrite[] = []
export class MainJournal implements Journal {
  readonly onlineAtDeath: Journal['onlineAtDeath']
  readonly lastAliveAt: number | null
  readonly salvaged: Salvaged | null
  readonly reader: Database
  readonly deadLetters: DeadLetters
  readonly #o: JournalOptions
  #limits: JournalLimits
  readonly #log: Logger
  readonly #file: string
  readonly #lock: FolderLock
  readonly #shared: Shared
  readonly #worker: Worker
  readonly #committer: Committer
  readonly #bindings: BindingTable
  readonly #rows: Rows
  readonly #monotonic: () => number
  #boot: Boot
  #identity: StoredIdentity
  #ids: EventIdSource
  #newestId: HookEvent['id'] | undefined
  #seq: Seq
  #report: Report

  constructor(o: JournalOptions, prepared: Prepared, thread: WriterThread) {
    const { remembered } = prepared
    this.#o = o
    this.#limits = o
    this.#log = o.log
    this.#file = prepared.file
    this.#lock = prepared.lock
    this.#worker = thread.worker
    this.#shared = thread.shared
    this.#report = thread.report
    this.#monotonic = o.clock.monotonic?.bind(o.clock) ?? monotonic
    this.reader = prepared.reader
    this.onlineAtDeath = remembered.onlineAtDeath
    this.lastAliveAt = remembered.lastAliveAt
    this.salvaged = remembered.salvaged
    this.#identity = remembered.identity
    this.#boot = remembered.boot
    this.#seq = remembered.greatestSeq
    this.#newestId = remembered.newestId
    this.#ids = new EventIdSource(nodeBits(this.#identity), remembered.newestId)
    this.#rows = new Rows(this.reader)
    this.#bindings = new BindingTable(this.reader, remembered.lastSeq, (write) => this.post(write))
    this.#committer = this.#makeCommitter(prepared, remembered.lastSeq)
    this.deadLetters = new StoredLetters(this.reader, this.#rows, this.#letterDesk())
    // a failing writer is a programmer's error or a damaged file: the supervisor starts anew, and nothing is lost
    this.#worker.on('error', (error) => {
      throw error
    })
    this.#worker.on('message', (message: FromWriter) => {
      if (message.kind === 'answer') this.#answered(message)
    })
    for (const write of remembered.writes) this.post(write)
  }

  get identity(): JournalIdentity {
    return publicIdentity(this.#identity)
  }

  get lastSeq(): Seq {
    return this.#committer.lastSeq
  }

  get appendedSeq(): Seq {
    return this.#seq
  }

  async intern(bindings: readonly Binding[]): Promise<readonly number[]> {
    return bindings.map((binding) => this.#bindings.intern(binding, this.#seq))
  }

  set(bindings: readonly number[]): number {
    return this.#bindings.set(bindings)
  }

  append(draft: EventDraft, set: number, done: Done, local = NOTHING): HookEvent {
    const moment = this.#moment()
    const id = this.#ids.next(moment.at)
    const seq = ++this.#seq
    this.#newestId = id
    this.#committer.event({ seq, set, id, moment }, draft, done, local)
    return { ...draft, seq, id, at: moment.at, trusted: moment.trusted }
  }

  post(write: LocalWrite, done?: Done): void {
    this.#committer.write(write, done)
  }

  after(done: () => void): void {
    this.#committer.turn(done)
  }

  event(seq: Seq): HookEvent | undefined {
    return this.#rows.event(seq)
  }

  events(after: Seq, limit: number): HookEvent[] {
    return this.#rows.behind(after, limit)
  }

  setFloor(name: string, seq: Seq): void {
    this.#tell({ kind: 'floor', name, seq })
  }

  lanePort(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    const { identity } = this
    port1.postMessage({ kind: 'hello', shared: this.#shared.buffer, identity } satisfies FromLaneServer)
    this.#worker.postMessage({ kind: 'lanes', port: port1 } satisfies ToWriter, [port1])
    return port2
  }

  stats(): QueueStats {
    const { rows, forwardedUpTo, bytes, commits, commitMsSum, commitMsMax, bytesWritten, freeBytes, droppedOldest } =
      this.#report
    return {
      events: rows,
      bytes,
      maxBytes: this.#limits.maxBytes,
      oldestAt: this.#rows.timeBehind(0),
      forwardedUpTo,
      full: this.#committer.trouble,
      commits,
      commitMs: { sum: commitMsSum, max: commitMsMax },
      commitSeconds: this.#committer.commitSeconds.counted,
      commitEvents: this.#committer.commitEvents.counted,
      bytesWritten,
      freeBytes,
      dropped: { refused: this.#committer.refused, oldest: droppedOldest },
    }
  }

  configure(limits: JournalLimits): void {
    this.#limits = limits
    this.#committer.windowMs = limits.commitWindowMs
    this.#tell({ kind: 'limits', limits: writerLimits(limits) })
  }

  assertWhole(): void {
    assertNotSuspect(this.#file)
  }

  async takeNewIdentity(why: string): Promise<JournalIdentity> {
    const place = { machine: machine(), file: fileIdentity(this.#file) }
    const identity = renewed(this.#identity, place, this.#seq)
    this.#log.warn({ why, from: identity.parent, to: identity.id }, 'journal_new_identity')
    this.#identity = identity
    this.#ids = new EventIdSource(nodeBits(identity), this.#newestId)
    await new Promise<void>((resolve, reject) => {
      const put = { statement: 'queue.meta.put', values: ['journal', JSON.stringify(identity)] }
      this.post(put, (error) => (error ? reject(error) : resolve()))
    })
    this.#tell({ kind: 'identity', identity: this.identity })
    return this.identity
  }

  async close(): Promise<void> {
    await this.#committer.drain()
    this.reader.close() // before the writer, so that the last to close brings the log into the file
    this.#tell({ kind: 'close' })
    await once(this.#worker, 'exit')
    markClean(this.#file)
    this.#lock.release()
  }

  #makeCommitter({ tables }: Prepared, lastSeq: Seq): Committer {
    const statements = new Map(statementsOf(tables).map(([name], index) => [name, index]))
    return new Committer(
      {
        windowMs: this.#limits.commitWindowMs,
        statements,
        now: () => this.#o.clock.now(),
        send: (batch) => this.#worker.postMessage(batch, [batch.page]),
        sets: () => this.#bindings.unconfirmed,
        committed: ({ sets }) => this.#bindings.confirm(sets),
      },
      lastSeq,
    )
  }

  #answered(answer: Answer): void {
    const before = this.#committer.trouble
    this.#report = answer.report
    this.#committer.answer(answer)
    const now = this.#committer.trouble
    if (before === null && now !== null) this.#log.error({ why: now }, 'journal_full')
    if (before !== null && now === null) this.#log.info('journal_takes_again')
    this.#bindings.dropUnused(answer.report.firstSeq)
  }

  #moment(): Moment {
    const { clock } = this.#o
    const at = clock.now()
    const elapsed = this.#monotonic()
    const trusted = clock.trusted()
    if (trusted && this.#boot.wallOffset === null) this.#learnTime(at - elapsed)
    return { at, trusted, boot: this.#boot.number, monotonic: elapsed }
  }

  /** The clock is set for the first time in this boot: its earlier rows can be corrected from now on. */
  #learnTime(wallOffset: number): void {
    this.#boot = { ...this.#boot, wallOffset }
    this.post({ statement: 'queue.boot.offset', values: [wallOffset, this.#boot.number] })
  }

  #letterDesk(): LetterDesk {
    return {
      append: (record, binding, local, done) => {
        // the copy keeps the event's id, so the newest row no longer tells the newest id
        const newest = this.#newestId === undefined ? NOTHING : [this.#newestIdWrite(this.#newestId)]
        this.#committer.record({ seq: ++this.#seq, set: this.set([binding]) }, record, done, [...local, ...newest])
      },
      post: (write, done) => this.post(write, done),
    }
  }

  #newestIdWrite(id: HookEvent['id']): LocalWrite {
    return { statement: 'queue.meta.put', values: ['newest_id', id.toString()] }
  }

  #tell(message: ToWriter): void {
    this.#worker.postMessage(message)
  }
}

/** All named statements, in the order in which pages number them. */
export function statementsOf(tables: Prepared['tables']): [string, string][] {
  return tables.flatMap(({ name, statements }) =>
    Object.entries(statements).map(([key, sql]): [string, string] => [`${name}.${key}`, sql]),
  )
}
