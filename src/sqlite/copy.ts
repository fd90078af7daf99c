// A copy of a database that is in use: of one moment, whatever is written meanwhile. It is made in a thread of its own, since a
// journal of a gigabyte takes a while; the write-ahead log is not shortened before it is done.

import { once } from 'node:events'
import { startThread } from '../system/program.ts'

export interface Copy {
  readonly from: string
  /** Must not be there. */
  readonly to: string
}

/** @throws what SQLite says */
export async function copyDatabase(copy: Copy): Promise<void> {
  await once(startThread(import.meta, 'copy-worker', { workerData: copy }), 'exit')
}
