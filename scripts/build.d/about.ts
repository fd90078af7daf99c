// What a binary knows of its making (`holdfast version`). Nothing that two builds of one commit would differ in.

import { execFileSync } from 'node:child_process'
import { type Architecture, ROOT } from './place.ts'

export function about(architecture: Architecture): { commit: string; target: string } {
  const words = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*']
  return { commit: execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim(), target: `linux-${architecture}` }
}
