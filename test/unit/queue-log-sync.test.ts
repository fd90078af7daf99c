import assert from 'node:assert/strict'
import fs, { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, mock, test } from 'node:test'

/** Syncs that are under way; the test ends them. */
const syncs: (() => void)[] = []
const handles: number[] = []
mock.method(fs, 'fdatasync', (handle: number, done: (error: Error | null) => void) => {
  handles.push(handle)
  syncs.push(() => done(null))
})
const syncedFolders: boolean[] = []
mock.method(fs, 'fsyncSync', (handle: number) => syncedFolders.push(fs.fstatSync(handle).isDirectory()))

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
})
after(() => rmSync(folder, { recursive: true }))

test('who waits is told in order, and a later sync stands for the earlier ones', async () => {
  const { syncBuiltinESMExports } = await import('node:module')
  syncBuiltinESMExports()
  const { LogSync } = await import('../../src/queue/log-sync.ts')
  writeFileSync(join(folder, 'a.db-wal'), '')
  const log = new LogSync(join(folder, 'a.db'))
  assert.deepEqual(syncedFolders, [true]) // or a power cut could take the log's name
  const told: string[] = []
  for (const name of ['first', 'second', 'third']) log.after(() => told.push(name))
  assert.deepEqual(told, [])
  assert.equal(new Set(handles).size, 3) // each is told of a failed write
  syncs[1]!()
  assert.deepEqual(told, ['first', 'second'])
  syncs[0]!()
  assert.deepEqual(told, ['first', 'second'])
  syncs[2]!()
  assert.deepEqual(told, ['first', 'second', 'third'])
  log.close()
})
