// A runtime and the files of a folder as one executable, by pkg: its plain SEA form, in which they are assets that node:sea
// reads. (Its other form lays a virtual file system over Node's, in each thread: 15 MB of memory and 50 ms of each start.)

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { log } from '@yao-pkg/pkg/lib-es5/log.js'
import pkg from '@yao-pkg/pkg/lib-es5/sea.js'
import { type Architecture, CACHE, filesIn } from './place.ts'
import { runtime, runtimeVersion } from './runtime.ts'

/** What runs first. */
const MAIN = 'src/binary.cjs'

/**
 * Of Node and V8, for less memory. The first is for src/binary.ts. The second is what V8 does by itself where there are less than
 * 4 GB: no copy of its builtin functions beside the code of each thread, 2 MB each. With the third Node makes its own objects at each
 * start, as it does for each thread anyway, instead of unpacking them from an image: 8 MB, and no slower.
 */
const OPTIONS = ['--expose-gc', '--no-short-builtin-calls', '--no-node-snapshot']

/** @param folder from `bundle`. @param output path of the executable */
export async function pack(folder: string, architecture: Architecture, output: string): Promise<void> {
  const home = join(CACHE, 'pkg')
  for (const each of new Set([architecture, process.arch as Architecture])) offer(home, each)
  const target = {
    nodeRange: `node${runtimeVersion(architecture)}`,
    platform: 'linux',
    arch: architecture,
    output,
  } as const
  const seaConfig = {
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: false, // would be good for one kind of processor only; see src/binary.ts
    execArgv: OPTIONS,
    assets: Object.fromEntries(filesIn(folder).map((name) => [name, join(folder, name)])),
    // the binary remembers it; from the folder that pkg makes below TMPDIR, it is the same wherever the clone is
    main: join('..', MAIN),
  }
  log.info = log.warn = () => {}
  Object.assign(process.env, { HOME: home, TMPDIR: folder })
  await pkg.default(join(folder, MAIN), { targets: [target], seaConfig })
}

/** Puts a runtime where pkg looks before it downloads: an archive that is taken for fetched and unpacked, and what is in it. */
function offer(home: string, architecture: Architecture): void {
  const name = join(home, '.pkg-cache/sea', `node-v${runtimeVersion(architecture)}-linux-${architecture}`)
  const node = join(name, 'bin/node')
  mkdirSync(join(name, 'bin'), { recursive: true })
  copyFileSync(runtime(architecture), node)
  for (const file of [`${name}.tar.gz`, `${name}.tar.gz.ok`, `${node}.ok`]) writeFileSync(file, '')
}
