// How far a client has acknowledged everything that it was sent of a topic, without a gap. Messages stand in the order
// of their delivery; the position goes over the acknowledged ones at the head, so an acknowledgement out of order moves
// nothing until the gap before it is closed, and a client that goes away gets what lies behind the gap again.

import { topicMatches } from '../model/topic.ts'

export interface AckState {
  readonly topics: readonly (readonly [
    topic: string,
    messages: readonly (readonly [msgid: string, acknowledged: boolean])[],
  ])[]
  readonly held: readonly string[]
}

export class AckTracker {
  /** topic → msgid → acknowledged, in the order of delivery. */
  readonly #topics = new Map<string, Map<string, boolean>>()
  /** Acknowledged behind a gap. */
  readonly #beyond = new Set<string>()
  /** Filters whose fetch failed: older messages are missing, so no position may go over them. */
  readonly #held = new Set<string>()

  /** A message was sent. A repeated one keeps its place. */
  delivered(topic: string, msgid: string): void {
    let messages = this.#topics.get(topic)
    if (!messages) {
      messages = new Map()
      this.#topics.set(topic, messages)
    }
    if (!messages.has(msgid)) messages.set(msgid, false)
  }

  /** @returns the msgid up to which everything is acknowledged now, when this acknowledgement moved that point. */
  acknowledged(topic: string, msgid: string): string | undefined {
    const messages = this.#topics.get(topic)
    if (!messages?.has(msgid)) return undefined
    messages.set(msgid, true)
    this.#beyond.add(msgid)
    let position: string | undefined
    for (const [id, done] of messages) {
      if (!done) break
      messages.delete(id)
      this.#beyond.delete(id)
      position = id
    }
    if (messages.size === 0) this.#topics.delete(topic)
    for (const filter of this.#held) if (topicMatches(filter, topic)) return undefined
    return position
  }

  /** Was it acknowledged behind a gap? Then no position covers it yet, and still it is not to be sent again. */
  isBeyond(msgid: string): boolean {
    return this.#beyond.has(msgid)
  }

  /** No position moves in topics of this filter until `resume`. */
  hold(filter: string): void {
    this.#held.add(filter)
  }

  resume(filter: string): void {
    this.#held.delete(filter)
  }

  /** All that there is to know, as JSON takes it. */
  state(): AckState {
    return {
      topics: [...this.#topics].map(([topic, messages]) => [topic, [...messages]]),
      held: [...this.#held],
    }
  }

  /** Into one that knows nothing yet. */
  restore({ topics, held }: AckState): void {
    for (const [topic, messages] of topics) {
      this.#topics.set(topic, new Map(messages))
      for (const [msgid, done] of messages) if (done) this.#beyond.add(msgid)
    }
    for (const filter of held) this.#held.add(filter)
  }
}
