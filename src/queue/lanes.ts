// The lanes as the forwarder's thread sees them: a cursor a pool over the journal's rows. Reading removes nothing.

import type { MessagePort } from 'node:worker_threads'
import type { Binding, PoolId } from '../model/binding.ts'
import type { HookEvent, Seq } from '../model/event.ts'
import type { EventId } from '../model/event-id.ts'
import type { JournalIdentity } from './journal.ts'
import { OpenLanes } from './open-lanes.ts'

export interface Lanes {
  /** The pool's lane; made at the tail when the journal does not know the pool. The same object for the same pool. */
  lane(pool: PoolId): Promise<Lane>
  /** All lanes that the journal knows, configured or not. */
  list(): readonly { readonly pool: PoolId; readonly cursor: Seq }[]
  /** Current; changes when the journal takes a new id. */
  readonly journal: JournalIdentity
  close(): Promise<void>
}

/** An event with the bindings of one pool that it matched, in hook order. */
export interface Entry {
  readonly event: HookEvent
  readonly bindings: readonly { readonly id: number; readonly binding: Binding }[]
}

/** What is behind `after`, up to and with `upTo`. */
export interface Gap {
  readonly after: Seq
  readonly upTo: Seq
}

export interface Limit {
  readonly events: number
  /** Of the rows; at least one entry is returned whatever its size. */
  readonly bytes: number
}

export interface Batch {
  readonly entries: readonly Entry[]
  /** All rows up to here were looked at: ≥ the last entry's seq; rows between that are not for this pool are passed over. */
  readonly upTo: Seq
}

export interface Lane {
  readonly pool: PoolId
  /** Everything up to here is settled. It also passes rows that are not for this pool, which the remote's mark does not see. */
  readonly cursor: Seq
  /** Newest committed row. */
  readonly lastSeq: Seq
  /** What comes behind the cursor; waits until there is something for this pool. Rejects with the signal's reason. */
  next(limit: Limit, signal: AbortSignal): Promise<Batch>
  /** What comes behind `after`, without waiting; `upTo` is `after` or more. */
  peek(after: Seq, limit: Limit): Batch
  /** Moves the cursor up. Persisted lazily: the remote's mark is the truth. */
  move(seq: Seq): void
  /** Gives up what is between the cursor and `seq`, for good: no rewind brings it back. Moves the cursor; resolves when that is on disk. */
  giveUp(seq: Seq): Promise<void>
  /** Moves the cursor back (the remote went back, or never got it). Rows deleted since are not there any more. */
  rewind(seq: Seq): void
  /** Id of the row at `seq`, or undefined when the journal does not hold it. */
  eventAt(seq: Seq): EventId | undefined
  /**
   * Copies the operation (this pool's `binding` of the event at `seq`) to the dead letters; resolves when that is on disk.
   * Repeating it changes nothing.
   * @returns whether it was not there before
   */
  deadLetter(letter: LetterDraft): Promise<boolean>
  /** A cheap estimate of what is behind the cursor, rows of other pools included. */
  lag(): { readonly events: number; readonly bytes: number; readonly oldestAt: number | null }
}

export interface LetterDraft {
  readonly seq: Seq
  /** The binding's number. */
  readonly binding: number
  readonly code: string
  readonly message: string
  /** The operation as it would have been run, for humans. */
  readonly operation: string
}

export interface LanesOptions {
  /** Path of `journal.db`. */
  readonly file: string
  /** From `Journal.lanePort()`. */
  readonly port: MessagePort
}

/** Opens the lanes in the calling thread, on a read-only connection of its own. */
export function openLanes({ file, port }: LanesOptions): Lanes {
  return new OpenLanes(file, port)
}
