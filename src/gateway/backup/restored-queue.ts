// A queue that a backup brought: it lies ready in `restore` in the data folder, and the next start, before it opens anything, puts it
// in its place. What was there goes to `replaced`: events may wait in it. Done twice after a power cut it comes to the same.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { lockFolder } from '../../sqlite/lock.ts'
import { replaceFile, syncFolder } from '../../system/disk.ts'

const COMING = '.restore'
const READY = 'restore'
export const REPLACED = 'replaced'
/** Ids of the journals that ran here before, as JSON: what waited in them may have been sent. It comes and goes with the queue. */
const BEFORE = 'restored.json'
const OWNER_ONLY = 0o600
/** SQLite's files beside one, and what is noted of a damaged journal; before it, so that none is ever found beside another. */
const BESIDE = ['-wal', '-shm', '.suspect', '.salvaged', '']

/** An empty folder for what comes. */
export function makeUnready(dataDir: string): string {
  const folder = join(dataDir, COMING)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { mode: 0o700 })
  return folder
}

/** Ids of journals that ran here before a restore put another one in their place. */
export function journalsBefore(dataDir: string): string[] {
  const file = join(dataDir, BEFORE)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as string[]) : []
}

/** @param journals that ran here as soon as what came is in its place */
export function noteJournals(dataDir: string, journals: readonly string[]): void {
  const all = new Set([...journalsBefore(dataDir), ...journals])
  replaceFile(join(dataDir, COMING, BEFORE), JSON.stringify([...all]), OWNER_ONLY)
}

/** All that came, if anything did, counts from the next start on. */
export function makeReady(dataDir: string): void {
  if (!existsSync(join(dataDir, COMING))) return
  for (const name of [READY, REPLACED]) rmSync(join(dataDir, name), { recursive: true, force: true })
  renameSync(join(dataDir, COMING), join(dataDir, READY))
  syncFolder(dataDir)
}

/** What did not become ready. */
export function dropUnready(dataDir: string): void {
  rmSync(join(dataDir, COMING), { recursive: true, force: true })
}

/** @returns names of the databases that were put in the data folder. @throws HoldfastError LOCKED: another gateway has the data folder */
export function putRestored(dataDir: string): string[] {
  const [ready, replaced] = [join(dataDir, READY), join(dataDir, REPLACED)]
  if (!existsSync(ready)) return []
  const lock = lockFolder(dataDir)
  try {
    const found = readdirSync(ready, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const names = found.map((entry) => relative(ready, join(entry.parentPath, entry.name)))
    for (const name of names) {
      for (const file of BESIDE.map((end) => name + end)) {
        if (existsSync(join(dataDir, file)) && !existsSync(join(replaced, file))) {
          move(join(dataDir, file), join(replaced, file))
        }
      }
      move(join(ready, name), join(dataDir, name))
    }
    rmSync(ready, { recursive: true })
    syncFolder(dataDir)
    return names.filter((name) => name !== BEFORE)
  } finally {
    lock.release()
  }
}

function move(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
  renameSync(from, to)
  for (const folder of [dirname(to), dirname(from)]) syncFolder(folder)
}
