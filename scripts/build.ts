// `npm run build`: bundle, pack, sums. What has not changed since the last build is left as it is.

import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { about } from './build.d/about.ts'
import { bundle } from './build.d/bundle.ts'
import { pack } from './build.d/pack.ts'
import { ARCHITECTURES, type Architecture, CACHE, DIST, progress, ROOT } from './build.d/place.ts'
import { runtime } from './build.d/runtime.ts'

const asked = process.argv.slice(2)
const unknown = asked.filter((word) => !(ARCHITECTURES as readonly string[]).includes(word))
if (unknown.length > 0) {
  process.stderr.write(
    `build: there is no architecture ${unknown.join(', ')}; there are: ${ARCHITECTURES.join(', ')}\n`,
  )
  process.exit(2)
}
mkdirSync(DIST, { recursive: true })
for (const architecture of ARCHITECTURES.filter((one) => asked.length === 0 || asked.includes(one))) {
  await binary(architecture)
}

async function binary(architecture: Architecture): Promise<void> {
  const output = join(DIST, `holdfast-linux-${architecture}`)
  progress(`${architecture}: bundling`)
  const folder = await bundle(architecture, about(architecture))
  const stamp = join(CACHE, `made-${architecture}`)
  const made = sumOf([...filesOf(folder), ...filesOf(join(ROOT, 'scripts/build.d')), runtime(architecture)])
  const isNew = !existsSync(output) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== made
  if (isNew) {
    progress(`${architecture}: packing`)
    pack(folder, architecture, output)
    writeFileSync(stamp, made)
  }
  const megabytes = (statSync(output).size / 1e6).toFixed(1)
  progress(`dist/holdfast-linux-${architecture}: ${megabytes} MB${isNew ? '' : ', as it was'}`)
  if (process.stderr.isTTY) process.stderr.write('\n')
}

function filesOf(folder: string): string[] {
  return globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function sumOf(files: readonly string[]): string {
  const sum = createHash('sha256')
  for (const file of files) sum.update(`${file}\0`).update(readFileSync(file))
  return sum.digest('hex')
}
