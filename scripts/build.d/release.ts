// The folder of a release: per architecture the binary, its package, its bill of materials and the licences of what is inside; what is
// of use with them; and the sums of all.

import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { packageFile } from './deb.ts'
import { type Architecture, DIST, ROOT } from './place.ts'
import { releases } from './releases.ts'
import { writeSums } from './sums.ts'

const ASIDE = ['CHANGELOG.md', 'LICENSE', 'board/common/holdfast.service']

/** @returns its path */
export function releaseFolder(architectures: readonly Architecture[]): string {
  const folder = join(DIST, `holdfast-${releases()[0].version}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const files = architectures.flatMap((architecture) => {
    const binary = join(DIST, `holdfast-linux-${architecture}`)
    return [binary, `${binary}.cdx.json`, `${binary}.licences.txt`, packageFile(architecture)]
  })
  for (const file of [...files, ...ASIDE.map((name) => join(ROOT, name))]) {
    copyFileSync(file, join(folder, basename(file)))
  }
  writeSums(folder)
  return folder
}
