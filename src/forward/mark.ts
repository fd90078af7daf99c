// Where a lane goes on after a (re)connect. A mark that is wrongly believed loses data without a trace, so it is believed
// only with proof: it must name an event that this journal holds at that seq.

import type { Seq } from '../model/event.ts'
import type { EventId } from '../model/event-id.ts'
import type { Mark } from '../model/operation.ts'

/** What both sides know when the lane has connected. */
export interface Knowledge {
  /** The remote's account of this journal and pool; null: none, or it can't be kept. */
  readonly mark: Mark | null
  /** Up to here the local journal believes that the remote has everything. */
  readonly cursor: Seq
  /**
   * The newest mark that the remote is known to have had, ≤ cursor. The cursor also passes events of other pools,
   * skipped and dropped ones, of which the remote hears nothing; so it alone does not tell that the remote went back.
   */
  readonly marked: Seq
  /** The newest event of the journal. */
  readonly lastSeq: Seq
  /** The id at `seq`; undefined when the row was deleted or never was. */
  eventAt(seq: Seq): EventId | undefined
  /** Set when this journal is a copy: what it shares with the journal it was copied from, and that journal's mark. */
  readonly inherited: { readonly mark: Mark | null; readonly upTo: Seq } | null
}

export type Recovery = 'answersLost' | 'journalWentBack' | 'remoteWentBack'

export interface Resumption {
  /** Go on behind this seq. */
  readonly from: Seq
  /** Events up to here may be in the remote already: write them so that what is there stays once. */
  readonly idempotentUpTo: Seq
  /** What was found and healed, for the counters. */
  readonly recovered: Recovery | null
}

/** The rules of "Exactly once", in order. Pure. */
export function resume(known: Knowledge): Resumption {
  const { mark, cursor, lastSeq } = known
  if (!mark) return firstContact(known)
  const held = known.eventAt(mark.seq)
  const journalWentBack = mark.seq > lastSeq || (held !== undefined && held.toString() !== mark.event)
  if (journalWentBack) return { from: cursor, idempotentUpTo: lastSeq, recovered: 'journalWentBack' }

  const shared = known.inherited?.upTo ?? 0
  if (mark.seq < known.marked) {
    // What the log still holds behind the mark is sent again; of that, what is there already stays once.
    return { from: mark.seq, idempotentUpTo: Math.max(cursor, shared), recovered: 'remoteWentBack' }
  }
  if (mark.seq <= cursor) return { from: cursor, idempotentUpTo: shared, recovered: null }
  if (held) return { from: mark.seq, idempotentUpTo: shared, recovered: 'answersLost' }
  // The row that would prove the mark is gone: what lies between cursor and mark may be there or not.
  return { from: cursor, idempotentUpTo: Math.max(mark.seq, shared), recovered: null }
}

/**
 * No mark. Nothing tells whether the pool worked without one until now (no right to its table), so what waits is
 * written idempotently, which costs little and only once.
 */
function firstContact({ cursor, lastSeq, inherited, eventAt }: Knowledge): Resumption {
  const believed = inherited?.mark && eventAt(inherited.mark.seq)?.toString() === inherited.mark.event
  const from = believed ? Math.max(cursor, inherited.mark.seq) : cursor
  return { from, idempotentUpTo: lastSeq, recovered: null }
}
