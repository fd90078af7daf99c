// The way in: what a client is owed, from the pools within a deadline and from local truth. The rules are in
// store/DESIGN.md.

import type { Binding, PoolId } from '../model/binding.ts'
import type { Message, Subscription } from '../model/event.ts'
import type { Counted } from '../model/histogram.ts'
import type { RemoteMessage } from '../model/operation.ts'
import type { Journal } from '../queue/journal.ts'
import type { Position } from '../store/positions.ts'
import type { Store } from '../store/store.ts'
import { Completions } from './completions.ts'
import { HeldPositions } from './held-positions.ts'
import { type LateLookup, Lookups } from './lookups.ts'
import { MessageFetch, type MessageRequest } from './messages.ts'
import { newer } from './overlay.ts'
import { type AskOptions, Pools } from './pool-reader.ts'
import { Share } from './share.ts'
import { type Acknowledgement, ToldRows } from './told-rows.ts'

export interface RetainedRequest {
  readonly filter: string
  readonly bindings: readonly Binding[]
  isWanted(message: Message): boolean
}

export interface FetchOptions extends AskOptions {
  readonly journal: Journal
  readonly store: Store
  readonly clock: { now(): number }
}

/** A position in the pools is to follow the client's, by a message that it has acknowledged. */
export type Follow = (to: { readonly clientid: string; readonly topic: string; readonly position: string }) => void

export class Fetch {
  readonly #journal: Journal
  readonly #store: Store
  readonly #pools: Pools
  readonly #completions: Completions
  readonly #toldRows = new ToldRows()
  readonly #share = new Share()
  readonly #held = new HeldPositions()
  #follow: Follow = () => {}
  readonly #messages: MessageFetch
  readonly #lookups: Lookups
  readonly #clock: FetchOptions['clock']

  constructor(options: FetchOptions) {
    const { journal, store, clock, log } = options
    this.#journal = journal
    this.#store = store
    this.#clock = clock
    this.#pools = new Pools(options)
    this.#completions = new Completions(options.pools)
    const completions = this.#completions
    this.#lookups = new Lookups({ known: store.subscriptions, pools: this.#pools, completions, log })
    this.#messages = new MessageFetch({
      journal,
      store,
      pools: this.#pools,
      completions: this.#completions,
      toldRows: this.#toldRows,
      answered: (clientid) => {
        for (const topic of this.#held.of(clientid)) this.#letFollow(clientid, topic)
      },
      left: (clientid) => this.#forget(clientid),
    })
  }

  /** Seconds that fetches of messages took: with an answer of a pool, and from local truth alone. */
  get seconds(): { readonly local: Counted; readonly remote: Counted } {
    const { local, remote } = this.#messages.seconds
    return { local: local.counted, remote: remote.counted }
  }

  /** `follow` is called where `acknowledged` said that a position may not move, as soon as it may. */
  onFollow(follow: Follow): void {
    this.#follow = follow
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
   * To be told of each acknowledgement.
   * @returns `mayMove`: may the client's position in the pools move to `position`? Not past a row that a pool told it, or
   * still owes it, and that it has not acknowledged. And where the client's position here moves to.
   */
  acknowledged(ack: Acknowledgement): { mayMove: boolean; position: Position } {
    const { clientid, topic, msgid, position } = ack
    const { permitted, row } = this.#toldRows.acknowledged(ack)
    const mayMove = permitted && !this.#completions.pending(clientid, topic)
    if (mayMove) this.#letFollow(clientid, topic)
    else if (position !== undefined) this.#held.add(clientid, topic)
    if (position === undefined) return { mayMove, position: { own: null, row: row ?? null } }
    const { ids } = this.#store
    const own = [position, msgid].find((id) => ids.has(id)) ?? null // the ack that moved it is before it
    const foreign = mayMove && own !== position ? position : null
    return { mayMove, position: { own, row: row ?? foreign } }
  }

  #letFollow(clientid: string, topic: string): void {
    if (!this.#held.has(clientid, topic) || this.#isOwed(clientid, topic)) return
    this.#held.delete(clientid, topic)
    this.#journal.after(() => {
      const { own, row } = this.#store.positions.match(clientid, topic).get(topic) ?? { own: null, row: null }
      for (const position of [row, own]) if (position) this.#follow({ clientid, topic, position })
    })
  }

  #isOwed(clientid: string, topic: string): boolean {
    return this.#completions.pending(clientid, topic) || this.#toldRows.pending(clientid, topic)
  }

  /** The client left; its next fetch shows what is still owed. */
  #forget(clientid: string): void {
    for (const topic of this.#held.of(clientid)) {
      if (!this.#isOwed(clientid, topic)) this.#held.delete(clientid, topic)
    }
  }

  /** Its position in the topic was taken back: the pools tell it everything again. */
  forgotten(clientid: string, topic: string): void {
    this.#toldRows.forget(clientid, topic)
  }

  /** Before the journal is closed. */
  close(): void {
    this.#completions.close()
  }

  /** What mqtt_sub holds for the client, in every pool that is bound; of a pool that is away, what it held last. */
  subscriptions(r: {
    readonly clientid: string
    readonly bindings: readonly Binding[]
    readonly late?: LateLookup | undefined
  }): Promise<readonly Subscription[]> {
    return this.#lookups.subscriptions(r.clientid, poolsOf(r.bindings), r.late)
  }

  /**
   * The retained messages that the filter matches and that are wanted: one a topic, the newest that is known here or in the bound
   * pools. One client may ask for all of them by thousands of filters.
   */
  async retained({ filter, bindings, isWanted }: RetainedRequest): Promise<Message[]> {
    const pools = poolsOf(bindings).filter((pool) => this.#pools.canRead(pool, filter))
    const lists = await Promise.all(pools.map((pool) => this.#retainedIn(pool, filter)))
    return this.#share.do(() => this.#merged(filter, lists.flat()).filter(isWanted))
  }

  #merged(filter: string, rows: readonly RemoteMessage[]): Message[] {
    const own = this.#store.retained.match(filter)
    if (rows.length === 0) return own
    const byTopic = new Map<string, Message>(own.map((message) => [message.topic, message]))
    for (const row of rows) {
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
