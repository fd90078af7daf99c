// Questions that went without a pool. When it is back they are completed: for clients still there with what it has, for
// those that left with what their acknowledgements are worth there.

import type { PoolId } from '../model/binding.ts'
import type { PoolReader } from './pool-reader.ts'

/** Reads at one time: the pool has just come back, and all clients wait. */
const AT_ONCE = 4
/** A pool that is up but answered too late is asked again after this. */
const RETRY_MS = 10_000
/** Nobody waits for a completion. */
export const COMPLETION_DEADLINE_MS = 15_000

/** Who asks the same again has one question to complete. */
export interface Question {
  readonly clientid: string
  readonly pool: PoolId
  readonly text: string
}

export interface Missed extends Question {
  /** The answer says what the acknowledgements of a client that has left are worth. */
  readonly outlives: boolean
  /** May the answer hold messages of this topic that the client is to acknowledge before newer ones? */
  owes(topic: string): boolean
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

  /** @param signal aborted when the client leaves, or wants no answer any more */
  add(missed: Missed, signal: AbortSignal): void {
    const { clientid, pool, outlives } = missed
    if (signal.aborted) return
    const ofClient = this.#missed.get(clientid) ?? new Map<string, Missed>()
    this.#missed.set(clientid, ofClient.set(keyOf(missed), missed))
    const left = (): void => {
      if (!outlives || this.#missed.size > MOST_CLIENTS) this.remove(missed)
    }
    signal.addEventListener('abort', left, { once: true })
    this.#runLater(pool)
  }

  /** The pool answered after all. */
  settle(question: Question): void {
    const missed = this.#missed.get(question.clientid)?.get(keyOf(question))
    if (missed) this.remove(missed)
  }

  remove(missed: Missed): void {
    if (!this.has(missed)) return
    const ofClient = this.#missed.get(missed.clientid)!
    ofClient.delete(keyOf(missed))
    if (ofClient.size === 0) this.#missed.delete(missed.clientid)
  }

  /** Is it neither removed nor replaced? */
  has(missed: Missed): boolean {
    return this.#missed.get(missed.clientid)?.get(keyOf(missed)) === missed
  }

  /** Nothing is completed any more. */
  close(): void {
    this.#missed.clear()
  }

  /** Does some pool still owe the client what it has in this topic? */
  pending(clientid: string, topic: string): boolean {
    for (const missed of this.#missed.get(clientid)?.values() ?? []) if (missed.owes(topic)) return true
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
      .filter((missed) => missed.pool === pool)
  }

  /** A pool that is not up tells when it is. */
  #runLater(pool: PoolId): void {
    if (this.#pools.state(pool) === 'up') setTimeout(() => this.#run(pool), RETRY_MS).unref()
  }
}

function keyOf({ pool, text }: Question): string {
  return `${pool} ${text}`
}
