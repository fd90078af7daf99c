// One embedded file. Its calls are synchronous, in the thread of the lanes; only a lock that an outsider holds is waited
// for in steps, so that other lanes go on meanwhile.

import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connected, OpenOptions, Pool, WriteOptions } from '../../model/backend.ts'
import { MarkConflict } from '../../model/errors.ts'
import type { Mark, MarkMove, Operation, ReadOp, RowOf } from '../../model/operation.ts'
import { topicMatches } from '../../model/topic.ts'
import { type Database, openForWrite } from '../../sqlite/open.ts'
import { textBeside } from '../../system/program.ts'
import { backendError, isBusy } from './errors.ts'
import { read } from './read.ts'
import type { SqliteSettings } from './settings.ts'
import { Statements } from './statements.ts'
import { moveMark, readMark, write } from './write.ts'

/** How long a lock of somebody else is waited for: at a stretch, between two stretches, and in all. */
const BUSY = { stretchMs: 20, pauseMs: 50, totalMs: 5000 }

interface Open {
  readonly db: Database
  readonly statements: Statements
}

export class SqlitePool implements Pool {
  readonly #name: string
  readonly #file: string
  #open: Open | undefined

  constructor({ name, dataDir }: OpenOptions, { database }: SqliteSettings) {
    this.#name = name
    this.#file = resolve(dataDir, database)
  }

  async connect(): Promise<Connected> {
    this.#close()
    return this.#sorted(() => ({ exactlyOnce: true, warnings: [] }))
  }

  async mark(journal: string): Promise<Mark | null> {
    return this.#sorted(({ statements }) => readMark(statements, journal, this.#name))
  }

  async write(
    batch: readonly Operation[],
    move: MarkMove | null,
    { idempotent }: WriteOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const { db, statements } = this.#sorted((open) => open)
    await this.#begin(db, signal)
    let operation: number | undefined
    try {
      if (move && !moveMark(statements, move, this.#name)) throw new MarkConflict()
      for (const [index, { write: what }] of batch.entries()) {
        operation = index
        write(what, { statements, idempotent })
      }
      operation = undefined
      db.exec('commit')
    } catch (error) {
      if (db.inTransaction) db.exec('rollback') // some errors have done so by themselves
      throw error instanceof MarkConflict ? error : backendError(error, operation)
    }
  }

  async read<O extends ReadOp>(op: O): Promise<readonly RowOf<O>[]> {
    return this.#sorted(({ statements }) => read(statements, op))
  }

  async ping(): Promise<void> {
    this.#sorted(({ statements }) => statements.all('select 1'))
  }

  async close(): Promise<void> {
    this.#close()
  }

  async #begin(db: Database, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + BUSY.totalMs
    for (;;) {
      try {
        db.exec('begin immediate')
        return
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline || signal.aborted) throw backendError(error)
        await sleep(BUSY.pauseMs)
      }
    }
  }

  #sorted<T>(work: (open: Open) => T): T {
    try {
      return work(this.#opened())
    } catch (error) {
      throw backendError(error)
    }
  }

  /** Opens the file, and makes it and the tables where they are missing. */
  #opened(): Open {
    if (!this.#open) {
      mkdirSync(dirname(this.#file), { recursive: true })
      const db = openForWrite(this.#file, { busyTimeoutMs: BUSY.stretchMs })
      try {
        db.exec(schema())
      } catch (error) {
        db.close()
        throw error
      }
      db.function('topic_matches', { deterministic: true }, (filter, topic) =>
        topicMatches(String(filter), String(topic)) ? 1 : 0,
      )
      this.#open = { db, statements: new Statements(db) }
    }
    return this.#open
  }

  #close(): void {
    this.#open?.db.close()
    this.#open = undefined
  }
}

export function schema(): string {
  return textBeside(import.meta, 'schema.sql')
}
