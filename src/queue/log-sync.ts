// Brings commits to the disk while the next ones are written. SQLite's own sync would hold the writer for as long as the disk
// takes; with `synchronous = NORMAL` a commit only appends to the write-ahead log, and this syncs the log's file: what a
// sync that began after the commit has ended is as durable as with FULL. (SQLite syncs the log itself before it is brought
// into the database, and its header when it begins anew.)

import { closeSync, fdatasync, openSync } from 'node:fs'
import path from 'node:path'
import { syncFolder } from '../system/disk.ts'

/** Syncs at one time, each on a handle of its own: the kernel tells a failed write once a handle, to whichever sync asks first. */
const HANDLES = 3

interface Waiting {
  readonly done: () => void
  synced: boolean
}

export class LogSync {
  readonly #handles: readonly number[]
  #next = 0
  readonly #waiting: Waiting[] = []

  /** @param file the database's, whose log is there */
  constructor(file: string) {
    this.#handles = Array.from({ length: HANDLES }, () => openSync(`${file}-wal`, 'r+'))
    syncFolder(path.dirname(file)) // the log was made anew at this start
  }

  /**
   * Calls `done` when everything that is in the log now is on the disk, in the order of the calls. A sync that fails is
   * thrown and ends the process: the kernel may have dropped what it could not write, so nobody knows what the disk holds
   * before the file is read again.
   */
  after(done: () => void): void {
    const entry: Waiting = { done, synced: false }
    this.#waiting.push(entry)
    fdatasync(this.#handles[this.#next++ % HANDLES]!, (error) => {
      if (error) throw error
      this.#synced(entry)
    })
  }

  /** For a clean end: nothing waits. */
  close(): void {
    for (const handle of this.#handles) closeSync(handle)
  }

  /** What came before it is on the disk with it. */
  #synced(entry: Waiting): void {
    for (const earlier of this.#waiting.slice(0, this.#waiting.indexOf(entry) + 1)) earlier.synced = true
    while (this.#waiting[0]?.synced) this.#waiting.shift()!.done()
  }
}
