// What a journal says of itself that nobody has open: a backup brought it.

import type { PoolId } from '../model/binding.ts'
import { openForRead } from '../sqlite/open.ts'
import type { JournalIdentity } from './journal.ts'

export interface ClosedJournal {
  readonly id: string
  /** Events behind a pool's cursor that custom statements write; the remote may have more of them than the cursor knows. */
  readonly forStatements: ReadonlyMap<PoolId, number>
}

const FOR_STATEMENTS = `select lane.pool, count(*) from lane join event on event.seq > lane.cursor and event.bindings in (
  select binding_set.id from binding_set, json_each(binding_set.bindings) member join binding on binding.id = member.value
  where binding.pool = lane.pool and json_extract(binding.definition, '$.action.statements') is not null) group by lane.pool`

/** @param file one that `assertStartable` has let pass */
export function lookInto(file: string): ClosedJournal {
  const db = openForRead(file)
  try {
    const stored = db.prepare<[], string>("select value from meta where key = 'journal'").pluck().get()
    const { id } = JSON.parse(stored ?? '{"id": ""}') as JournalIdentity
    return { id, forStatements: new Map(db.prepare<[], [PoolId, number]>(FOR_STATEMENTS).raw().all()) }
  } finally {
    db.close()
  }
}
