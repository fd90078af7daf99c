// The disk: its free space, what was written to it, and files that a power cut leaves whole.

import fs from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Bytes that this user may still write on the disk of `folder`. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = fs.statfsSync(folder)
  return bavail * bsize
}

/** Bytes that the process has sent to disks since it started; 0 where the kernel does not tell. */
export function writtenBytes(): number {
  return readWritten('/proc/self/io')
}

/** The same for the calling thread alone. */
export function writtenBytesOfThread(): number {
  return readWritten('/proc/thread-self/io')
}

function readWritten(file: string): number {
  try {
    return Number(/^write_bytes: (\d+)/m.exec(fs.readFileSync(file, 'latin1'))?.[1] ?? 0)
  } catch {
    return 0 // not Linux, or a kernel without I/O accounting
  }
}

/** fsync of the folder: a file made in it is there after a power cut. */
export function syncFolder(folder: string): void {
  const handle = fs.openSync(folder, 'r')
  try {
    fs.fsyncSync(handle)
  } finally {
    fs.closeSync(handle)
  }
}

const MADE = /^\..+\.new$/

/** Where a file is written before it is put in its place. */
export const madeBeside = (file: string): string => join(dirname(file), `.${basename(file)}.new`)

/** Takes away what power cuts left of files that were to be put in their places. A folder that may not be written keeps them. */
export function dropHalfMade(folder: string, { below = false } = {}): void {
  if (!fs.existsSync(folder)) return
  try {
    for (const entry of fs.readdirSync(folder, { recursive: below, withFileTypes: true })) {
      if (entry.isFile() && MADE.test(entry.name)) fs.rmSync(join(entry.parentPath, entry.name))
    }
  } catch {}
}

/**
 * Writes a file by a rename, so that a power cut leaves the old or the new. It stays whose it was: a root who changes the
 * file of a service does not take it from it. A link stays a link.
 * @param mode of a new file, and of one that lets everybody do what this does not: that was nobody's decision
 */
export function replaceFile(path: string, content: string | Buffer, mode = 0o644): void {
  const known = fs.statSync(path, { throwIfNoEntry: false })
  const file = known ? fs.realpathSync(path) : path
  const owner = known ?? fs.statSync(dirname(file))
  const made = madeBeside(file)
  fs.rmSync(made, { force: true })
  fs.writeFileSync(made, content, { flush: true, mode, flag: 'wx' })
  if (known && !(known.mode & 0o007 & ~mode)) fs.chmodSync(made, known.mode & 0o777)
  if (process.getuid?.() === 0) fs.chownSync(made, owner.uid, owner.gid)
  fs.renameSync(made, file)
  syncFolder(dirname(file))
}
