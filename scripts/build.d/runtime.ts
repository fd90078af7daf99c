// The runtime that goes into a binary: the official one, as npm has it, pinned by the lock file, without the tables that only
// debuggers read.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
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

/** @returns where the runtime of `architecture` is, stripped, with its licence beside it */
export function runtimeFolder(architecture: Architecture): string {
  const folder = join(CACHE, `runtime-${runtimeVersion(architecture)}-${architecture}`)
  if (existsSync(folder)) return folder
  const beside = `${folder}.${process.pid}`
  mkdirSync(beside, { recursive: true })
  const official = fetched(architecture, beside)
  writeFileSync(join(beside, 'node'), stripElf(readFileSync(join(official, 'bin/node'))), { mode: 0o755 })
  copyFileSync(join(official, 'LICENSE'), join(beside, 'LICENSE'))
  rmSync(join(beside, 'package'), { recursive: true, force: true })
  renameSync(beside, folder)
  return folder
}

/** @returns the path of the runtime itself */
export const runtime = (architecture: Architecture): string => join(runtimeFolder(architecture), 'node')

/** Installed is the package of this machine; another is fetched, and is what the lock file says it is. @returns its folder */
function fetched(architecture: Architecture, folder: string): string {
  const name = `node-linux-${architecture}`
  const installed = join(ROOT, 'node_modules', name)
  if (existsSync(installed)) return installed
  const { version, integrity } = locked(architecture)
  progress(`fetching ${name} ${version} (once)`)
  const words = ['pack', `${name}@${version}`, '--json', '--ignore-scripts', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(execFileSync('npm', words, { cwd: ROOT, encoding: 'utf8' }))
  const archive = join(folder, filename)
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
  if (found !== integrity) throw new Error(`${filename} has ${found}, but package-lock.json says ${integrity}`)
  execFileSync('tar', ['xzf', archive, '-C', folder, 'package/bin/node', 'package/LICENSE'])
  rmSync(archive)
  return join(folder, 'package')
}
