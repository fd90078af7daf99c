// Pools that were taken out of the configuration and are to get what waits for them: no hook names them any more, and each
// goes when its cursor is past the last event that did.

import type { LoadedPool } from '../../config/load.ts'
import type { Forward } from '../../forward/forward.ts'
import type { Logger } from '../../log/logger.ts'
import type { PoolId } from '../../model/binding.ts'
import type { ConfigStore, Draining } from './store.ts'

const LOOK_MS = 500

export interface DrainOptions {
  readonly store: ConfigStore
  readonly forward: Forward
  readonly log: Logger
  /** The pool's settings in that version; undefined: they can't be read any more. */
  poolOf(draining: Draining): LoadedPool | undefined
  /** A pool may go. */
  drained(): Promise<void>
}

export class Drains {
  readonly #o: DrainOptions
  #pools: readonly { readonly draining: Draining; readonly pool: LoadedPool }[] = []
  #timer: NodeJS.Timeout | undefined

  /** Goes on with what the last run left. */
  constructor(options: DrainOptions) {
    this.#o = options
    this.#take(options.store.unfinished.draining ?? [])
  }

  /** To be connected although they are not in the configuration. */
  get pools(): readonly LoadedPool[] {
    return this.#pools.map(({ pool }) => pool)
  }

  add(draining: readonly Draining[]): void {
    if (draining.length > 0) this.#set([...this.#pools.map((one) => one.draining), ...draining])
  }

  /** These are in the configuration again. */
  forget(pools: { has(pool: PoolId): boolean }): void {
    const stay = this.#pools.filter(({ draining }) => !pools.has(draining.pool))
    if (stay.length < this.#pools.length) this.#set(stay.map((one) => one.draining))
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #set(draining: readonly Draining[]): void {
    const { store } = this.#o
    store.unfinished = { ...store.unfinished, draining }
    this.#take(draining)
  }

  #take(draining: readonly Draining[]): void {
    this.#pools = draining.flatMap((one) => {
      const pool = this.#o.poolOf(one)
      if (!pool) this.#o.log.warn({ pool: one.pool, version: one.version }, 'pool_can_not_be_drained')
      return pool ? [{ draining: one, pool }] : []
    })
    this.stop()
    if (this.#pools.length > 0) this.#timer = setTimeout(() => void this.#look(), LOOK_MS)
  }

  async #look(): Promise<void> {
    const { forward, log, drained } = this.#o
    const done = this.#pools.filter(({ draining: { pool, upTo } }) => forward.cursor(pool) >= upTo)
    for (const { draining } of done) log.info({ pool: draining.pool }, 'pool_drained')
    if (done.length > 0) {
      this.forget(new Set(done.map(({ draining }) => draining.pool)))
      await drained()
    }
    this.stop()
    if (this.#pools.length > 0) this.#timer = setTimeout(() => void this.#look(), LOOK_MS)
  }
}
