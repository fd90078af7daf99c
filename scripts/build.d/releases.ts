// The releases that CHANGELOG.md tells of. The version itself is package.json's.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, readJson } from './place.ts'

export interface Release {
  readonly version: string
  /** `2026-11-21` */
  readonly date: string
}

/** The newest first. @throws Error when that is another than package.json's */
export function releases(): [Release, ...Release[]] {
  const headings = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8').matchAll(/^## (\S+) · (\S+)$/gm)
  const [newest, ...older] = [...headings].map(([, version, date]) => ({ version: version!, date: date! }))
  const { version } = readJson('package.json')
  if (newest?.version !== version) {
    throw new Error(`CHANGELOG.md begins with ${newest?.version ?? 'no release'}, but package.json has ${version}`)
  }
  return [newest!, ...older]
}
