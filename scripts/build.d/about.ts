// What a binary knows of its making (`holdfast version`). Nothing that two builds of one commit would differ in.

import { execFileSync } from 'node:child_process'
import { type Architecture, ROOT } from './place.ts'

export function about(architecture: Architecture): { commit: string; target: string } {
  return {
    commit: git('describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'),
    target: `linux-${architecture}`,
  }
}

/** ISO, UTC: what is made of a commit has its time. */
export const commitTime = (): string => new Date(Number(git('log', '-1', '--format=%ct')) * 1000).toISOString()

const git = (...words: string[]): string => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim()
