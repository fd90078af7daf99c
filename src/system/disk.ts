// The disk: its free space, what was written to it, and that a file's name is on it.

import fs from 'node:fs'

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
