// The runtime that goes into a binary: the official one, as npm has it, pinned by the lock file, without the tables that only
// debuggers read.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripElf } from './elf.ts'
import { type Architecture, CACHE, progress, ROOT, readJson } from './place.ts'

interface Locked {
  readonly version: string
  readonly integrity: string
}

function locked(architecture: Architecture): Locked {
  return readJson('package-lock.json').packages[`node_modules/node-linux-${architecture}`]
}

export const runtimeVersion = (architecture: Architecture): string => locked(architecture).version

/** @returns the path of the runtime of `architecture`, stripped */
export function runtime(architecture: Architecture): string {
  const folder = join(CACHE, `node-${runtimeVersion(architecture)}-${architecture}`)
  const file = join(folder, 'node')
  if (existsSync(file)) return file
  mkdirSync(folder, { recursive: true })
  const beside = `${file}.${process.pid}`
  writeFileSync(beside, stripElf(official(architecture, folder)), { mode: 0o755 })
  renameSync(beside, file)
  return file
}

/** Installed is the one of this machine; another is fetched, and is what the lock file says it is. */
function official(architecture: Architecture, folder: string): Buffer {
  const name = `node-linux-${architecture}`
  const installed = join(ROOT, 'node_modules', name, 'bin/node')
  if (existsSync(installed)) return readFileSync(installed)
  const { version, integrity } = locked(architecture)
  progress(`fetching ${name} ${version} (once)`)
  const words = ['pack', `${name}@${version}`, '--json', '--ignore-scripts', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(execFileSync('npm', words, { cwd: ROOT, encoding: 'utf8' }))
  const archive = join(folder, filename)
  try {
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
    if (found !== integrity) throw new Error(`${filename} has ${found}, but package-lock.json says ${integrity}`)
    return execFileSync('tar', ['xzOf', archive, 'package/bin/node'], { maxBuffer: 1 << 30 })
  } finally {
    rmSync(archive)
  }
}
