// What fetch wants of the pools (`forward` has it), and how it asks them: within a deadline, and never failing.

import type { Logger } from '../log/logger.ts'
import type { BackendKind, PoolId } from '../model/binding.ts'
import { BackendError } from '../model/errors.ts'
import type { Seq } from '../model/event.ts'
import type { ReadOp, RowOf } from '../model/operation.ts'
import { hasWildcard } from '../model/topic.ts'

export interface PoolReader {
  /** Rejects with BackendError, a transient one after `deadlineMs` and when the pool is not up. */
  read<O extends ReadOp>(pool: PoolId, op: O, deadlineMs: number): Promise<readonly RowOf<O>[]>
  state(pool: PoolId): 'up' | 'down' | 'blocked'
  /** The pool has everything up to here; the truth may be ahead of it. */
  cursor(pool: PoolId): Seq
  onUp(listener: (pool: PoolId) => void): void
}

export interface AskOptions {
  readonly pools: PoolReader
  /** Kinds that can read with a wildcard filter; the others are asked for exact topics only. */
  readonly wildcardReads: ReadonlySet<BackendKind>
  /** recall.deadline */
  readonly deadlineMs: number
  readonly log: Logger
}

export class Pools {
  readonly #o: AskOptions
  /** Pools whose last read failed: the change is logged, not the state. */
  readonly #failing = new Set<PoolId>()

  constructor(options: AskOptions) {
    this.#o = options
  }

  /** @returns null when the pool is away, or does not answer in time: local truth has to do. */
  async ask<O extends ReadOp>(
    pool: PoolId,
    op: O,
    deadlineMs = this.#o.deadlineMs,
  ): Promise<readonly RowOf<O>[] | null> {
    const { pools, log } = this.#o
    if (pools.state(pool) !== 'up') return null
    try {
      const rows = await pools.read(pool, op, deadlineMs)
      if (this.#failing.delete(pool)) log.info({ pool }, 'pool_reads_again')
      return rows
    } catch (error) {
      if (!(error instanceof BackendError)) throw error
      if (!this.#failing.has(pool)) log.warn({ pool, code: error.code, err: error }, 'pool_read_failed')
      this.#failing.add(pool)
      return null
    }
  }

  canRead(pool: PoolId, filter: string): boolean {
    return !hasWildcard(filter) || this.#o.wildcardReads.has(pool.slice(0, pool.indexOf('.')) as BackendKind)
  }

  cursor(pool: PoolId): Seq {
    return this.#o.pools.cursor(pool)
  }
}
