// The first module of the binary. What V8 has compiled once is kept in the data folder, if that is ours: a start takes half the
// time. So the program itself is a module of its own, which is loaded behind that.

import { mkdirSync, statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { dataDir } from './cli/usage.ts'

const { values, positionals } = parseArgs({
  options: { data: { type: 'string' } },
  allowPositionals: true,
  strict: false,
})
const data = dataDir(values.data === true ? undefined : values.data || undefined)
if (positionals[0] === 'run') make(data)
if (statSync(data, { throwIfNoEntry: false })?.uid === process.getuid?.()) {
  const cache = join(data, 'compiled')
  enableCompileCache(cache)
  process.env.NODE_COMPILE_CACHE = cache // for the threads
}
import('./main.ts')

function make(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch {
    // the program will tell
  }
}
