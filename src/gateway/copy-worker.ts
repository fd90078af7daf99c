// Copies a database that is in use, as it is at one moment, whatever is written meanwhile; its write-ahead log is not shortened
// before that is done. A thread of its own, since a journal of a gigabyte takes a while.

import { workerData } from 'node:worker_threads'
import { openForRead } from '../sqlite/open.ts'
import type { Copy } from './databases.ts'

const { from, to } = workerData as Copy
const db = openForRead(from)
try {
  db.prepare('vacuum into ?').run(to)
} finally {
  db.close()
}
