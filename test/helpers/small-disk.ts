// A small disk of its own for tests that fill it.

import { execFileSync } from 'node:child_process'
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
