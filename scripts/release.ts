// `npm run release`: the folder to give away, of what `npm run deb` has made.

import { relative } from 'node:path'
import { about } from './build.d/about.ts'
import { asked, endProgress, progress, ROOT } from './build.d/place.ts'
import { releaseFolder } from './build.d/release.ts'

const wanted = asked(process.argv.slice(2))
const { commit } = about(wanted[0]!)
if (commit.endsWith('-dirty')) {
  process.stderr.write('a release is made of a commit, and there are changes in none: see git status\n')
  process.exit(1)
}
progress(`${relative(ROOT, releaseFolder(wanted))}, of ${commit}`)
endProgress()
