// What mqtt_sub holds for a client, in every pool that is bound. For a pool that is away its last known rows stand in, and
// what it has when it is back comes later.

import type { Logger } from '../log/logger.ts'
import type { PoolId } from '../model/binding.ts'
import type { Qos, Subscription } from '../model/event.ts'
import type { SubscriptionRow } from '../model/operation.ts'
import { filterFault } from '../model/topic.ts'
import type { KnownSubscriptions } from '../store/known-subscriptions.ts'
import { COMPLETION_DEADLINE_MS, type Completions, type Missed } from './completions.ts'
import type { Pools } from './pool-reader.ts'

/** Takes what a pool that was away at the lookup has, once it is back. */
export interface LateLookup {
  /** Aborted when the client leaves. */
  readonly gone: AbortSignal
  deliver(subscriptions: readonly Subscription[]): void
}

export interface LookupsOptions {
  readonly known: KnownSubscriptions
  readonly pools: Pools
  readonly completions: Completions
  readonly log: Logger
}

export class Lookups {
  readonly #o: LookupsOptions

  constructor(options: LookupsOptions) {
    this.#o = options
  }

  /** @param late absent: what a pool that is away has waits for the next lookup */
  async subscriptions(
    clientid: string,
    pools: readonly PoolId[],
    late: LateLookup | undefined,
  ): Promise<readonly Subscription[]> {
    const lists = await Promise.all(pools.map((pool) => this.#in(pool, clientid, late)))
    return [...new Map(lists.flat().map((subscription) => [subscription.topic, subscription])).values()]
  }

  async #in(pool: PoolId, clientid: string, late: LateLookup | undefined): Promise<readonly Subscription[]> {
    const { known, completions } = this.#o
    const question = { clientid, pool, text: 'subscriptions' }
    const rows = await this.#read(pool, clientid)
    if (rows) {
      completions.settle(question)
      return rows
    }
    const complete = async (): Promise<void> => {
      const found = await this.#read(pool, clientid, COMPLETION_DEADLINE_MS)
      if (!found || !completions.has(missed)) return
      completions.remove(missed)
      late?.deliver(found)
    }
    const missed: Missed = { ...question, outlives: false, owes: () => false, complete }
    if (late) completions.add(missed, late.gone)
    return known.get(clientid, pool)
  }

  /** @returns null when the pool is away */
  async #read(pool: PoolId, clientid: string, deadlineMs?: number): Promise<readonly Subscription[] | null> {
    const rows = await this.#o.pools.ask(pool, { read: 'subscriptions', clientid }, deadlineMs)
    if (!rows) return null
    const good = rows
      .filter((row) => this.#check(row, pool, clientid))
      .map(({ topic, qos }) => ({ topic, qos: qos as Qos }))
    this.#o.known.put(clientid, pool, good)
    return good
  }

  #check({ topic, qos }: SubscriptionRow, pool: PoolId, clientid: string): boolean {
    const fault = filterFault(topic) ?? ([0, 1, 2].includes(qos) ? undefined : 'the QoS must be 0, 1 or 2')
    if (fault) this.#o.log.warn({ pool, clientid, topic, qos, fault }, 'subscription_row_skipped')
    return !fault
  }
}
