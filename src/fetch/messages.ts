// Messages that a subscription is owed: asked of the pools within the deadline, merged with local truth, and completed
// when a pool that was away is back.

import { setImmediate } from 'node:timers/promises'
import type { Binding, PoolId } from '../model/binding.ts'
import type { Message, Seq } from '../model/event.ts'
import { Histogram, SECONDS } from '../model/histogram.ts'
import type { ReadOp, RemoteMessage } from '../model/operation.ts'
import { hasWildcard, topicMatches } from '../model/topic.ts'
import type { Journal } from '../queue/journal.ts'
import type { Store } from '../store/store.ts'
import { COMPLETION_DEADLINE_MS, type Completions, type Missed, type Question } from './completions.ts'
import { type Answer, type Merged, merge } from './merge.ts'
import { Overlay, type Reader } from './overlay.ts'
import type { Pools } from './pool-reader.ts'
import { type Source, sourcesOf } from './source.ts'
import type { ToldRows } from './told-rows.ts'

/** Is this message on its way to the client in the session, or acknowledged there (behind a gap)? Null: neither, it is to be told. */
export type Skip = (msgid: string, seq?: Seq) => 'sent' | 'acknowledged' | null

export interface MessageRequest {
  readonly clientid: string
  readonly filter: string
  /** The fetch bindings that match the filter, in hook order. */
  readonly bindings: readonly Binding[]
  /** Has the session this message already? */
  readonly skip: Skip
  /** Absent: what a pool that is away would have told waits for the next fetch. */
  readonly later?: Later | undefined
}

/** Takes what a pool that was away at the fetch has, once it is back. */
export interface Later {
  /** Aborted when the client leaves or unsubscribes. */
  readonly signal: AbortSignal
  /** Aborted when the client leaves. */
  readonly gone: AbortSignal
  /** Recalled messages that the client was sent and has not acknowledged, in the order of sending. */
  readonly inFlight?: readonly { readonly topic: string; readonly msgid: string }[]
  deliver(messages: readonly Message[]): void
}

/** How far a fetch has told its local part. */
interface Told {
  first: string | undefined
  all: boolean
}

/** Rows looked at before others may run. */
const PAGE = 256

type PositionMap = Overlay['positions']
type MessagesOp = Extract<ReadOp, { read: 'messages' }>

export interface MessageFetchOptions {
  readonly journal: Journal
  readonly store: Store
  readonly pools: Pools
  readonly completions: Completions
  readonly toldRows: ToldRows
  /** It is known now what the pools owe the client. */
  answered(clientid: string): void
  left(clientid: string): void
}

export class MessageFetch {
  /** How long fetches took with an answer of a pool, and from local truth alone. */
  readonly seconds = { local: new Histogram(SECONDS), remote: new Histogram(SECONDS) }
  readonly #journal: Journal
  readonly #store: Store
  readonly #pools: Pools
  readonly #completions: Completions
  readonly #toldRows: ToldRows
  readonly #answered: MessageFetchOptions['answered']
  readonly #left: MessageFetchOptions['left']
  readonly #watched = new WeakSet<AbortSignal>()

  constructor(o: MessageFetchOptions) {
    this.#journal = o.journal
    this.#store = o.store
    this.#pools = o.pools
    this.#completions = o.completions
    this.#toldRows = o.toldRows
    this.#answered = o.answered
    this.#left = o.left
  }

  async *run(request: MessageRequest, reader: Reader, now: number): AsyncGenerator<Message> {
    const { clientid, filter } = reader
    const foreign = request.later?.inFlight?.filter(({ msgid }) => !this.#store.ids.has(msgid))
    const answered = this.#toldRows.ask(clientid, filter, foreign)
    const { answers, remote, local } = await this.#askAll(request, reader, now).catch((error: unknown) => {
      answered()
      throw error
    })
    const told: Told = { first: undefined, all: false }
    const { later, skip } = request
    if (later) {
      this.#watch(clientid, later.gone)
      const complete = answers.every(({ rows, source }) => rows && this.#pools.canRead(source.pool, filter))
      this.#toldRows.add({ clientid, filter, rows: remote, complete, gone: later.gone })
    }
    answered()
    for (const { source, rows } of answers) {
      if (rows) this.#completions.settle(questionOf(reader, source))
      else if (later) this.#completeLater(request, reader, { source, told, later })
    }
    const had = this.#had(reader.clientid, skip)
    let looked = 0
    for (const row of remote) {
      if (++looked % PAGE === 0) await setImmediate()
      if (!had(row)) yield row
    }
    this.#answered(reader.clientid)
    for await (const message of local) {
      told.first ??= message.msgid
      if (!skip(message.msgid, message.seq)) yield message
    }
    told.all = true
  }

  /** Once a connection. */
  #watch(clientid: string, gone: AbortSignal): void {
    if (this.#watched.has(gone)) return
    this.#watched.add(gone)
    gone.addEventListener('abort', () => this.#left(clientid), { once: true })
  }

  async #askAll(request: MessageRequest, reader: Reader, now: number): Promise<Merged & { answers: Answer[] }> {
    await this.#turn()
    const began = performance.now()
    const sources = sourcesOf(request.bindings, now)
    const answers = await Promise.all(sources.map((source) => this.#ask(source, reader)))
    await this.#turn() // acks that came meanwhile count
    const merged = await merge(this.#store, reader, answers)
    const source = answers.some(({ rows }) => rows) ? 'remote' : 'local'
    this.seconds[source].observe((performance.now() - began) / 1000)
    return { answers, ...merged }
  }

  /** Has the session this row? It knows its own messages by their seqs, of which a pool tells nothing. */
  #had(clientid: string, skip: Skip): (row: RemoteMessage) => boolean {
    const { ids, stored } = this.#store
    const find = stored.finder()
    return ({ topic, msgid }) => {
      const had = skip(msgid, ids.has(msgid) ? find(msgid) : undefined)
      if (had === 'acknowledged') this.#toldRows.acknowledged({ clientid, topic, msgid, position: undefined })
      return had !== null
    }
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
    const rows = await this.#pools.ask(pool, readOf(source, reader, positions), deadlineMs)
    const atTail = !rows?.length && beginsAtTail(source, reader, positions)
    if (atTail) await this.#startAtTail(reader, positions, rows && pool)
    // A client to whom the pool gives rows has a position there.
    const asked: Source = rows?.length ? { ...source, start: 'earliest' } : source
    const behind = this.#behindPosition(asked, reader, positions)
    return { source: asked, rows, after: rows && !atTail ? Math.max(cursor, behind) : behind }
  }

  /**
   * The client's first contact with a topic of which it wants only what is to come: that is its position now.
   * @param pool null: it is away, the next contact says where its tail is
   */
  async #startAtTail(
    { clientid, filter, horizon }: Reader,
    positions: PositionMap,
    pool: PoolId | null,
  ): Promise<void> {
    const newest = pool && (await this.#pools.ask(pool, { read: 'messages', filter, limit: 1 }))
    const row = newest && (newest.at(-1)?.msgid ?? '')
    const own = positions.has(filter) ? null : (horizon.id?.toString() ?? null)
    this.#journal.post(this.#store.positions.move(clientid, filter, { own, row }))
  }

  /** Where the local rows that can be owed begin: only so that others need not be looked at. */
  #behindPosition({ shared, start }: Source, { filter, horizon }: Reader, positions: PositionMap): Seq {
    if (shared || hasWildcard(filter)) return 0
    const position = positions.get(filter)
    if (!position) return start === 'latest' ? horizon.seq : 0
    return position.own ? this.#store.stored.seqOf(position.own) : 0
  }

  #completeLater(request: MessageRequest, reader: Reader, o: { source: Source; told: Told; later: Later }): void {
    const { source, told, later } = o
    const { signal } = later
    const { ids } = this.#store
    const { clientid } = reader
    const complete = async (): Promise<void> => {
      const { rows } =
        told.all || signal.aborted ? await this.#ask(source, reader, COMPLETION_DEADLINE_MS) : { rows: null }
      if (!rows) return
      await this.#turn()
      if (!this.#completions.has(missed)) return
      this.#completions.remove(missed)
      const owed = new Overlay(this.#store, reader).remote(source, rows)
      if (signal.aborted && owed.some(({ msgid }) => !ids.has(msgid))) return this.#left(clientid)
      if (!signal.aborted) {
        this.#toldRows.add({ clientid, filter: reader.filter, rows: owed, complete: false, gone: later.gone })
      }
      const first = told.first ?? '~' // what of our own came from here on was told from the journal
      const had = this.#had(clientid, request.skip)
      const rest = owed.filter((row) => !had(row) && !(row.msgid >= first && ids.has(row.msgid)))
      if (rest.length > 0 && !signal.aborted) later.deliver(rest)
      this.#answered(clientid)
    }
    const missed: Missed = {
      ...questionOf(reader, source),
      outlives: !source.shared,
      owes: (topic) => !source.shared && topicMatches(reader.filter, topic),
      complete,
    }
    this.#completions.add(missed, signal)
  }
}

function questionOf({ clientid, filter }: Reader, { pool, shared, latest }: Source): Question {
  return { clientid, pool, text: `messages ${shared} ${latest} ${filter}` }
}

function readOf(source: Source, { clientid, filter }: Reader, positions: PositionMap): MessagesOp {
  const { shared, latest, limit, since } = source
  const common = {
    read: 'messages',
    filter,
    ...(limit !== undefined && { limit }),
    ...(since && { since }),
    ...(latest && { latest }),
  } as const
  if (shared) return common
  const start = positions.get(filter)?.row == null ? source.start : 'earliest'
  const rows = [...positions].flatMap(([topic, { row }]) => (row ? [[topic, row] as const] : []))
  return { ...common, clientid, start, positions: new Map(rows) }
}

function beginsAtTail({ shared, start }: Source, { filter }: Reader, positions: PositionMap): boolean {
  return start === 'latest' && !shared && !hasWildcard(filter) && positions.get(filter)?.row == null
}
