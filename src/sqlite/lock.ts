// One gateway a data folder. The lock is SQLite's on an empty file: the kernel gives it up when the process dies, however
// it dies, so there is no stale lock and no pid to be mistaken about. Who holds it is told by a note beside it.

import fs from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { HoldfastError } from '../model/errors.ts'
import { sqliteCode } from './open.ts'

const FILE = 'lock'
const NOTE = 'lock.json'

export interface Holder {
  readonly pid: number
  /** ISO time. */
  readonly since: string
}

export interface FolderLock {
  release(): void
}

/** Throws HoldfastError LOCKED, naming the holder; other errors are the folder's (not writable, no space). */
export function lockFolder(folder: string): FolderLock {
  const db = new Database(path.join(folder, FILE), { timeout: 0 })
  try {
    db.exec('begin exclusive')
  } catch (error) {
    db.close()
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY')) throw locked(folder)
    throw error
  }
  const holder: Holder = { pid: process.pid, since: new Date().toISOString() }
  writeNote(folder, holder)
  return {
    release() {
      fs.rmSync(path.join(folder, NOTE), { force: true })
      db.close()
    },
  }
}

/** Who holds the folder, as far as its note tells; undefined when there is none. Says nothing about whether it still lives. */
export function readHolder(folder: string): Holder | undefined {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, NOTE), 'utf8')) as Holder
  } catch {
    return undefined
  }
}

// A full disk must not keep the gateway from starting, and the lock holds without its note.
function writeNote(folder: string, holder: Holder): void {
  try {
    fs.writeFileSync(path.join(folder, NOTE), JSON.stringify(holder))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

function locked(folder: string): HoldfastError {
  const holder = readHolder(folder)
  const who = holder ? `process ${holder.pid}, since ${holder.since}` : 'another process'
  return new HoldfastError('LOCKED', `the data folder ${folder} is in use by ${who}`, {
    hint: 'stop the other gateway, or give this one its own folder with --data',
  })
}
