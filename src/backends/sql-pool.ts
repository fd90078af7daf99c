// A pool of an SQL server: a connection for its lane, and up to `pool_size` for reads.

import type { Connected, Pool, WriteOptions } from '../model/backend.ts'
import { BackendError, MarkConflict } from '../model/errors.ts'
import type { Mark, MarkMove, Operation, ReadOp, RowOf } from '../model/operation.ts'
import { orDestroy } from './or-destroy.ts'
import { type ReadingConnection, ReadingPool } from './reading-pool.ts'

export interface SqlConnection extends ReadingConnection {
  query(text: string): Promise<unknown>
}

export interface SqlLane<C> {
  readonly connection: C
  /** Somebody else stores the same messages here; until that shows, the costly check for it is left out. */
  rowsOfOthers: boolean
}

export interface Batch {
  readonly operations: readonly Operation[]
  readonly move: MarkMove | null
  readonly idempotent: boolean
}

/** What is a kind's own. Whatever rejects goes through `backendError`. */
export interface SqlKind<C extends SqlConnection, L extends SqlLane<C>> {
  /** Of a pool's connections for reads. */
  readonly readers: number
  open(signal: AbortSignal): Promise<C>
  openReader(signal: AbortSignal): Promise<C>
  /** Looks at the tables. The caller guards the connection meanwhile. */
  prepare(connection: C): Promise<{ readonly lane: L; readonly connected: Connected }>
  mark(lane: L, journal: string): Promise<Mark | null>
  /** One transaction; everything is undone when it rejects. */
  write(lane: L, batch: Batch): Promise<void>
  /** May a batch that failed be written once more? */
  mayRepeat(batch: Batch): boolean
  read<O extends ReadOp>(connection: C, op: O): Promise<readonly RowOf<O>[]>
  backendError(error: unknown): BackendError
  /** A message with this id is there already. */
  isStoredAlready(error: BackendError): boolean
  /** The tables may have been changed since we looked at them (or the statement is wrong). */
  mayBeStale(error: BackendError): boolean
  lookAgain(lane: L): Promise<void>
}

/** Runs DDL on a connection of its own. */
export async function runSchema<C extends SqlConnection>(
  run: (connection: C) => Promise<unknown>,
  kind: Pick<SqlKind<C, never>, 'open' | 'backendError'>,
): Promise<void> {
  try {
    const connection = await kind.open(NEVER)
    try {
      await connection.guard(NEVER, () => run(connection))
    } finally {
      await connection.close()
    }
  } catch (error) {
    throw kind.backendError(error)
  }
}

type Remedy = 'expect rows of others' | 'look again'

export class SqlPool<C extends SqlConnection, L extends SqlLane<C>> implements Pool {
  readonly #kind: SqlKind<C, L>
  readonly #readers: ReadingPool<C>
  #lane: L | undefined

  constructor(kind: SqlKind<C, L>) {
    this.#kind = kind
    this.#readers = new ReadingPool(kind.readers, (signal) => kind.openReader(signal))
  }

  async connect(signal: AbortSignal): Promise<Connected> {
    return this.#sorted(async () => {
      this.#lane?.connection.destroy(new BackendError('transient', 'REPLACED', 'the connection was opened anew'))
      this.#lane = undefined
      const connection = await this.#kind.open(signal)
      const prepared = connection.guard(signal, () => this.#kind.prepare(connection))
      const { lane, connected } = await orDestroy(connection, prepared)
      this.#lane = lane
      return connected
    })
  }

  mark(journal: string): Promise<Mark | null> {
    return this.#onLane(NEVER, (lane) => this.#kind.mark(lane, journal))
  }

  write(
    operations: readonly Operation[],
    move: MarkMove | null,
    { idempotent }: WriteOptions,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#onLane(signal, (lane) => this.#write(lane, { operations, move, idempotent }))
  }

  /** Once more after each remedy, and each remedy once. */
  async #write(lane: L, batch: Batch): Promise<void> {
    const tried = new Set<Remedy>()
    for (;;) {
      const idempotent = batch.idempotent || lane.rowsOfOthers
      try {
        await this.#kind.write(lane, { ...batch, idempotent })
        return
      } catch (error) {
        const remedy = this.#remedyFor(error)
        if (!remedy || tried.has(remedy) || !this.#kind.mayRepeat(batch)) throw error
        tried.add(remedy)
        if (remedy === 'look again') await this.#kind.lookAgain(lane)
        else lane.rowsOfOthers = true
      }
    }
  }

  #remedyFor(error: unknown): Remedy | undefined {
    if (!(error instanceof BackendError)) return undefined
    if (this.#kind.isStoredAlready(error)) return 'expect rows of others'
    return this.#kind.mayBeStale(error) ? 'look again' : undefined
  }

  read<O extends ReadOp>(op: O, signal: AbortSignal): Promise<readonly RowOf<O>[]> {
    return this.#sorted(() => this.#readers.use(signal, (connection) => this.#kind.read(connection, op)))
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.#sorted(() => this.#readers.use(signal, (connection) => connection.query('select 1')))
  }

  async close(): Promise<void> {
    const lane = this.#lane
    this.#lane = undefined
    await this.#sorted(() => Promise.all([lane?.connection.close(), this.#readers.close()]))
  }

  async #onLane<T>(signal: AbortSignal, work: (lane: L) => Promise<T>): Promise<T> {
    return this.#sorted(() => {
      const lane = this.#lane
      if (!lane) throw new BackendError('transient', 'NOT_CONNECTED', 'not connected')
      return lane.connection.guard(signal, () => work(lane))
    })
  }

  async #sorted<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw error instanceof MarkConflict ? error : this.#kind.backendError(error)
    }
  }
}

const NEVER = new AbortController().signal
