// The mark: moved by compare-and-set, when everything that it accounts for is written. It stands beside the writes, not in a
// transaction with them: after a crash between the two they are done again, which leaves the same.

import { MarkConflict } from '../../model/errors.ts'
import type { Mark, MarkMove } from '../../model/operation.ts'
import type { Session } from './session.ts'

export async function readMark(session: Session, journal: string, pool: string): Promise<Mark | null> {
  const text = 'select seq, event from holdfast_mark where journal = ? and pool = ?'
  const [row] = await session.runSerial({ text, values: [journal, pool] })
  return row ? { seq: Number(row.seq), event: String(row.event) } : null
}

/** @throws MarkConflict when somebody else has moved it */
export async function moveMark(session: Session, { journal, node, from, to }: MarkMove, pool: string): Promise<void> {
  const now = new Date()
  const statement = from
    ? {
        text: 'update holdfast_mark set seq = ?, event = ?, node = ?, at = ? where journal = ? and pool = ? if seq = ? and event = ?',
        values: [BigInt(to.seq), to.event, node, now, journal, pool, BigInt(from.seq), from.event],
      }
    : {
        text: 'insert into holdfast_mark (journal, pool, seq, event, node, at) values (?, ?, ?, ?, ?, ?) if not exists',
        values: [journal, pool, BigInt(to.seq), to.event, node, now],
      }
  const [answer] = await session.run(statement, { repeatable: false })
  if (answer?.['[applied]'] !== true) throw new MarkConflict()
}

/** Rejects where the pool's user has no right to keep it. Changes nothing. */
export async function tryMark(session: Session): Promise<void> {
  await readMark(session, '-', '-')
  const text = 'delete from holdfast_mark where journal = ? and pool = ? if exists'
  await session.run({ text, values: ['-', '-'] }, { repeatable: false })
}
