// The way in: what a client is owed, from the pools within a deadline and from local truth. The rules are in
// store/DESIGN.md.

import type { Logger } from '../log/logger.ts'
import type { Binding, PoolId } from '../model/binding.ts'
import type { Message, Qos, Subscription } from '../model/event.ts'
import type { RemoteMessage, SubscriptionRow } from '../model/operation.ts'
import { filterFault } from '../model/topic.ts'
import type { Journal } from '../queue/journal.ts'
import type { Store } from '../store/store.ts'
import { Completions } from './completions.ts'
import { MessageFetch, type MessageRequest } from './messages.ts'
import { newer } from './overlay.ts'
import { type AskOptions, Pools } from './pool-reader.ts'

export interface FetchOptions extends AskOptions {
  readonly journal: Journal
  readonly store: Store
  readonly clock: { now(): number }
}

export class Fetch {
  readonly #store: Store
  readonly #pools: Pools
  readonly #completions: Completions
  readonly #messages: MessageFetch
  readonly #clock: FetchOptions['clock']
  readonly #log: Logger

  constructor(options: FetchOptions) {
    const { journal, store, clock, log } = options
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#pools = new Pools(options)
    this.#completions = new Completions(options.pools)
    this.#messages = new MessageFetch({ journal, store, pools: this.#pools, completions: this.#completions })
  }

  /**
   * The messages that a subscription made just now is owed, oldest first: the pools' in their order, then what only the
   * journal has. Ends with what is known within the deadline.
   */
  messages(request: MessageRequest): AsyncIterable<Message> {
    const { clientid, filter } = request
    const reader = { clientid, filter, horizon: this.#store.ids.horizon }
    return this.#messages.run(request, reader, this.#clock.now())
  }

  /**
   * To be told of each acknowledgement. @returns whether the client's position in the pools may move: not while a pool
   * that was away owes it messages of the topic
   */
  acknowledged(clientid: string, topic: string, msgid: string): boolean {
    return this.#completions.acknowledged(clientid, topic, msgid)
  }

  /** What mqtt_sub holds for the client, in every pool that is bound; of a pool that is away, what it held last. */
  async subscriptions(r: { clientid: string; bindings: readonly Binding[] }): Promise<readonly Subscription[]> {
    const lists = await Promise.all(poolsOf(r.bindings).map((pool) => this.#subscriptionsIn(pool, r.clientid)))
    const byTopic = new Map<string, Subscription>()
    for (const subscription of lists.flat()) byTopic.set(subscription.topic, subscription)
    return [...byTopic.values()]
  }

  async #subscriptionsIn(pool: PoolId, clientid: string): Promise<readonly Subscription[]> {
    const known = this.#store.subscriptions
    const rows = await this.#pools.ask(pool, { read: 'subscriptions', clientid })
    if (!rows) return known.get(clientid, pool)
    const good = rows
      .filter((row) => this.#check(row, pool, clientid))
      .map(({ topic, qos }) => ({ topic, qos: qos as Qos }))
    known.put(clientid, pool, good)
    return good
  }

  #check({ topic, qos }: SubscriptionRow, pool: PoolId, clientid: string): boolean {
    const fault = filterFault(topic) ?? ([0, 1, 2].includes(qos) ? undefined : 'the QoS must be 0, 1 or 2')
    if (fault) this.#log.warn({ pool, clientid, topic, qos, fault }, 'subscription_row_skipped')
    return !fault
  }

  /** The retained messages that the filter matches: one a topic, the newest that is known here or in the bound pools. */
  async retained(r: { filter: string; bindings: readonly Binding[] }): Promise<Message[]> {
    const pools = poolsOf(r.bindings).filter((pool) => this.#pools.canRead(pool, r.filter))
    const lists = await Promise.all(pools.map((pool) => this.#retainedIn(pool, r.filter)))
    const byTopic = new Map(this.#store.retained.match(r.filter).map((message) => [message.topic, message]))
    for (const row of lists.flat()) {
      const other = byTopic.get(row.topic)
      byTopic.set(row.topic, other ? newer(this.#store, other, row) : row)
    }
    return [...byTopic.values()]
  }

  /** The pool's rows, less those that local truth overrules: a word that is on its way to the pool, or a newer one. */
  async #retainedIn(pool: PoolId, filter: string): Promise<RemoteMessage[]> {
    const cursor = this.#pools.cursor(pool)
    const rows = (await this.#pools.ask(pool, { read: 'retained', filter })) ?? []
    return rows.filter((row) => {
      const word = this.#store.retained.newest(row.topic)
      return !word || (word.seq! <= cursor && newer(this.#store, word, row) === row)
    })
  }
}

function poolsOf(bindings: readonly Binding[]): PoolId[] {
  return [...new Set(bindings.map(({ pool }) => pool))]
}
