// The seam to a database: what a folder of `backends/` implements.

import type { BackendKind } from './binding.ts'
import type { Mark, MarkMove, Operation, ReadOp, RowOf } from './operation.ts'

export interface Capabilities {
  /** The batch and its mark are one transaction: exactly once, also for custom statements. */
  readonly transactions: boolean
  /** Operations a `write` may hold. */
  readonly batchMax: number
  /** Can `messages` and `retained` be read with a wildcard filter? */
  readonly wildcardRead: boolean
}

export interface Connected {
  /** False where the mark can't be kept with the batch (no transactions, no right to its table): the pool works at least once. */
  readonly exactlyOnce: boolean
  /**
   * Without transactions: a mark is kept all the same, and moved behind each batch. All before it is there, and something behind
   * it may be. Absent: as `exactlyOnce` says.
   */
  readonly keepsMark?: boolean
  /** Things an operator should know (old tables that are too narrow, fold case, …), each a sentence. */
  readonly warnings: readonly string[]
}

export interface WriteOptions {
  /** Part of this batch may be in the remote already: write so that what is there stays once. */
  readonly idempotent: boolean
}

/**
 * One configured pool. All methods reject with BackendError; `write` also with MarkConflict (nothing was written then, or
 * what the mark says, or where it is moved behind the batch all of that). A pool is used by one lane: `connect`, `mark` and `write` are never called concurrently; `read` and
 * `ping` may be.
 */
export interface Pool {
  /** Counts of the kind's own that an operator should see, since start. */
  readonly counts?: Readonly<Record<string, number>>
  /** (Re)opens the lane's connection and looks at the tables. Called again after every transient failure. */
  connect(signal: AbortSignal): Promise<Connected>
  /** The mark of this journal and pool, or null when there is none (or it can't be kept). */
  mark(journal: string): Promise<Mark | null>
  /**
   * Leaves the remote as if the operations had been applied one by one, in order, and moves the mark, all in one
   * transaction where the kind has them. `move` null: the mark is not kept. Rejects with everything undone
   * (or, without transactions, with an unknown part done); the error names the operation when it is known —
   * always, when the batch holds the operations of one event only.
   * A kind whose transactions are small may use several, each of which moves the mark to its own last event. A refusal
   * behind some that were done is a MarkConflict first: the caller reads the mark, and hears of it when it goes on there.
   */
  write(batch: readonly Operation[], move: MarkMove | null, options: WriteOptions, signal: AbortSignal): Promise<void>
  read<O extends ReadOp>(op: O, signal: AbortSignal): Promise<readonly RowOf<O>[]>
  ping(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface OpenOptions {
  /** Name of the pool in the conf, e.g. `pool1`; the mark is kept by it. */
  readonly name: string
  /** Folder that relative files are in (sqlite). */
  readonly dataDir: string
  readonly node: string
}

/** What `backends/<kind>/index.ts` exports. Loading it loads no driver; `open` does. */
export interface Backend<S = unknown> {
  readonly kind: BackendKind
  readonly capabilities: Capabilities
  /** No I/O but the driver's load; `connect` does that. */
  open(options: OpenOptions, settings: S): Promise<Pool>
  /** The DDL as text, as `holdfast schema <kind>` prints it. */
  schema(settings?: S): string
  /** Runs the DDL; may be repeated. What somebody should know about it is said, each a sentence. */
  applySchema(options: OpenOptions, settings: S, say?: (sentence: string) => void): Promise<void>
}
