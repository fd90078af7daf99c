// Rows that a pool told a client, until the client has acknowledged them all. They have an order in the pool that need
// not be the one in which the session sent them among its live messages; the position in the pool may not pass a row
// that was told and is not acknowledged, or the client would never be told it again.

import type { RemoteMessage } from '../model/operation.ts'

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

  get done(): boolean {
    return this.#head === this.#msgids.length
  }

  /** What is not among the rows comes behind all of them. */
  permits(position: string): boolean {
    return this.done || (this.#places.get(position) ?? this.#head) < this.#head
  }
}

export class ToldRows {
  /** By client and topic. A later fetch begins at the position, so what it adds stands behind what is here. */
  readonly #clients = new Map<string, Map<string, Rows>>()

  /**
   * These rows are not acknowledged, in this order in the pool. Those of QoS 0 never are and hold nobody up.
   * @param signal aborted when the client leaves or unsubscribes
   */
  add(clientid: string, rows: Iterable<RemoteMessage>, signal: AbortSignal): void {
    const topics = new Set<string>()
    for (const { topic, msgid, qos } of rows) {
      if (qos === 0 || signal.aborted) continue
      this.#of(clientid, topic).add(msgid)
      topics.add(topic)
    }
    const forget = (): void => {
      for (const topic of topics) this.#remove(clientid, topic)
    }
    if (topics.size > 0) signal.addEventListener('abort', forget, { once: true })
  }

  /** @returns `permitted`: no row that was told stands before `position`, unacknowledged; `row`: the last one passed now */
  acknowledged({ clientid, topic, msgid, position }: Acknowledgement): { permitted: boolean; row: string | undefined } {
    const rows = this.#clients.get(clientid)?.get(topic)
    if (!rows) return { permitted: true, row: undefined }
    const row = rows.acknowledge(msgid)
    if (rows.done) this.#remove(clientid, topic)
    return { permitted: position === undefined || rows.permits(position), row }
  }

  /** Was the client told rows of this topic that it has not acknowledged? */
  pending(clientid: string, topic: string): boolean {
    return this.#clients.get(clientid)?.has(topic) ?? false
  }

  #of(clientid: string, topic: string): Rows {
    const topics = this.#clients.get(clientid) ?? new Map<string, Rows>()
    this.#clients.set(clientid, topics)
    const ofTopic = topics.get(topic) ?? new Rows()
    topics.set(topic, ofTopic)
    return ofTopic
  }

  #remove(clientid: string, topic: string): void {
    const topics = this.#clients.get(clientid)
    topics?.delete(topic)
    if (topics?.size === 0) this.#clients.delete(clientid)
  }
}
