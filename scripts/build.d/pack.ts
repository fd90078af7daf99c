// One file of a folder and a runtime, by pkg. All that pkg would download is put where it looks first.

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Architecture, CACHE, ROOT } from './place.ts'
import { runtime, runtimeVersion } from './runtime.ts'

const PKG = join(ROOT, 'node_modules/@yao-pkg/pkg/lib-es5/bin.js')
/**
 * What is mended in what pkg made, in place, so by as many characters:
 * - the blob remembers the random folder that it was made in: the only thing that two builds would differ in;
 * - it asks for the home folder, for a place that our addons do without, and dies where neither HOME nor /etc/passwd tells.
 */
const MENDED: readonly [found: RegExp, by: string][] = [
  [/(?<=\/tmp\/pkg-sea-)\w{6}(?=\/)/g, '000000'],
  [/homedir\(\)(?=, \\*"\.cache)/g, 'path.sep '],
]

/** @param folder from `bundle`. @param output path of the executable */
export function pack(folder: string, architecture: Architecture, output: string): void {
  const home = join(CACHE, 'pkg-home')
  const version = runtimeVersion(architecture)
  for (const each of new Set([architecture, process.arch as Architecture])) offer(home, each)
  const words = [PKG, '.', '--sea', '--targets', `node${version}-linux-${architecture}`, '--output', output]
  execFileSync(process.execPath, words, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: '/tmp' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  mend(output)
}

/** Below $HOME/.pkg-cache/sea: an archive that is taken for fetched, checked and unpacked, and what is in it. */
function offer(home: string, architecture: Architecture): void {
  const name = join(home, '.pkg-cache/sea', `node-v${runtimeVersion(architecture)}-linux-${architecture}`)
  const node = join(name, 'bin/node')
  mkdirSync(join(name, 'bin'), { recursive: true })
  copyFileSync(runtime(architecture), node)
  for (const file of [`${name}.tar.gz`, `${name}.tar.gz.ok`, `${node}.ok`]) writeFileSync(file, '')
}

function mend(output: string): void {
  const bytes = readFileSync(output)
  const text = bytes.toString('latin1')
  for (const [pattern, by] of MENDED) {
    const found = [...text.matchAll(pattern)]
    if (found.length === 0) throw new Error(`pkg makes something else than it did: ${pattern} is not in ${output}`)
    for (const { index } of found) bytes.write(by, index, 'latin1')
  }
  rmSync(output)
  writeFileSync(output, bytes, { mode: 0o755 })
}
