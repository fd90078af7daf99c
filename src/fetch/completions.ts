// Fetches that went without a pool. When it is back they are completed: for subscribers still there with what it has, for
// those that left with what their acknowledgements are worth there.

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
  /** Asks the pool again; if it answers, delivers to a client that is still there, and removes this. */
  complete(): Promise<void>
}

/** Clients remembered; a client that leaves while there are more is sent again, later, what it acknowledged meanwhile. */
const MOST_CLIENTS = 10_000

export class Completions {
  readonly #pools: PoolReader
  /** By client, then by what was asked: who asks the same again has one fetch to complete. */
  readonly #missed = new Map<string, Map<string, Missed>>()
  readonly #running = new Set<PoolId>()

  constructor(pools: PoolReader) {
    this.#pools = pools
    pools.onUp((pool) => void this.#run(pool))
  }

  add(missed: Missed, signal: AbortSignal): void {
    const { reader, source } = missed
    if (signal.aborted) return
    const ofClient = this.#missed.get(reader.clientid) ?? new Map<string, Missed>()
    this.#missed.set(reader.clientid, ofClient.set(keyOf(reader, source), missed))
    const left = (): void => {
      if (source.shared || this.#missed.size > MOST_CLIENTS) this.remove(missed)
    }
    signal.addEventListener('abort', left, { once: true })
    this.#runLater(source.pool)
  }

  /** The pool answered after all. */
  settle(reader: Reader, source: Source): void {
    const missed = this.#missed.get(reader.clientid)?.get(keyOf(reader, source))
    if (missed) this.remove(missed)
  }

  remove(missed: Missed): void {
    const { reader, source } = missed
    if (!this.has(missed)) return
    const ofClient = this.#missed.get(reader.clientid)!
    ofClient.delete(keyOf(reader, source))
    if (ofClient.size === 0) this.#missed.delete(reader.clientid)
  }

  /** Is it neither removed nor replaced? */
  has(missed: Missed): boolean {
    return this.#missed.get(missed.reader.clientid)?.get(keyOf(missed.reader, missed.source)) === missed
  }

  /** Nothing is completed any more. */
  close(): void {
    this.#missed.clear()
  }

  /** Does some pool still owe the client what it has in this topic? */
  pending(clientid: string, topic: string): boolean {
    for (const { reader, source } of this.#missed.get(clientid)?.values() ?? []) {
      if (!source.shared && topicMatches(reader.filter, topic)) return true
    }
    return false
  }

  async #run(pool: PoolId): Promise<void> {
    if (this.#running.has(pool)) return
    this.#running.add(pool)
    const next = this.#missedFrom(pool)
    const runner = async (): Promise<void> => {
      for (let missed = next.shift(); missed && this.#pools.state(pool) === 'up'; missed = next.shift()) {
        if (this.has(missed)) await missed.complete()
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, runner))
    this.#running.delete(pool)
    if (this.#missedFrom(pool).length > 0) this.#runLater(pool)
  }

  #missedFrom(pool: PoolId): Missed[] {
    return [...this.#missed.values()]
      .flatMap((ofClient) => [...ofClient.values()])
      .filter(({ source }) => source.pool === pool)
  }

  /** A pool that is not up tells when it is. */
  #runLater(pool: PoolId): void {
    if (this.#pools.state(pool) === 'up') setTimeout(() => this.#run(pool), RETRY_MS).unref()
  }
}

function keyOf({ filter }: Reader, { pool, shared, latest }: Source): string {
  return `${pool} ${shared} ${latest} ${filter}`
}
