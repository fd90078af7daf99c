// The write-ahead queue as the main thread sees it. See DESIGN.md for the guarantee and how it is kept.

import { once } from 'node:events'
import type { MessagePort } from 'node:worker_threads'
import type { Database } from 'better-sqlite3'
import type { Logger } from '../log/logger.ts'
import type { Binding, PoolId } from '../model/binding.ts'
import type { EventDraft, HookEvent, Seq } from '../model/event.ts'
import type { Counted } from '../model/histogram.ts'
import { startThread } from '../system/program.ts'
import { MainJournal, statementsOf } from './main-journal.ts'
import { type FromWriter, type WriterStart, writerLimits } from './messages.ts'
import { assertNotSuspect } from './salvage.ts'
import { Shared } from './shared.ts'
import { type Prepared, prepare } from './startup.ts'

/** What may change while the journal is open. */
export interface JournalLimits {
  readonly maxBytes: number
  /** Free disk that is left alone. */
  readonly reserveBytes: number
  readonly full: 'refuse' | 'drop_oldest'
  /** Upper bound of the time that an event waits for company under load. */
  readonly commitWindowMs: number
  /** Rows that nobody waits for are kept so long, for local reads and for a remote that went back. */
  readonly retainMs: number
}

export interface JournalOptions extends JournalLimits {
  /** Folder of `journal.db`; made when it is not there. */
  readonly dataDir: string
  /** Names that will call `setFloor`: until its first call each holds every row, so that no start loses what sessions wait for. */
  readonly floors?: readonly string[]
  /** Tables of other rooms that commit in the journal's transactions. */
  readonly tables: readonly LocalTables[]
  readonly clock: JournalClock
  readonly log: Logger
}

export interface JournalClock {
  /** Wall time, ms. */
  now(): number
  /** Is the wall clock set? */
  trusted(): boolean
  /** ms since boot; absent: the system's. */
  monotonic?(): number
  /** Name of this boot; absent: the kernel's. */
  readonly boot?: string
}

export interface LocalTables {
  /** Names the component: its migrations are numbered by it, its statements are `${name}.${key}`. */
  readonly name: string
  /** SQL scripts; the n-th (from 1) brings version n. Append only. */
  readonly migrations: readonly string[]
  readonly statements: Readonly<Record<string, string>>
}

/** One run of a named statement (`'retained.put'`), in the journal's next transaction. */
export interface LocalWrite {
  readonly statement: string
  readonly values: readonly (string | number | null | Buffer)[]
}

export interface JournalIdentity {
  /** Random, made with the journal; the remote's marks are kept by it. */
  readonly id: string
  /** The id before the last copy was noticed. */
  readonly parent: string | null
  /** Rows up to here were written under `parent` (0 without one). */
  readonly inheritedUpTo: Seq
  /** Times that the journal took a new id. */
  readonly copied: number
}

/** Called once the entry is on disk, or with the reason why it is not and never will be. */
export type Done = (error: Error | null) => void

export interface Journal {
  readonly identity: JournalIdentity
  /** Newest committed event; 0 when there was none. */
  readonly lastSeq: Seq
  /** Newest event that was appended, on disk or not. */
  readonly appendedSeq: Seq
  /** Clients that were online when the last run died, with the wall time of their connect. The caller deletes them (`online.delete`). */
  readonly onlineAtDeath: readonly { readonly clientid: string; readonly at: number }[]
  /** Wall time of the last known life of the run before, ms; null for a new journal. */
  readonly lastAliveAt: number | null
  /** What was lost when a damaged journal was salvaged at this start; null when it was whole. */
  readonly salvaged: Salvaged | null
  /** Read-only connection of the main thread. */
  readonly reader: Database
  readonly deadLetters: DeadLetters

  /** Numbers of the bindings, in the same order; the same definition keeps its number over restarts. They are on disk before any row that names them. A pool never seen before gets its lane here, at the tail. */
  intern(bindings: readonly Binding[]): Promise<readonly number[]>
  /** Number of a combination of interned bindings; it is persisted with the first row that names it. `[]` is 0. */
  set(bindings: readonly number[]): number
  /**
   * Appends an event and what it changes in local tables. `done` is called synchronously in one loop with its batch,
   * in the order in which appends, posts and `after`s were made; with QueueFull when the journal takes no more, with
   * another error when the disk failed. After an error nothing of it (nor of `local`) is in the journal.
   * @param set from `set()`
   * @returns the event with its seq, id and time
   */
  append(draft: EventDraft, set: number, done: Done, local?: readonly LocalWrite[]): HookEvent
  /** Local truth without an event. When the commit fails it is tried again with the next one; `done` is called when it is in (or at close, with the error). Never refused for want of room. */
  post(write: LocalWrite, done?: Done): void
  /** Calls `done` in its turn behind everything made before; at once (synchronously) when nothing waits. */
  after(done: () => void): void

  event(seq: Seq): HookEvent | undefined
  /** Events behind `after`, oldest first; without the copies that dead-letter retries made. */
  events(after: Seq, limit: number): HookEvent[]

  /** Rows from `seq` on are still wanted locally by `name`; Infinity: none. Not persisted (see `JournalOptions.floors`). */
  setFloor(name: string, seq: Seq): void
  /** A new port for `openLanes` in another thread. */
  lanePort(): MessagePort
  stats(): QueueStats
  /** From the next commit on these limits hold. */
  configure(limits: JournalLimits): void
  /** Throws JOURNAL_DAMAGED when some thread has met damage: the next start salvages what can be read. */
  assertWhole(): void
  /** A twin of this journal was met: marks are kept under a new id from now on. */
  takeNewIdentity(why: string): Promise<JournalIdentity>
  /** Commits what waits, persists the cursors, closes, lets the folder go. */
  close(): Promise<void>
}

export interface QueueStats {
  /** Rows. */
  readonly events: number
  /** Bytes used in the file. */
  readonly bytes: number
  readonly maxBytes: number
  /** Wall time of the oldest row, ms. */
  readonly oldestAt: number | null
  /** Every lane is past the rows up to here. */
  readonly forwardedUpTo: Seq
  /** Why appends are refused right now, in words; null when they are not. */
  readonly full: string | null
  readonly commits: number
  /** Sum and greatest of the commits' durations, ms. */
  readonly commitMs: { readonly sum: number; readonly max: number }
  readonly commitSeconds: Counted
  /** Events a commit. */
  readonly commitEvents: Counted
  /** Bytes that the writer thread sent to the disk since start (0 where the kernel does not tell). */
  readonly bytesWritten: number
  /** Free bytes of the disk. */
  readonly freeBytes: number
  readonly dropped: {
    /** Appends refused since start. */
    readonly refused: number
    /** Events taken from a lane by `drop_oldest` since start, by pool. */
    readonly oldest: Readonly<Record<string, number>>
  }
}

export interface Salvaged {
  /** Where the damaged file lies. */
  readonly movedTo: string
  readonly rows: number
  /** Rows that are missing between the first and the last that could be read. */
  readonly lost: number
}

export interface DeadLetter {
  readonly id: number
  readonly pool: PoolId
  readonly seq: Seq
  /** The binding's number. */
  readonly binding: number
  readonly code: string
  readonly message: string
  /** The operation as the backend would have run it, for humans. */
  readonly operation: string
  /** When it was put aside, wall time ms. */
  readonly at: number
}

export interface DeadLetters {
  /** Oldest first, behind `after` (an id). */
  list(o?: { pool?: PoolId; after?: number; limit?: number }): DeadLetter[]
  /** With the event and the binding, or undefined. */
  show(id: number): (DeadLetter & { readonly event: HookEvent; readonly boundTo: Binding }) | undefined
  count(pool?: PoolId): number
  /** Appends the operation's event to its lane again, for that binding alone, and removes the letter, in one transaction. Rejects with NOT_FOUND. */
  retry(id: number): Promise<void>
  drop(id: number): Promise<void>
}

/**
 * Opens or makes the journal in `dataDir`; salvages a damaged one.
 * Rejects with HoldfastError LOCKED (another gateway has the folder), READ_ONLY, DISK_FULL, NEWER (a later Holdfast
 * wrote it), or JOURNAL_DAMAGED (once: opened again, it is salvaged).
 */
export async function openJournal(o: JournalOptions): Promise<Journal> {
  const prepared = prepare(o)
  const shared = new Shared()
  shared.lastSeq = prepared.remembered.lastSeq
  const workerData: WriterStart = {
    file: prepared.file,
    shared: shared.buffer,
    statements: statementsOf(prepared.tables),
    limits: writerLimits(o),
    floors: o.floors ?? [],
    clockSkewMs: o.clock.now() - Date.now(),
  }
  const worker = startThread(import.meta, 'writer-worker', { workerData })
  const [{ report }] = (await once(worker, 'message').catch((error: unknown) => {
    prepared.reader.close()
    prepared.lock.release()
    assertNotSuspect(prepared.file) // the writer may have met damage
    throw error
  })) as [Extract<FromWriter, { kind: 'ready' }>]
  logStart(o.log, prepared)
  return new MainJournal(o, prepared, { worker, shared, report })
}

function logStart(log: Logger, { remembered }: Prepared): void {
  const { salvaged, copied, identity } = remembered
  if (salvaged) log.error({ ...salvaged }, 'journal_salvaged')
  if (copied) log.warn({ why: copied, from: identity.parent, to: identity.id }, 'journal_new_identity')
}
