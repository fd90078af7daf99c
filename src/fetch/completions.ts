// Fetches that went without a pool. When it is back they are completed for subscribers still there. Until then the
// client's acknowledgements must not move its position in the pool, or rows that it was never told would lie behind it.

import type { PoolId } from '../model/binding.ts'
import { topicMatches } from '../model/topic.ts'
import type { Reader } from './overlay.ts'
import type { PoolReader } from './pool-reader.ts'
import type { Source } from './source.ts'

/** Reads at one time: the pool has just come back, and all clients wait. */
const AT_ONCE = 4
/** A pool that is up but answered too late is asked again after this. */
const RETRY_MS = 10_000

export interface Missed {
  readonly reader: Reader
  readonly source: Source
  /** The client left, or unsubscribed. */
  readonly signal: AbortSignal
  /** Asks the pool again and delivers; false: it did not answer. */
  complete(): Promise<boolean>
}

export class Completions {
  readonly #pools: PoolReader
  readonly #missed = new Map<PoolId, Set<Missed>>()
  readonly #running = new Set<PoolId>()

  constructor(pools: PoolReader) {
    this.#pools = pools
    pools.onUp((pool) => void this.#run(pool))
  }

  add(missed: Missed): void {
    const { source, signal } = missed
    if (signal.aborted) return
    const waiting = this.#missed.get(source.pool) ?? new Set()
    this.#missed.set(source.pool, waiting.add(missed))
    signal.addEventListener('abort', () => waiting.delete(missed), { once: true })
    this.#runLater(source.pool)
  }

  /** Is the client still owed what some pool has in this topic? */
  pending(clientid: string, topic: string): boolean {
    for (const waiting of this.#missed.values()) {
      for (const { reader, source } of waiting) {
        if (reader.clientid === clientid && !source.shared && topicMatches(reader.filter, topic)) return true
      }
    }
    return false
  }

  async #run(pool: PoolId): Promise<void> {
    const waiting = this.#missed.get(pool)
    if (!waiting || this.#running.has(pool)) return
    this.#running.add(pool)
    const next = [...waiting]
    const runner = async (): Promise<void> => {
      for (let missed = next.shift(); missed && this.#pools.state(pool) === 'up'; missed = next.shift()) {
        if (missed.signal.aborted || (await missed.complete())) waiting.delete(missed)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, runner))
    this.#running.delete(pool)
    if (waiting.size > 0) this.#runLater(pool)
  }

  /** A pool that is not up tells when it is. */
  #runLater(pool: PoolId): void {
    if (this.#pools.state(pool) === 'up') setTimeout(() => this.#run(pool), RETRY_MS).unref()
  }
}
