// What the gateway itself says under $SYS: figures that only the newest matter of. Kept in memory, never journalled.

import type { Message } from '../model/event.ts'
import { TopicTrie } from '../model/topic.ts'

export class SystemMessages {
  readonly #newest = new TopicTrie<Message>()

  keep(message: Message): void {
    this.#newest.set(message.topic, message)
  }

  match(filter: string): readonly Message[] {
    return this.#newest.match(filter)
  }
}
