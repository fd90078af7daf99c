import assert from 'node:assert/strict'
import fs, { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, mock, test } from 'node:test'

/** Syncs that are under way; the test ends them. */
const syncs: (() => void)[] = []
mock.method(fs, 'fdatasync', (_fd: number, done: (error: Error | null) => void) => syncs.push(() => done(null)))

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
  const told: string[] = []
  for (const name of ['first', 'second', 'third']) log.after(() => told.push(name))
  assert.deepEqual(told, [])
  syncs[1]!()
  assert.deepEqual(told, ['first', 'second'])
  syncs[0]!()
  assert.deepEqual(told, ['first', 'second'])
  syncs[2]!()
  assert.deepEqual(told, ['first', 'second', 'third'])
  log.close()
})
