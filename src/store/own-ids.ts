// Which message ids are this journal's, and how far the sessions have been told. Ids of one journal grow with its seqs,
// so a comparison of ids is one of places in the journal, also for rows that only the remote still has.

import type { HookEvent, Seq } from '../model/event.ts'
import { EventId } from '../model/event-id.ts'
import { nodeBits } from '../queue/identity.ts'
import type { Journal } from '../queue/journal.ts'

/** A place in the journal: everything up to it was routed to the sessions that were there. */
export interface Horizon {
  readonly seq: Seq
  /** Null: the journal is empty. */
  readonly id: EventId | null
}

export class OwnIds {
  readonly #journal: Journal
  #horizon: Horizon
  /** Of this identity of the journal: its node, and that of the journal that it was copied from. */
  #nodes: { of: string; nodes: readonly number[] } = { of: '', nodes: [] }

  constructor(journal: Journal) {
    this.#journal = journal
    this.#horizon = { seq: journal.lastSeq, id: newestId(journal) }
  }

  /** Called as each event is on disk, just before it is routed. */
  committed({ seq, id }: HookEvent): void {
    this.#horizon = { seq, id }
  }

  get horizon(): Horizon {
    return this.#horizon
  }

  has(msgid: string): boolean {
    const id = EventId.parse(msgid)
    return id !== undefined && this.#own().includes(id.node)
  }

  #own(): readonly number[] {
    const identity = this.#journal.identity
    if (this.#nodes.of !== identity.id) {
      const ids = identity.parent === null ? [identity.id] : [identity.id, identity.parent]
      this.#nodes = { of: identity.id, nodes: ids.map((id) => nodeBits({ ...identity, id })) }
    }
    return this.#nodes.nodes
  }
}

/** Not that of a dead letter's retry, which has the id that it had before. */
function newestId(journal: Journal): EventId | null {
  for (let seq = journal.lastSeq; seq > 0; seq--) {
    const [event] = journal.events(seq - 1, 1)
    if (event) return event.id
  }
  return null
}
