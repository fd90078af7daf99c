// `npm run build`: bundle, pack, sums. What has not changed since the last build is left as it is.

import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { about, commitTime } from './build.d/about.ts'
import { bundle } from './build.d/bundle.ts'
import { licences } from './build.d/inside.ts'
import { pack } from './build.d/pack.ts'
import { buildPage } from './build.d/page.ts'
import { type Architecture, asked, CACHE, DIST, endProgress, filesIn, progress, ROOT } from './build.d/place.ts'
import { runtime } from './build.d/runtime.ts'
import { sbom } from './build.d/sbom.ts'
import { sumOf, writeSums } from './build.d/sums.ts'

const wanted = asked(process.argv.slice(2))
mkdirSync(DIST, { recursive: true })
await buildPage()
for (const architecture of wanted) runtime(architecture) // with the environment that pack() changes
for (const architecture of wanted) await binary(architecture)
writeSums(DIST)

async function binary(architecture: Architecture): Promise<void> {
  const output = join(DIST, `holdfast-linux-${architecture}`)
  progress(`${architecture}: bundling`)
  const { folder, inside } = await bundle(architecture, about(architecture))
  const stamp = join(CACHE, `made-${architecture}`)
  const parts = [folder, join(ROOT, 'scripts/build.d')].flatMap((each) => filesIn(each).map((name) => join(each, name)))
  const made = sumOf([...parts, runtime(architecture), join(ROOT, 'package-lock.json')])
  const isNew = !existsSync(output) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== made
  if (isNew) {
    progress(`${architecture}: packing`)
    await pack(folder, architecture, output)
    writeFileSync(`${output}.cdx.json`, sbom(inside, commitTime()))
    writeFileSync(`${output}.licences.txt`, licences(inside))
    writeFileSync(stamp, made)
  }
  const megabytes = (statSync(output).size / 1e6).toFixed(1)
  progress(`dist/holdfast-linux-${architecture}: ${megabytes} MB${isNew ? '' : ', as it was'}`)
  endProgress()
}
