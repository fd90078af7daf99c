import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { makeReady, makeUnready, putRestored } from '../../src/gateway/backup/restored-queue.ts'

let folder: string
const put = (name: string, content: string): void => writeFileSync(join(folder, name), content)
const at = (name: string): string | undefined =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'restored-'))
  for (const end of ['', '-wal', '-shm']) put(`journal.db${end}`, `old${end}`)
  const coming = makeUnready(folder)
  mkdirSync(join(coming, 'sub'))
  writeFileSync(join(coming, 'journal.db'), 'new')
  writeFileSync(join(coming, 'sub', 'one.db'), 'new one')
})
afterEach(() => rmSync(folder, { recursive: true }))

function assertPut(): void {
  assert.deepEqual(['journal.db', 'journal.db-wal', 'journal.db-shm', 'sub/one.db', 'restore'].map(at), [
    'new',
    undefined,
    undefined,
    'new one',
    undefined,
  ])
  assert.deepEqual(
    ['journal.db', 'journal.db-wal', 'journal.db-shm'].map((name) => at(`replaced/${name}`)),
    ['old', 'old-wal', 'old-shm'],
  )
}

test('nothing is put before all of it is ready', () => {
  assert.deepEqual(putRestored(folder), [])
  assert.equal(at('journal.db'), 'old')
  makeReady(folder)
  assert.deepEqual(putRestored(folder).toSorted(), ['journal.db', 'sub/one.db'])
  assertPut()
  assert.deepEqual(putRestored(folder), [])
})

test('what was noted of the former journal, which was damaged, does not count for the new one', () => {
  for (const end of ['.suspect', '.salvaged']) put(`journal.db${end}`, 'damage')
  makeReady(folder)
  putRestored(folder)
  assertPut()
  for (const end of ['.suspect', '.salvaged']) {
    assert.deepEqual([at(`journal.db${end}`), at(`replaced/journal.db${end}`)], [undefined, 'damage'])
  }
})

for (const done of [1, 2, 3, 4]) {
  test(`a power cut after ${done} of its steps: the next start comes to the same`, () => {
    makeReady(folder)
    const steps = [
      ['journal.db-wal', 'replaced/journal.db-wal'],
      ['journal.db-shm', 'replaced/journal.db-shm'],
      ['journal.db', 'replaced/journal.db'],
      ['restore/journal.db', 'journal.db'],
    ] as const
    mkdirSync(join(folder, 'replaced'))
    for (const [from, to] of steps.slice(0, done)) renameSync(join(folder, from), join(folder, to))
    putRestored(folder)
    assertPut()
  })
}

test('what an earlier restore has put aside is not taken for what is there', () => {
  mkdirSync(join(folder, 'replaced'))
  put('replaced/journal.db', 'much older')
  makeReady(folder)
  putRestored(folder)
  assertPut()
})
