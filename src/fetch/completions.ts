// Fetches that went without a pool. When it is back they are completed for subscribers still there. Until the client has
// acknowledged what it is told late, its other acknowledgements must not move its position in the pool: in the pool's
// order those late rows may lie before the acknowledged ones, and so would lie behind the position.

import type { PoolId } from '../model/binding.ts'
import type { Message } from '../model/event.ts'
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
  /** Aborted when the client leaves or unsubscribes. */
  readonly signal: AbortSignal
  /** Asks the pool again; null: it did not answer. */
  ask(): Promise<readonly Message[] | null>
  deliver(messages: readonly Message[]): void
}

/** A fetch that is not complete, or whose late messages (msgid → topic) are not all acknowledged. */
interface Debt {
  readonly missed: Missed
  late: Map<string, string> | null
}

export class Completions {
  readonly #pools: PoolReader
  readonly #debts = new Map<string, Set<Debt>>()
  readonly #running = new Set<PoolId>()

  constructor(pools: PoolReader) {
    this.#pools = pools
    pools.onUp((pool) => void this.#run(pool))
  }

  add(missed: Missed): void {
    const { reader, source, signal } = missed
    if (signal.aborted) return
    const debt: Debt = { missed, late: null }
    const ofClient = this.#debts.get(reader.clientid) ?? new Set()
    this.#debts.set(reader.clientid, ofClient.add(debt))
    signal.addEventListener('abort', () => this.#settle(debt), { once: true })
    this.#runLater(source.pool)
  }

  #settle(debt: Debt): void {
    const { clientid } = debt.missed.reader
    const ofClient = this.#debts.get(clientid)
    ofClient?.delete(debt)
    if (ofClient?.size === 0) this.#debts.delete(clientid)
  }

  /** The client acknowledged the message. @returns whether its position in the topic may move */
  acknowledged(clientid: string, topic: string, msgid: string): boolean {
    let free = true
    for (const debt of this.#debts.get(clientid) ?? []) {
      const { late, missed } = debt
      if (late?.delete(msgid) && late.size === 0) this.#settle(debt)
      const owes = late ? [...late.values()].includes(topic) : topicMatches(missed.reader.filter, topic)
      if (owes && !missed.source.shared) free = false
    }
    return free
  }

  async #run(pool: PoolId): Promise<void> {
    if (this.#running.has(pool)) return
    this.#running.add(pool)
    const next = this.#incomplete(pool)
    const runner = async (): Promise<void> => {
      for (let debt = next.shift(); debt && this.#pools.state(pool) === 'up'; debt = next.shift()) {
        await this.#complete(debt)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, runner))
    this.#running.delete(pool)
    if (this.#incomplete(pool).length > 0) this.#runLater(pool)
  }

  #incomplete(pool: PoolId): Debt[] {
    return [...this.#debts.values()]
      .flatMap((ofClient) => [...ofClient])
      .filter(({ missed, late }) => missed.source.pool === pool && !late)
  }

  async #complete(debt: Debt): Promise<void> {
    const { missed } = debt
    const messages = missed.signal.aborted ? null : await missed.ask()
    if (!messages || missed.signal.aborted) return
    debt.late = new Map(messages.map(({ msgid, topic }) => [msgid, topic]))
    if (messages.length === 0) this.#settle(debt)
    else missed.deliver(messages)
  }

  /** A pool that is not up tells when it is. */
  #runLater(pool: PoolId): void {
    if (this.#pools.state(pool) === 'up') setTimeout(() => this.#run(pool), RETRY_MS).unref()
  }
}
