// Sums of files.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One for all, names included. */
export function sumOf(files: readonly string[]): string {
  const sum = createHash('sha256')
  for (const file of files) sum.update(`${file}\0`).update(readFileSync(file))
  return sum.digest('hex')
}

const NAME = 'SHA256SUMS'

/** Of each file in the folder, as `sha256sum -c` reads them. */
export function writeSums(folder: string): void {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile() && entry.name !== NAME)
  const lines = names
    .map(
      ({ name }) =>
        `${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}  ${name}\n`,
    )
    .sort((a, b) => (a.slice(64) < b.slice(64) ? -1 : 1))
  writeFileSync(join(folder, NAME), lines.join(''))
}
