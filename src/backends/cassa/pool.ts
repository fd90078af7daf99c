// One configured pool: one session of the driver, for its lane and for reads.

import type { Connected, OpenOptions, Pool, WriteOptions } from '../../model/backend.ts'
import { BackendError, MarkConflict } from '../../model/errors.ts'
import type { Mark, MarkMove, Operation, ReadOp, RowOf } from '../../model/operation.ts'
import { backendError } from './errors.ts'
import { type Layout, lookAtTables, warningsAbout } from './layout.ts'
import { moveMark, readMark, tryMark } from './mark.ts'
import { read } from './read.ts'
import { createMark, NO_MARK } from './schema.ts'
import { Session, unlessAborted } from './session.ts'
import type { CassaSettings } from './settings.ts'
import { writeOperations } from './write.ts'

export class CassaPool implements Pool {
  readonly #name: string
  readonly #settings: CassaSettings
  #session: Session | undefined
  #opening: Promise<Session> | undefined
  #layout: Layout | undefined
  #keepsMark = false

  constructor({ name }: OpenOptions, settings: CassaSettings) {
    this.#name = name
    this.#settings = settings
  }

  connect(signal: AbortSignal): Promise<Connected> {
    return this.#use(signal, async (session) => {
      this.#layout = await lookAtTables(session, this.#settings.keyspace)
      this.#keepsMark = await keepsMark(session, this.#layout)
      const exactlyOnce = this.#keepsMark
      return { exactlyOnce, warnings: [...(exactlyOnce ? [] : [NO_MARK]), ...warningsAbout(this.#layout)] }
    })
  }

  mark(journal: string): Promise<Mark | null> {
    return this.#use(NEVER, async (session) => (this.#keepsMark ? readMark(session, journal, this.#name) : null))
  }

  write(
    operations: readonly Operation[],
    move: MarkMove | null,
    _options: WriteOptions,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#use(signal, async (session) => {
      const layout = this.#layout
      if (!layout) throw new BackendError('transient', 'NOT_CONNECTED', 'not connected')
      await writeOperations(operations, { session, layout, pool: this.#name, signal })
      if (move) await moveMark(session, move, this.#name)
    })
  }

  read<O extends ReadOp>(op: O, signal: AbortSignal): Promise<readonly RowOf<O>[]> {
    return this.#use(signal, (session) => read(session, op))
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.#use(signal, (session) => session.query('select key from system.local'))
  }

  async close(): Promise<void> {
    const opening = this.#opening?.catch(() => undefined)
    await Promise.all([this.#session?.close(), opening?.then((session) => session?.close())])
    this.#session = undefined
    this.#layout = undefined
  }

  async #use<T>(signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
    try {
      const session = await unlessAborted(signal, () => this.#opened())
      return await session.guard(signal, () => work(session))
    } catch (error) {
      throw error instanceof MarkConflict ? error : backendError(error, this.#name)
    }
  }

  /** A session that can't be trusted any more makes room for a new one. */
  #opened(): Promise<Session> {
    if (this.#session && !this.#session.suspect) return Promise.resolve(this.#session)
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #open(): Promise<Session> {
    const session = await Session.open(this.#settings, this.#settings.keyspace)
    void this.#session?.close()
    this.#session = session
    return session
  }
}

/** Makes the mark's table where it is missing. @returns false where the user has no right to */
async function keepsMark(session: Session, layout: Layout): Promise<boolean> {
  try {
    if (!layout.has('holdfast_mark')) await session.query(createMark())
    await tryMark(session)
    return true
  } catch (error) {
    if (backendError(error, '').code === 'UNAUTHORIZED') return false
    throw error
  }
}

const NEVER = new AbortController().signal
