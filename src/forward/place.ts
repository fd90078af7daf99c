// A lane's place, found anew at every connect: reads the marks, applies the rules of mark.ts, moves the cursor.

import type { Seq } from '../model/event.ts'
import type { Mark } from '../model/operation.ts'
import type { JournalIdentity } from '../queue/journal.ts'
import type { Lane } from '../queue/lanes.ts'
import { type Recovery, type Resumption, resume } from './mark.ts'

export interface Found extends Resumption {
  readonly mark: Mark | null
}

export interface PlaceOptions {
  readonly lane: Lane
  /** Does the log hold something that this lane writes, behind `after` and not behind `upTo`? */
  writesBetween(after: Seq, upTo: Seq): boolean
  recovered(what: Recovery, mark: Mark): void
}

export class Place {
  readonly #o: PlaceOptions
  /** The newest mark that the remote is known to have had; undefined when none is known. */
  #marked: Seq | undefined
  /** The event of the last mark that told of a journal that went back, so that it is counted once. */
  #goneBackFrom: string | undefined

  constructor(options: PlaceOptions) {
    this.#o = options
  }

  /** Changes nothing yet. @param readMark of a journal's id; null where the remote can't keep marks */
  async find(identity: JournalIdentity, readMark: ((journal: string) => Promise<Mark | null>) | null): Promise<Found> {
    const { lane } = this.#o
    const { id, parent, inheritedUpTo } = identity
    const mark = readMark && (await readMark(id))
    const parentMark = !mark && readMark && parent !== null ? await readMark(parent) : null
    const found = resume({
      mark,
      cursor: lane.cursor,
      marked: mark ? (this.#marked ?? this.#lastSentBefore(mark)) : 0,
      lastSeq: lane.lastSeq,
      eventAt: (seq) => lane.eventAt(seq),
      inherited: parent === null ? null : { mark: parentMark, upTo: inheritedUpTo },
    })
    return { ...found, mark }
  }

  take({ mark, from, recovered }: Found): void {
    const { lane } = this.#o
    if (mark && recovered && !(recovered === 'journalWentBack' && this.#goneBackFrom === mark.event)) {
      if (recovered === 'journalWentBack') this.#goneBackFrom = mark.event
      this.#o.recovered(recovered, mark)
    }
    if (from < lane.cursor) lane.rewind(from)
    else lane.move(from)
    this.#marked = mark ? Math.min(mark.seq, from) : undefined
  }

  /** A write moved the mark. */
  moved(mark: Mark): void {
    this.#marked = mark.seq
  }

  /**
   * After a restart nothing tells which mark the remote had last. It had a newer one than `mark` when the log holds
   * something of this lane between it and the cursor: that was sent once.
   */
  #lastSentBefore(mark: Mark): Seq {
    const { cursor } = this.#o.lane
    return mark.seq < cursor && this.#o.writesBetween(mark.seq, cursor) ? cursor : mark.seq
  }
}
