// What this is, as exactly as can be told.

import { execFileSync } from 'node:child_process'
import manifest from '../../package.json' with { type: 'json' }
import { sqliteVersion } from '../sqlite/open.ts'
import { isBinary, ROOT, readPart } from '../system/program.ts'

export const VERSION: string = manifest.version

/** Lines for whoever asks, by what they tell of. */
export function versions(): Record<string, string> {
  const { commit, target } = isBinary
    ? JSON.parse(readPart('build.json').toString())
    : { commit: commitOfClone(), target: 'sources' }
  return {
    holdfast: VERSION,
    commit,
    target,
    runtime: `node ${process.versions.node}, V8 ${process.versions.v8}`,
    sqlite: sqliteVersion(),
    aedes: manifest.dependencies.aedes,
  }
}

function commitOfClone(): string {
  try {
    const words = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*']
    return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return 'unknown' // no git, or no clone
  }
}
