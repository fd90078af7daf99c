// `npm run deb`: Debian packages around the binaries in dist.

import { relative } from 'node:path'
import { debianPackage } from './build.d/deb.ts'
import { asked, DIST, endProgress, progress, ROOT } from './build.d/place.ts'
import { writeSums } from './build.d/sums.ts'

for (const architecture of asked(process.argv.slice(2))) {
  progress(`${architecture}: packing for Debian`)
  progress(relative(ROOT, debianPackage(architecture)))
  endProgress()
}
writeSums(DIST)
