// The times by which Cassandra decides which of two writes of a cell is the newer one, in microseconds. They come from the
// events' ids, not from the moment of writing: a write that comes late, or again, does not undo what came after it.
//
// Invariant: each is greater than the one before it, in the order of the events and of the writes of an event.

import type { EventId } from '../../model/event-id.ts'

/**
 * Ids of one millisecond share their microsecond, so that a stamp may be ahead of its id. How far it was, a process that
 * died can't tell the next one; this is more than there can be events in a millisecond.
 */
const AHEAD_MICROS = 10_000

export class Stamps {
  #last: number | undefined

  next({ micros }: EventId): bigint {
    this.#last = this.#last === undefined ? micros + AHEAD_MICROS : Math.max(micros, this.#last + 1)
    return BigInt(this.#last)
  }
}
