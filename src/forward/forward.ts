// The way out as the main thread sees it: a thread with one lane a pool, its figures, and reads from the pools.
// If the thread fails, the process does: nothing is lost by that, and a lane that silently stands still would be worse.

import type { MessagePort, Worker } from 'node:worker_threads'
import type { Logger } from '../log/logger.ts'
import type { PoolId } from '../model/binding.ts'
import { BackendError, HoldfastError } from '../model/errors.ts'
import type { Seq } from '../model/event.ts'
import type { ReadOp, RowOf } from '../model/operation.ts'
import { startThread } from '../system/program.ts'
import type { ForwardLimits, Timing } from './options.ts'
import { type Ask, type Call, fromWire, type PoolConfig, type Tell, type WorkerStart } from './protocol.ts'
import type { LaneStatus, PoolState, PoolTest } from './status.ts'

export type { ForwardLimits } from './options.ts'
export type { PoolConfig } from './protocol.ts'
export type { LaneMode, LaneStatus, PoolState, PoolTest } from './status.ts'

export interface ForwardOptions {
  /** Path of the journal's file, and a port from `Journal.lanePort()`. */
  readonly file: string
  readonly port: MessagePort
  /** Folder that relative files of embedded pools are in. */
  readonly dataDir: string
  readonly node: string
  readonly timing?: Partial<Timing>
  readonly log: Logger
}

export interface Forward {
  /** Opens what is new, closes what is gone, leaves alone what is the same. Rejects with NO_BACKEND. Does not wait for connections. */
  configure(pools: readonly PoolConfig[], limits: ForwardLimits): Promise<void>
  /** Pools for which something waits, configured or not, and how much at most: rows of other pools are counted, too. */
  waiting(): Promise<ReadonlyMap<PoolId, number>>
  /** At most a quarter of a second old; not older than what was asked of it and has been answered. */
  lanes(): readonly LaneStatus[]
  /** As `lanes()`, but as they are now. */
  lanesNow(): Promise<readonly LaneStatus[]>
  /** Takes effect when the write in flight has ended. Reject with NO_POOL. */
  pause(pool: PoolId): Promise<void>
  resume(pool: PoolId): Promise<void>
  /** The first event that waits; null when none does. Rejects with NO_POOL. */
  next(pool: PoolId): Promise<Seq | null>
  /** Gives up everything up to `toSeq`. Rejects with NO_POOL, SKIP_BACK, NO_EVENT, or what the pool said. */
  skip(pool: PoolId, toSeq: Seq): Promise<void>
  /** Rejects with NO_POOL or BackendError. */
  test(pool: PoolId): Promise<PoolTest>
  /** While on, lanes connect but send nothing: the clock is not set. */
  hold(on: boolean): Promise<void>
  /** Rejects with BackendError: transient when the pool is down or the deadline has passed. */
  read<O extends ReadOp>(pool: PoolId, op: O, deadlineMs: number): Promise<readonly RowOf<O>[]>
  state(pool: PoolId): PoolState
  /** Everything up to here is in the remote; perhaps more is. 0 for an unknown pool. */
  cursor(pool: PoolId): Seq
  onUp(listener: (pool: PoolId) => void): void
  /** Another journal works under our id: let the journal take a new one. */
  onTwin(listener: (pool: PoolId) => void): void
  /** Lets writes in flight end, for a while. */
  close(): Promise<void>
}

const CLOSE_MS = 10_000

export function startForward(options: ForwardOptions): Forward {
  return new ForwardThread(options)
}

class ForwardThread implements Forward {
  readonly #worker: Worker
  readonly #log: Logger
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #listeners = { up: new Set<(pool: PoolId) => void>(), twin: new Set<(pool: PoolId) => void>() }
  #lastCall = 0
  #lanes: readonly LaneStatus[] = []
  #closed: Promise<void> | undefined

  constructor({ log, port, timing = {}, ...start }: ForwardOptions) {
    this.#log = log
    const workerData: WorkerStart = { ...start, port, timing }
    this.#worker = startThread(import.meta, 'worker', { workerData, transferList: [port] })
    this.#worker.on('message', (tell: Tell) => this.#hear(tell))
    this.#worker.on('error', (error) => {
      throw error
    })
    this.#worker.on('exit', (code) => {
      if (!this.#closed) throw new Error(`the forwarder's thread ended with ${code}`)
    })
  }

  async configure(pools: readonly PoolConfig[], limits: ForwardLimits): Promise<void> {
    await this.#call({ ask: 'configure', pools, limits })
  }

  async waiting(): Promise<ReadonlyMap<PoolId, number>> {
    return (await this.#call({ ask: 'waiting' })) as ReadonlyMap<PoolId, number>
  }

  lanes(): readonly LaneStatus[] {
    return this.#lanes
  }

  async lanesNow(): Promise<readonly LaneStatus[]> {
    if (!this.#closed) await this.#call({ ask: 'status' })
    return this.#lanes
  }

  async pause(pool: PoolId): Promise<void> {
    await this.#call({ ask: 'pause', pool })
  }

  async resume(pool: PoolId): Promise<void> {
    await this.#call({ ask: 'resume', pool })
  }

  async next(pool: PoolId): Promise<Seq | null> {
    return (await this.#call({ ask: 'next', pool })) as Seq | null
  }

  async skip(pool: PoolId, toSeq: Seq): Promise<void> {
    await this.#call({ ask: 'skip', pool, toSeq })
  }

  async test(pool: PoolId): Promise<PoolTest> {
    return (await this.#call({ ask: 'test', pool })) as PoolTest
  }

  async hold(on: boolean): Promise<void> {
    await this.#call({ ask: 'hold', on })
  }

  async read<O extends ReadOp>(pool: PoolId, op: O, deadlineMs: number): Promise<readonly RowOf<O>[]> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const error = new BackendError('transient', 'DEADLINE', `${pool} gave no answer within ${deadlineMs} ms`)
    const timer = setTimeout(() => reject(error), deadlineMs)
    try {
      const rows = await Promise.race([late, this.#call({ ask: 'read', pool, op, deadlineMs })])
      return (rows as RowOf<O>[]).map(withBuffer)
    } finally {
      clearTimeout(timer)
    }
  }

  state(pool: PoolId): PoolState {
    return this.#lane(pool)?.state ?? 'down'
  }

  cursor(pool: PoolId): Seq {
    return this.#lane(pool)?.cursor ?? 0
  }

  onUp(listener: (pool: PoolId) => void): void {
    this.#listeners.up.add(listener)
  }

  onTwin(listener: (pool: PoolId) => void): void {
    this.#listeners.twin.add(listener)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve))
    const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_MS)
    this.#call({ ask: 'close' }).catch(() => {}) // the exit below is the answer
    await ended
    clearTimeout(timer)
    const error = new HoldfastError('CLOSED', 'the forwarder was closed meanwhile')
    for (const call of this.#calls.values()) call.reject(error)
    this.#calls.clear()
  }

  #lane(pool: PoolId): LaneStatus | undefined {
    return this.#lanes.find((lane) => lane.pool === pool)
  }

  #call(ask: Ask): Promise<unknown> {
    const answered = Promise.withResolvers<unknown>()
    const call = ++this.#lastCall
    this.#calls.set(call, answered)
    this.#worker.postMessage({ call, ask } satisfies Call)
    return answered.promise
  }

  #hear(tell: Tell): void {
    switch (tell.tell) {
      case 'answer':
        this.#answered(tell.call)?.resolve(tell.value)
        return
      case 'refusal':
        this.#answered(tell.call)?.reject(fromWire(tell.error))
        return
      case 'status':
        this.#lanes = tell.lanes
        return
      case 'up':
      case 'twin':
        for (const listener of this.#listeners[tell.tell]) listener(tell.pool)
        return
      case 'log':
        this.#log[tell.level](tell.fields, tell.message)
        return
    }
  }

  #answered(call: number): PromiseWithResolvers<unknown> | undefined {
    const waiting = this.#calls.get(call)
    this.#calls.delete(call)
    return waiting
  }
}

/** A Buffer arrives from another thread as plain bytes. */
function withBuffer<R extends object>(row: R): R {
  if (!('payload' in row)) return row
  const { buffer, byteOffset, byteLength } = row.payload as Uint8Array<ArrayBuffer>
  return { ...row, payload: Buffer.from(buffer, byteOffset, byteLength) }
}
