import { workerData } from 'node:worker_threads'
import type { Copy } from './copy.ts'
import { openForRead } from './open.ts'

const { from, to } = workerData as Copy
const db = openForRead(from)
try {
  db.prepare('vacuum into ?').run(to)
} finally {
  db.close()
}
