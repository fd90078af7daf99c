// The first module of the binary, and of each of its threads. What V8 has compiled once is kept in the data folder, if that is
// ours: a start takes half the time. The program itself is a bundle of its own, which is loaded behind that.

import { mkdirSync, statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { dataDir } from './cli/usage.ts'
import { runPart } from './system/program.ts'

/** A start is over then, ms. */
const SETTLED_MS = 2000

// what only the start has needed: a tenth of the memory, for a pause of some 30 ms
setTimeout(() => globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' }), SETTLED_MS).unref()

if (isMainThread) {
  keepCompiled()
  runPart('src/main.cjs')
} else {
  runPart(process.argv[2]!)
}

function keepCompiled(): void {
  const options = { data: { type: 'string' } } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true, strict: false })
  const data = dataDir(values.data === true ? undefined : values.data || undefined)
  try {
    if (positionals[0] === 'run') mkdirSync(data, { recursive: true })
    if (statSync(data).uid !== process.getuid?.()) return
  } catch {
    return // whoever needs the folder will tell
  }
  const cache = join(data, 'compiled')
  enableCompileCache(cache)
  process.env.NODE_COMPILE_CACHE = cache // for the threads
}
