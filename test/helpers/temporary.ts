// Folders of tests that need no end of their own.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders: string[] = []
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A new folder; it goes with this process. */
export function folderUntilExit(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  folders.push(folder)
  return folder
}
