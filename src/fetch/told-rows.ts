// Rows that a pool told a client, until the client has acknowledged them all. They have an order in the pool that need
// not be the one in which the session sent them among its live messages; the position in the pool may not pass a row
// that was told and is not acknowledged, or the client would never be told it again.

import type { RemoteMessage } from '../model/operation.ts'
import { topicMatches } from '../model/topic.ts'

/** Rows remembered of clients that left: a session that is resumed acknowledges what it had in flight. */
const MOST_ROWS_OF_LEFT = 100_000

/** A message.acked; `position` is what the session's own order makes of it. */
export interface Acknowledgement {
  readonly clientid: string
  readonly topic: string
  readonly msgid: string
  readonly position: string | undefined
}

/** Of one topic, in the pool's order. */
class Rows {
  readonly #msgids: string[] = []
  readonly #places = new Map<string, number>()
  readonly #acknowledged: boolean[] = []
  /** Place of the first that is not acknowledged. */
  #head = 0
  /** The client has left since. */
  stale = false

  static of(msgids: readonly string[]): Rows {
    const rows = new Rows()
    for (const msgid of msgids) rows.add(msgid)
    return rows
  }

  add(msgid: string): void {
    if (this.#places.has(msgid)) return
    this.#places.set(msgid, this.#msgids.length)
    this.#msgids.push(msgid)
  }

  /** @returns the last row that this lets the position pass, if any */
  acknowledge(msgid: string): string | undefined {
    const place = this.#places.get(msgid)
    if (place === undefined) return undefined
    this.#acknowledged[place] = true
    const before = this.#head
    while (this.#acknowledged[this.#head]) this.#head++
    return this.#head > before ? this.#msgids[this.#head - 1] : undefined
  }

  get length(): number {
    return this.#msgids.length
  }

  get done(): boolean {
    return this.#head === this.#msgids.length
  }

  /** Those of `msgids`, in their order, and what was acknowledged of them. */
  again(msgids: readonly string[]): Rows {
    const rows = Rows.of(msgids)
    for (const msgid of msgids) if (this.#acknowledged[this.#places.get(msgid) ?? -1]) rows.acknowledge(msgid)
    return rows
  }

  /** What is not among the rows comes behind all of them. */
  permits(position: string): boolean {
    return this.done || (this.#places.get(position) ?? this.#head) < this.#head
  }
}

/** What the pools told a client when it asked for a filter. */
export interface ToldAnswer {
  readonly clientid: string
  readonly filter: string
  readonly rows: readonly RemoteMessage[]
  /** Every pool answered. */
  readonly complete: boolean
  /** Aborted when the client leaves. */
  readonly gone: AbortSignal
}

export class ToldRows {
  /** By client and topic. A later fetch begins at the position, so what it adds stands behind what is here. */
  readonly #clients = new Map<string, Map<string, Rows>>()
  readonly #present = new Map<string, AbortSignal>()
  /** Clients that left, the longest away first, with how many rows are remembered. */
  readonly #left = new Map<string, number>()
  #rowsOfLeft = 0
  /** Filters that pools are being asked for: what they will tell is not known yet. */
  readonly #asked = new Map<string, Set<{ readonly filter: string }>>()

  /**
   * A pool is being asked: no position in these topics moves there until the returned function is called.
   * @param inFlight rows that the client was told before, perhaps in a former run of the gateway, in the pool's order
   */
  ask(clientid: string, filter: string, inFlight: readonly { topic: string; msgid: string }[] = []): () => void {
    for (const [topic, rows] of Map.groupBy(inFlight, ({ topic }) => topic)) this.#remember(clientid, topic, rows)
    const ofClient = this.#asked.get(clientid) ?? new Set()
    const asked = { filter }
    this.#asked.set(clientid, ofClient.add(asked))
    return () => {
      if (ofClient.delete(asked) && ofClient.size === 0) this.#asked.delete(clientid)
    }
  }

  /** These rows are not acknowledged, in this order in the pool. Those of QoS 0 never are and hold nobody up. */
  add({ clientid, filter, rows, complete, gone }: ToldAnswer): void {
    if (gone.aborted) return
    this.#come(clientid, gone)
    const topics = this.#clients.get(clientid) ?? new Map<string, Rows>()
    const told = Map.groupBy(
      rows.filter(({ qos }) => qos > 0),
      ({ topic }) => topic,
    )
    for (const [topic, ofTopic] of told) {
      const msgids = ofTopic.map(({ msgid }) => msgid)
      const known = topics.get(topic)
      if (known && !(known.stale && complete)) for (const msgid of msgids) known.add(msgid)
      else topics.set(topic, known?.again(msgids) ?? Rows.of(msgids))
    }
    for (const [topic, known] of topics) {
      // what it was told before it left is there no more, or acknowledged
      const isOver = complete && known.stale && !told.has(topic) && topicMatches(filter, topic)
      if (isOver || known.done) topics.delete(topic)
    }
    if (topics.size > 0) this.#clients.set(clientid, topics)
    else this.#clients.delete(clientid)
  }

  /** @returns `permitted`: no row that was told stands before `position`, unacknowledged; `row`: the last one passed now */
  acknowledged({ clientid, topic, msgid, position }: Acknowledgement): { permitted: boolean; row: string | undefined } {
    const rows = this.#clients.get(clientid)?.get(topic)
    const isAsked = this.#isAsked(clientid, topic)
    if (!rows) return { permitted: !isAsked, row: undefined }
    const row = rows.acknowledge(msgid)
    if (rows.done) this.forget(clientid, topic)
    return { permitted: !isAsked && (position === undefined || rows.permits(position)), row }
  }

  /** Was the client told rows of this topic that it has not acknowledged, or may it be just now? */
  pending(clientid: string, topic: string): boolean {
    return (this.#clients.get(clientid)?.has(topic) ?? false) || this.#isAsked(clientid, topic)
  }

  forget(clientid: string, topic: string): void {
    const topics = this.#clients.get(clientid)
    topics?.delete(topic)
    if (topics?.size === 0) this.#clients.delete(clientid)
  }

  #remember(clientid: string, topic: string, inFlight: readonly { msgid: string }[]): void {
    const topics = this.#clients.get(clientid) ?? new Map<string, Rows>()
    if (topics.has(topic)) return
    const rows = Rows.of(inFlight.map(({ msgid }) => msgid))
    rows.stale = true
    this.#clients.set(clientid, topics.set(topic, rows))
  }

  #isAsked(clientid: string, topic: string): boolean {
    for (const { filter } of this.#asked.get(clientid) ?? []) if (topicMatches(filter, topic)) return true
    return false
  }

  #come(clientid: string, gone: AbortSignal): void {
    if (this.#present.get(clientid) === gone) return
    this.#present.set(clientid, gone)
    this.#forgetLeft(clientid)
    gone.addEventListener('abort', () => this.#leave(clientid, gone), { once: true })
  }

  #leave(clientid: string, gone: AbortSignal): void {
    if (this.#present.get(clientid) !== gone) return
    this.#present.delete(clientid)
    let count = 0
    for (const rows of this.#clients.get(clientid)?.values() ?? []) {
      rows.stale = true
      count += rows.length
    }
    if (count === 0) return
    this.#left.set(clientid, count)
    this.#rowsOfLeft += count
    for (const [longest] of this.#left) {
      if (this.#rowsOfLeft <= MOST_ROWS_OF_LEFT) break
      this.#forgetLeft(longest)
      this.#clients.delete(longest)
    }
  }

  #forgetLeft(clientid: string): void {
    this.#rowsOfLeft -= this.#left.get(clientid) ?? 0
    this.#left.delete(clientid)
  }
}
