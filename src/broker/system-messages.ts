// What the gateway itself says under $SYS: figures that only the newest matter of. Kept in memory, never journalled.

import type { Message } from '../model/event.ts'
import { TopicTrie } from '../model/topic-tries.ts'

export class SystemMessages {
  readonly #newest = new TopicTrie<Message>()

  /** An empty one is forgotten. */
  keep(topic: string, text: string, at: number): void {
    if (text === '') this.#newest.delete(topic)
    else this.#newest.set(topic, { msgid: '', topic, payload: Buffer.from(text), qos: 0, retain: true, from: '', at })
  }

  match(filter: string): readonly Message[] {
    return this.#newest.match(filter)
  }
}
