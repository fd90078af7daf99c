// One configured pool: a connection for its lane, and one for reads, which holds as many sockets as it needs.

import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientSession } from 'mongodb'
import type { Connected, OpenOptions, Pool, WriteOptions } from '../../model/backend.ts'
import { BackendError, MarkConflict } from '../../model/errors.ts'
import type { Mark, MarkMove, Operation, ReadOp, RowOf } from '../../model/operation.ts'
import { orDestroy } from '../or-destroy.ts'
import { Connection, writeConcern } from './connection.ts'
import { backendError } from './errors.ts'
import { type Layout, lookAt } from './layout.ts'
import { Collision } from './merged.ts'
import { read } from './read.ts'
import { catchUp } from './row-numbers.ts'
import type { MongoSettings } from './settings.ts'
import { type Batch, readMark, type Target, takeOver, writeBatch } from './write.ts'

interface Lane {
  readonly connection: Connection
  readonly layout: Layout
  readonly target: Target
  /** Somebody else stores the same messages here; until that shows, nobody looks for them first. */
  rowsOfOthers: boolean
  /** Journals whose last session was ended. */
  readonly journals: Set<string>
}

/** Two transactions that meet: one of them is undone at once, and tried again. */
const TRIES = 12
const PAUSE_MS = 10

export class MongoPool implements Pool {
  readonly #name: string
  readonly #settings: MongoSettings
  #lane: Lane | undefined
  #reads: Promise<Connection> | undefined

  constructor({ name }: OpenOptions, settings: MongoSettings) {
    this.#name = name
    this.#settings = settings
  }

  async connect(signal: AbortSignal): Promise<Connected> {
    return this.#sorted(async () => {
      this.#lane?.connection.destroy(new BackendError('transient', 'REPLACED', 'the connection was opened anew'))
      this.#lane = undefined
      const { connection, layout } = await this.#open(signal)
      const { db, session } = connection
      const target = {
        pool: this.#name,
        db,
        session: layout.transactions ? session : undefined,
        writeConcern: writeConcern(this.#settings),
      }
      this.#lane = { connection, layout, target, rowsOfOthers: false, journals: new Set() }
      const { mayMark, transactions, warnings } = layout
      return { exactlyOnce: mayMark && transactions, keepsMark: mayMark, warnings }
    })
  }

  async #open(signal: AbortSignal): Promise<{ connection: Connection; layout: Layout }> {
    const connection = await Connection.open(this.#settings, signal)
    const looked = connection.guard(signal, () => lookAt(connection.db, this.#name))
    return { connection, layout: await orDestroy(connection, looked) }
  }

  mark(journal: string): Promise<Mark | null> {
    return this.#onLane(NEVER, async ({ layout, target }) => (layout.mayMark ? readMark(target, journal) : null))
  }

  write(
    operations: readonly Operation[],
    move: MarkMove | null,
    { idempotent }: WriteOptions,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#onLane(signal, async (lane) => {
      if (move && lane.target.session) await this.#takeOver(lane, move.journal)
      await this.#write(lane, { operations, move, idempotent })
    })
  }

  async #takeOver({ connection: { db, session }, journals }: Lane, journal: string): Promise<void> {
    if (journals.has(journal)) return
    await takeOver(db, session, journal, this.#name)
    journals.add(journal)
  }

  async #write(lane: Lane, batch: Batch): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await writeBatch(lane.target, { ...batch, idempotent: batch.idempotent || lane.rowsOfOthers })
      } catch (error) {
        if (tries === TRIES || !(await this.#mended(lane, error))) throw error
        await sleep(Math.random() * PAUSE_MS * 2 ** Math.min(tries, 6))
      }
    }
  }

  /** Is it worth another try at once? */
  async #mended(lane: Lane, error: unknown): Promise<boolean> {
    if (!(error instanceof Collision)) return isWriteConflict(error)
    if (error.on === 'msgid') lane.rowsOfOthers = true
    if (error.on === '_id') await catchUp(lane.connection.db)
    return true
  }

  read<O extends ReadOp>(op: O, signal: AbortSignal): Promise<readonly RowOf<O>[]> {
    return this.#onReads(signal, ({ db }, session) => read(db, op, { session, signal } as object))
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.#onReads(signal, ({ db }) => db.command({ ping: 1 }, { signal }))
  }

  async close(): Promise<void> {
    const [lane, reads] = [this.#lane, this.#reads]
    this.#lane = undefined
    this.#reads = undefined
    await Promise.all([lane?.connection.close(), reads?.then((connection) => connection.close()).catch(() => {})])
  }

  async #onLane<T>(signal: AbortSignal, work: (lane: Lane) => Promise<T>): Promise<T> {
    return this.#sorted(() => {
      const lane = this.#lane
      if (!lane) throw new BackendError('transient', 'NOT_CONNECTED', 'not connected')
      return lane.connection.guard(signal, () => work(lane))
    })
  }

  /** A read that is given up leaves the others alone: the driver closes the one socket. */
  async #onReads<T>(
    signal: AbortSignal,
    work: (connection: Connection, session: ClientSession) => Promise<T>,
  ): Promise<T> {
    return this.#sorted(async () => {
      const connection = await within(signal, this.#readingConnection())
      const session = connection.client.startSession({ causalConsistency: true })
      try {
        this.#lane && seeWhatIsWritten(session, this.#lane.connection.session)
        return await within(signal, work(connection, session))
      } finally {
        session.endSession().catch(() => {}) // not waited for: it only tells the server
      }
    })
  }

  #readingConnection(): Promise<Connection> {
    this.#reads ??= Connection.open(this.#settings, NEVER, 'reads').catch((error) => {
      this.#reads = undefined // it is tried again at the next read
      throw error
    })
    return this.#reads
  }

  async #sorted<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof MarkConflict) throw error
      throw error instanceof Collision
        ? new BackendError('transient', 'COLLISION', error.message, { cause: error.cause })
        : backendError(error, this.#name)
    }
  }
}

/** A member that lags behind answers when it has what the lane wrote. */
function seeWhatIsWritten(session: ClientSession, lane: ClientSession): void {
  if (lane.clusterTime) session.advanceClusterTime(lane.clusterTime)
  if (lane.operationTime) session.advanceOperationTime(lane.operationTime)
}

const WRITE_CONFLICT = '112'

function isWriteConflict(error: unknown): boolean {
  return error instanceof BackendError && error.code === WRITE_CONFLICT
}

function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new BackendError('transient', 'ABORTED', 'given up before the answer'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

const NEVER = new AbortController().signal
