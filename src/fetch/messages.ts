// Messages that a subscription is owed: the pools' rows in their order, then what only the journal has.

import { setImmediate } from 'node:timers/promises'
import type { Binding } from '../model/binding.ts'
import type { Message, Seq } from '../model/event.ts'
import { messageOf } from '../model/message.ts'
import type { ReadOp, RemoteMessage } from '../model/operation.ts'
import { hasWildcard } from '../model/topic.ts'
import type { Journal } from '../queue/journal.ts'
import type { Store } from '../store/store.ts'
import type { Completions } from './completions.ts'
import { Overlay, type Reader } from './overlay.ts'
import type { Pools } from './pool-reader.ts'
import { limitOf, type Source, sourcesOf } from './source.ts'

export interface MessageRequest {
  readonly clientid: string
  readonly filter: string
  /** The fetch bindings that match the filter, in hook order. */
  readonly bindings: readonly Binding[]
  /** Has the session this message already: in flight, or in its own queue? */
  skip(msgid: string, seq?: Seq): boolean
  /** Absent: what a pool that is away would have told waits for the next fetch. */
  readonly later?: Later | undefined
}

/** Takes what a pool that was away at the fetch has, once it is back. */
export interface Later {
  /** Aborted when the client leaves or unsubscribes. */
  readonly signal: AbortSignal
  deliver(messages: readonly Message[]): void
}

/** What a source's pool gave; `rows` null: it is away. Local rows behind `after` are told beside it. */
interface Answer {
  readonly source: Source
  readonly rows: readonly RemoteMessage[] | null
  readonly after: Seq
}

/** How far a fetch has told its local part. */
interface Told {
  first: string | undefined
  all: boolean
}

/** Local rows looked at before others may run. */
const PAGE = 256
/** Nobody waits for a completion. */
const COMPLETION_DEADLINE_MS = 15_000

type PositionMap = Overlay['positions']
type MessagesOp = Extract<ReadOp, { read: 'messages' }>

export class MessageFetch {
  readonly #journal: Journal
  readonly #store: Store
  readonly #pools: Pools
  readonly #completions: Completions

  constructor(o: { journal: Journal; store: Store; pools: Pools; completions: Completions }) {
    this.#journal = o.journal
    this.#store = o.store
    this.#pools = o.pools
    this.#completions = o.completions
  }

  async *run(request: MessageRequest, reader: Reader, now: number): AsyncGenerator<Message> {
    await this.#turn()
    const sources = sourcesOf(request.bindings, now)
    const answers = await Promise.all(sources.map((source) => this.#ask(source, reader)))
    await this.#turn() // acks that came meanwhile count
    const told: Told = { first: undefined, all: false }
    for (const { source, rows } of answers) {
      if (!rows) this.#completeLater(request, reader, source, told)
    }
    for await (const message of this.#merge(answers, reader)) {
      if (message.seq !== undefined) told.first ??= message.msgid
      if (!request.skip(message.msgid, message.seq)) yield message
    }
    told.all = true
  }

  /** Behind everything that was recorded before: then the tables have it. */
  #turn(): Promise<void> {
    return new Promise((resolve) => this.#journal.after(resolve))
  }

  async #ask(source: Source, reader: Reader, deadlineMs?: number): Promise<Answer> {
    const { pool } = source
    if (!this.#pools.canRead(pool, reader.filter)) return { source, rows: [], after: 0 }
    const { positions } = new Overlay(this.#store, reader)
    const cursor = this.#pools.cursor(pool) // before the read: what is up to here is in what it gives, if anywhere
    const rows = await this.#pools.ask(pool, question(source, reader, positions), deadlineMs)
    const atTail = !rows?.length && beginsAtTail(source, reader, positions)
    if (atTail) await this.#startAtTail(source, reader, rows !== null)
    // A client to whom the pool gives rows has a position there.
    const asked: Source = rows?.length ? { ...source, start: 'earliest' } : source
    const behind = this.#behindPosition(asked, reader, positions)
    return { source: asked, rows, after: rows && !atTail ? Math.max(cursor, behind) : behind }
  }

  /** The client's first contact with a topic of which it wants only what is to come: that is its position now. */
  async #startAtTail({ pool }: Source, { clientid, filter, horizon }: Reader, up: boolean): Promise<void> {
    const newest = up ? await this.#pools.ask(pool, { read: 'messages', filter, limit: 1 }) : null
    const foreign = newest && (newest.at(-1)?.msgid ?? '')
    const own = horizon.id ?? this.#journal.event(horizon.seq)?.id ?? ''
    this.#journal.post(this.#store.positions.start(clientid, filter, { own: own.toString(), foreign }))
  }

  /** Where the local rows that can be owed begin: only so that others need not be looked at. */
  #behindPosition({ shared, start }: Source, { filter, horizon }: Reader, positions: PositionMap): Seq {
    if (shared || hasWildcard(filter)) return 0
    const position = positions.get(filter)
    if (!position) return start === 'latest' ? horizon.seq : 0
    return position.own ? this.#store.stored.seqOf(position.own) : 0
  }

  async *#merge(answers: readonly Answer[], reader: Reader): AsyncGenerator<Message> {
    const overlay = new Overlay(this.#store, reader)
    const remote = new Map<string, RemoteMessage>()
    for (const { source, rows } of answers) {
      for (const row of overlay.remote(source, rows ?? [])) remote.set(row.msgid, row)
    }
    const limit = limitOf(answers.map(({ source }) => source))
    if (limit === undefined) {
      yield* remote.values()
      for await (const message of this.#local('oldestFirst', answers, overlay, reader)) {
        if (!remote.has(message.msgid)) yield message
      }
      return
    }
    const local: Message[] = []
    for await (const message of this.#local('newestFirst', answers, overlay, reader)) {
      if (local.length === limit) break
      if (!remote.has(message.msgid)) local.push(message)
    }
    const all = [...remote.values(), ...local.reverse()]
    yield* all.slice(Math.max(0, all.length - limit))
  }

  async *#local(
    order: 'oldestFirst' | 'newestFirst',
    answers: readonly Answer[],
    overlay: Overlay,
    { filter, horizon }: Reader,
  ): AsyncGenerator<Message> {
    const behind = Math.min(...answers.map(({ after }) => after))
    let looked = 0
    for (const seq of this.#store.index[order](filter, behind)) {
      if (++looked % PAGE === 0) await setImmediate()
      const stored = seq <= horizon.seq ? this.#store.stored.get(seq) : undefined
      if (!stored) continue
      const owed = answers.some(({ source, after }) => seq > after && overlay.local(source, stored))
      if (owed) yield messageOf(stored.event)
    }
  }

  #completeLater(request: MessageRequest, reader: Reader, source: Source, told: Told): void {
    const { later, skip } = request
    if (!later) return
    const ask = async (): Promise<readonly Message[] | null> => {
      const rows = told.all ? (await this.#ask(source, reader, COMPLETION_DEADLINE_MS)).rows : null
      if (!rows) return null
      await this.#turn()
      const first = told.first ?? '~' // what of our own came from here on was told from the journal
      return new Overlay(this.#store, reader)
        .remote(source, rows)
        .filter(({ msgid }) => !(msgid >= first && this.#store.ids.has(msgid)) && !skip(msgid))
    }
    const deliver = (messages: readonly Message[]): void => later.deliver(messages)
    this.#completions.add({ reader, source, signal: later.signal, ask, deliver })
  }
}

function question(source: Source, { clientid, filter }: Reader, positions: PositionMap): MessagesOp {
  const { shared, limit, since } = source
  const common = { read: 'messages', filter, ...(limit !== undefined && { limit }), ...(since && { since }) } as const
  if (shared) return common
  const start = positions.get(filter)?.foreign == null ? source.start : 'earliest'
  const rows = [...positions].flatMap(([topic, { foreign }]) => (foreign ? [[topic, foreign] as const] : []))
  return { ...common, clientid, start, positions: new Map(rows) }
}

function beginsAtTail({ shared, start }: Source, { filter }: Reader, positions: PositionMap): boolean {
  return start === 'latest' && !shared && !hasWildcard(filter) && positions.get(filter)?.foreign == null
}
