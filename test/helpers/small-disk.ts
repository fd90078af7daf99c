// A small disk of its own for tests that fill it.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { atEnd, temporaryFolder } from './journal.ts'

/** A folder that is a file system of this size, gone after the test; undefined, and the test skipped, where mounting is not allowed. */
export function smallDisk(t: TestContext, size: string): string | undefined {
  const folder = temporaryFolder(t)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'holdfast-test', folder], { stdio: 'pipe' })
  } catch {
    t.skip('no right to mount a small disk')
    return undefined
  }
  atEnd(t, () => void execFileSync('umount', [folder]))
  return folder
}

export function makeReadOnly(folder: string): void {
  execFileSync('mount', ['-o', 'remount,ro', folder])
}

/** Down to the last block, by a file `ballast`. */
export function fillDisk(folder: string): void {
  const ballast = join(folder, 'ballast')
  for (let size = 1 << 20; size >= 512; size >>= 1) {
    for (;;) {
      try {
        writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        break
      }
    }
  }
}
