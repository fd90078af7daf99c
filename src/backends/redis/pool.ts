// One configured pool: a connection for its lane, and up to `pool_size` for reads.

import type { Connected, OpenOptions, Pool } from '../../model/backend.ts'
import { BackendError, MarkConflict } from '../../model/errors.ts'
import type { Mark, MarkMove, Operation, ReadOp, RowOf } from '../../model/operation.ts'
import { orDestroy } from '../or-destroy.ts'
import { writeToCluster } from './cluster-write.ts'
import { Connection } from './connection.ts'
import { backendError } from './errors.ts'
import { read } from './read.ts'
import { ReadingPool } from './reading-pool.ts'
import type { Rules } from './render.ts'
import type { RedisSettings } from './settings.ts'
import { NO_MARK, warningsAbout } from './warnings.ts'
import { mayKeepMark, Refused, readMark, writeBatch } from './write.ts'

export class RedisPool implements Pool {
  readonly #name: string
  readonly #settings: RedisSettings
  readonly #rules: Rules
  readonly #readers: ReadingPool
  #lane: Connection | undefined
  #keepsMark = false
  /** After a refusal the mark is further than the lane, which was told that the batch failed, believes. */
  #further: { readonly believed: Mark | null; readonly mark: Mark } | undefined

  constructor({ name }: OpenOptions, settings: RedisSettings) {
    this.#name = name
    this.#settings = settings
    this.#rules = { expirySeconds: settings.plugin['msg.expired_after'], channel: settings.channel }
    this.#readers = new ReadingPool(settings)
  }

  connect(signal: AbortSignal): Promise<Connected> {
    return sorted(async () => {
      this.#lane?.close()
      this.#lane = undefined
      this.#further = undefined
      this.#readers.close() // another server may be the master now
      const connection = await Connection.open(this.#settings, signal)
      const { cluster } = connection
      const asked = connection.guard(signal, async () => {
        this.#keepsMark = await mayKeepMark(connection, this.#name)
        return warningsAbout(connection, this.#settings)
      })
      const warnings = await orDestroy({ destroy: () => connection.close() }, asked)
      this.#lane = connection
      const keepsMark = this.#keepsMark
      return {
        exactlyOnce: keepsMark && !cluster,
        keepsMark,
        warnings: [...(keepsMark || cluster ? [] : [NO_MARK]), ...warnings],
      }
    })
  }

  mark(journal: string): Promise<Mark | null> {
    return this.#onLane(NEVER, async (lane) => (this.#keepsMark ? readMark(lane, journal, this.#name) : null))
  }

  write(operations: readonly Operation[], move: MarkMove | null, _: unknown, signal: AbortSignal): Promise<void> {
    return this.#onLane(signal, (lane) => {
      if (lane.cluster) return this.#writeToCluster(lane, operations, move)
      return move
        ? this.#writeWithMark(lane, operations, move)
        : writeBatch(lane, this.#name, { operations, move }, this.#rules)
    })
  }

  /** No script spans the keys of several nodes: the mark is looked at before, and moved when all is there. */
  async #writeToCluster(lane: Connection, operations: readonly Operation[], move: MarkMove | null): Promise<void> {
    const mark = move && (await readMark(lane, move.journal, this.#name))
    if (move && !isSame(mark, move.from)) throw new MarkConflict()
    await writeToCluster(lane, operations, this.#rules)
    if (move) await writeBatch(lane, this.#name, { operations: [], move }, this.#rules)
  }

  async #writeWithMark(lane: Connection, operations: readonly Operation[], move: MarkMove): Promise<void> {
    const further = this.#further && isSame(this.#further.believed, move.from) ? this.#further.mark : undefined
    if (further && further.seq >= move.to.seq) {
      this.#further = { believed: move.to, mark: further } // all of it is there
      return
    }
    const done = further ? operations.findIndex(({ seq }) => seq > further.seq) : 0
    const first = done < 0 ? operations.length : done
    try {
      const rest = { operations: operations.slice(first), move: { ...move, from: further ?? move.from } }
      await writeBatch(lane, this.#name, rest, this.#rules)
      this.#further = undefined
    } catch (error) {
      if (!(error instanceof BackendError)) throw error
      const reached = (error instanceof Refused ? error.reached : undefined) ?? further
      if (reached) this.#further = { believed: move.from, mark: reached }
      throw first > 0 ? shifted(error, first) : error
    }
  }

  read<O extends ReadOp>(op: O, signal: AbortSignal): Promise<readonly RowOf<O>[]> {
    return sorted(() => this.#readers.use(signal, (connection) => read(connection, op)))
  }

  async ping(signal: AbortSignal): Promise<void> {
    await sorted(() => this.#readers.use(signal, (connection) => connection.driver.ping()))
  }

  async close(): Promise<void> {
    this.#lane?.close()
    this.#lane = undefined
    this.#readers.close()
  }

  #onLane<T>(signal: AbortSignal, work: (lane: Connection) => Promise<T>): Promise<T> {
    return sorted(() => {
      const lane = this.#lane
      if (!lane) throw new BackendError('transient', 'NOT_CONNECTED', 'not connected')
      return lane.guard(signal, () => work(lane))
    })
  }
}

const NEVER = new AbortController().signal

function isSame(one: Mark | null, other: Mark | null): boolean {
  return one?.seq === other?.seq && one?.event === other?.event
}

/** The index of the operation in a batch that has so many more in front. */
function shifted(error: BackendError, by: number): BackendError {
  if (error.operation === undefined) return error
  const { errorClass, code, message, hint, operation, cause } = error
  return new BackendError(errorClass, code, message, {
    ...(hint === undefined ? {} : { hint }),
    operation: operation + by,
    cause,
  })
}

async function sorted<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof MarkConflict ? error : backendError(error)
  }
}
