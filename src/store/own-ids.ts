// Which message ids are this journal's, and how far the sessions have been told. Ids of one journal grow with its seqs,
// so a comparison of ids is one of places in the journal, also for rows that only the remote still has.
// Nodes are learnt from the rows themselves: a copied journal has its parent's beside its own.

import type { HookEvent, Seq } from '../model/event.ts'
import { EventId } from '../model/event-id.ts'
import type { Journal } from '../queue/journal.ts'

/** A place in the journal: everything up to it was routed to the sessions that were there. */
export interface Horizon {
  readonly seq: Seq
  /** Absent: nothing was routed since the start, every id of ours is older. */
  readonly id: EventId | undefined
}

export class OwnIds {
  readonly #nodes = new Set<number>()
  #horizon: Horizon

  constructor(journal: Journal) {
    this.#horizon = { seq: journal.lastSeq, id: undefined }
    for (const seq of [journal.identity.inheritedUpTo, journal.lastSeq]) {
      const event = journal.event(seq)
      if (event) this.#nodes.add(event.id.node)
    }
  }

  /** Called as each event is on disk, just before it is routed. */
  committed({ seq, id }: HookEvent): void {
    if (id.node !== this.#horizon.id?.node) this.#nodes.add(id.node)
    this.#horizon = { seq, id }
  }

  get horizon(): Horizon {
    return this.#horizon
  }

  has(msgid: string): boolean {
    const id = EventId.parse(msgid)
    return id !== undefined && this.#nodes.has(id.node)
  }
}
