// One configured pool: a connection for its lane, and up to `pool_size` for reads.

import type { Connected, OpenOptions, Pool, WriteOptions } from '../../model/backend.ts'
import { BackendError, MarkConflict } from '../../model/errors.ts'
import type { Mark, MarkMove, Operation, ReadOp, RowOf } from '../../model/operation.ts'
import { orDestroy } from '../or-destroy.ts'
import { ReadingPool } from '../reading-pool.ts'
import { Connection } from './connection.ts'
import { backendError, isStoredAlready, mayBeStale } from './errors.ts'
import { type Layout, lookAtTables, warningsAbout } from './layout.ts'
import { read } from './read.ts'
import { createMark, NO_MARK } from './schema.ts'
import type { PgsqlSettings } from './settings.ts'
import { type Batch, readMark, writeBatch } from './write.ts'

interface Lane {
  readonly connection: Connection
  layout: Layout
  /** Somebody else stores the same messages here; until that shows, the costly check for it is left out. */
  rowsOfOthers: boolean
}

type Remedy = (lane: Lane) => Promise<void>

const lookAgain: Remedy = async (lane) => {
  await lane.connection.forgetStatements()
  lane.layout = await lookAtTables(lane.connection)
}

const expectOthers: Remedy = async (lane) => {
  lane.rowsOfOthers = true
}

function remedyFor(error: unknown): Remedy | undefined {
  if (!(error instanceof BackendError)) return undefined
  if (isStoredAlready(error)) return expectOthers
  return mayBeStale(error) ? lookAgain : undefined
}

export class PgsqlPool implements Pool {
  readonly #name: string
  readonly #settings: PgsqlSettings
  readonly #readers: ReadingPool<Connection>
  #lane: Lane | undefined

  constructor({ name }: OpenOptions, settings: PgsqlSettings) {
    this.#name = name
    this.#settings = settings
    this.#readers = new ReadingPool(settings.pool_size, (signal) => Connection.open(settings, signal, true))
  }

  async connect(signal: AbortSignal): Promise<Connected> {
    return this.#sorted(async () => {
      this.#lane?.connection.destroy(new BackendError('transient', 'REPLACED', 'the connection was opened anew'))
      this.#lane = undefined
      const connection = await Connection.open(this.#settings, signal)
      const looked = connection.guard(signal, async () => {
        const found = await lookAtTables(connection)
        return found.has('holdfast_mark') || !(await createMark(connection)) ? found : lookAtTables(connection)
      })
      const layout = await orDestroy(connection, looked)
      this.#lane = { connection, layout, rowsOfOthers: false }
      const exactlyOnce = layout.get('holdfast_mark')?.mayWrite ?? false
      return { exactlyOnce, warnings: [...(exactlyOnce ? [] : [NO_MARK]), ...warningsAbout(layout)] }
    })
  }

  mark(journal: string): Promise<Mark | null> {
    return this.#onLane(NEVER, async ({ connection, layout }) =>
      layout.get('holdfast_mark')?.mayWrite ? readMark(connection, journal, this.#name) : null,
    )
  }

  write(
    operations: readonly Operation[],
    move: MarkMove | null,
    { idempotent }: WriteOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const batch = { operations, move, idempotent }
    return this.#onLane(signal, (lane) => this.#write(lane, batch))
  }

  /** Once more after each remedy, and each remedy once. */
  async #write(lane: Lane, batch: Batch): Promise<void> {
    const tried = new Set<Remedy>()
    for (;;) {
      const idempotent = batch.idempotent || lane.rowsOfOthers
      try {
        await writeBatch(lane.connection, lane.layout, this.#name, { ...batch, idempotent })
        return
      } catch (error) {
        const remedy = remedyFor(error)
        if (!remedy || tried.has(remedy)) throw error
        tried.add(remedy)
        await remedy(lane)
      }
    }
  }

  read<O extends ReadOp>(op: O, signal: AbortSignal): Promise<readonly RowOf<O>[]> {
    return this.#sorted(() => this.#readers.use(signal, (connection) => read(connection, op)))
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.#sorted(() => this.#readers.use(signal, (connection) => connection.query('select 1')))
  }

  async close(): Promise<void> {
    const lane = this.#lane
    this.#lane = undefined
    await this.#sorted(() => Promise.all([lane?.connection.close(), this.#readers.close()]))
  }

  async #onLane<T>(signal: AbortSignal, work: (lane: Lane) => Promise<T>): Promise<T> {
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
      throw error instanceof MarkConflict ? error : backendError(error, this.#name)
    }
  }
}

const NEVER = new AbortController().signal
