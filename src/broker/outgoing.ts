// A message on its way to subscribers. One object, whatever their number.

import type { EventDraft, HookEvent, Message, Seq } from '../model/event.ts'
import type { EventId } from '../model/event-id.ts'

const NOTHING = Buffer.alloc(0)
/** A chunk of this size is not worth a copy, bytes. */
const SMALL = 256

export class Outgoing {
  readonly topic: string
  #payload: Buffer
  /** Client id of the publisher. */
  readonly from: string
  /** 0: not journalled. */
  readonly seq: Seq
  /** Its payload is not here: see `hollow`. */
  readonly isHollow: boolean
  readonly #id: EventId | string

  private constructor(
    source: { topic: string; payload?: Buffer | undefined; isHollow?: boolean },
    from: string,
    seq: Seq,
    id: EventId | string,
  ) {
    this.topic = source.topic
    this.#payload = source.payload ?? NOTHING
    this.isHollow = source.isHollow ?? false
    this.from = from
    this.seq = seq
    this.#id = id
  }

  get payload(): Buffer {
    return this.#payload
  }

  /** To be held for long: what came from a socket is a slice of a chunk that may be many times its size. */
  keep(): void {
    const { length, buffer } = this.#payload
    if (buffer.byteLength <= 2 * length + SMALL) return
    const own = Buffer.allocUnsafeSlow(length)
    own.set(this.#payload)
    this.#payload = own
  }

  /** Made only when asked for: most deliveries never show their id to anybody. */
  get msgid(): string {
    return this.#id.toString()
  }

  /** The same without its payload, which the journal has. */
  hollow(): Outgoing {
    return new Outgoing({ topic: this.topic, isHollow: true }, this.from, this.seq, this.#id)
  }

  static hollow({ topic, from, seq, msgid }: Pick<Outgoing, 'topic' | 'from' | 'seq' | 'msgid'>): Outgoing {
    return new Outgoing({ topic, isHollow: true }, from, seq, msgid)
  }

  static ofEvent(draft: EventDraft, event: HookEvent | null): Outgoing {
    return new Outgoing(draft, draft.clientid, event?.seq ?? 0, event?.id ?? '')
  }

  static ofMessage(message: Message): Outgoing {
    return new Outgoing(message, message.from, message.seq ?? 0, message.msgid)
  }
}
