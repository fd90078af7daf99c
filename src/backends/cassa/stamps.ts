// The times by which Cassandra decides which of two writes of a cell is the newer one, in microseconds. They come from the
// events' ids, not from the moment of writing: a write that comes late, or again, does not undo what came after it.
//
// Invariant: a write has the same stamp whenever it is done; those of a later event are greater (ids are STEP_MICROS apart).

import type { EventId } from '../../model/event-id.ts'

interface Source {
  readonly seq: number
  readonly id: EventId
}

/** Of one batch. */
export class Stamps {
  #seq: number | undefined
  #own = 0
  #last = 0

  /** Of what the functions write: none of an event's rows twice. */
  of({ seq, id }: Source): bigint {
    if (seq !== this.#seq) {
      this.#seq = seq
      this.#own = Math.max(id.micros, this.#last + 1)
      this.#last = this.#own
    }
    return BigInt(this.#own)
  }

  /** Of the event's next custom statement, of which the last one wins. The first STEP_MICROS - 1 are always the same. */
  next(source: Source): bigint {
    this.of(source)
    this.#last++
    return BigInt(this.#last)
  }
}
