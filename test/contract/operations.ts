// Operations as a lane makes them: events with ids and seqs that grow.

import type { Message } from '../../src/model/event.ts'
import { EventIdSource } from '../../src/model/event-id.ts'
import type { MarkMove, Operation, ParameterValue, Write } from '../../src/model/operation.ts'

export const JOURNAL = 'journal-1'
export const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

export class History {
  readonly #ids: EventIdSource
  #seq = 0

  constructor(node = 0x0123456789ab) {
    this.#ids = new EventIdSource(node)
  }

  /** One event with its writes. */
  event(...writes: Write[]): Operation[] {
    const seq = ++this.#seq
    const id = this.#ids.next(AT + seq)
    return writes.map((write, index) => ({ seq, id, binding: index + 1, write }))
  }

  /** An event a write. */
  events(...writes: Write[]): Operation[] {
    return writes.flatMap((write) => this.event(write))
  }

  message(topic: string, payload: string | Buffer, more: Partial<Message> = {}): Message {
    const at = AT + this.#seq
    return {
      msgid: this.#ids.next(at).toString(),
      topic,
      payload: Buffer.from(payload as string),
      qos: 1,
      retain: false,
      from: 'publisher',
      at,
      ...more,
    }
  }
}

export const insert = (message: Message): Write => ({ do: 'message.insert', message, node: 'n1' })

export const ack = (clientid: string, { topic, msgid }: Message): Write => ({
  do: 'position.move',
  clientid,
  topic,
  msgid,
})

/** The one custom statement with its values; `?` marks them. */
export function custom(...statements: [text: string, ...values: ParameterValue[]][]): Write {
  return { do: 'statements', statements: statements.map(([text, ...values]) => ({ texts: text.split('?'), values })) }
}

/** The move of the mark to the last operation's event. */
export function moveTo(batch: readonly Operation[], from: MarkMove['from'] = null, journal = JOURNAL): MarkMove {
  const { seq, id } = batch.at(-1)!
  return { journal, node: 'n1', from, to: { seq, event: id.toString() } }
}
