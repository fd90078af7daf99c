// What only an embedded file can do to us: locks of outsiders, a folder that can't be written, a file that is no database.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { backend } from '../../src/backends/sqlite/index.ts'
import type { Pool } from '../../src/model/backend.ts'
import { BackendError } from '../../src/model/errors.ts'
import { openForRead, openForWrite } from '../../src/sqlite/open.ts'
import { custom, History, insert } from './operations.ts'
import { exact, never } from './support.ts'

describe('sqlite: what a file may do', () => {
  let dataDir: string
  let file: string
  let pool: Pool
  const open = (database = 'mqtt.db'): Promise<Pool> =>
    backend.open({ name: 'pool1', dataDir, node: 'n1' }, { database, pool_size: 1 })

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'holdfast-sqlite-'))
    file = join(dataDir, 'mqtt.db')
    pool = await open()
    await pool.connect(never)
  })
  afterEach(async () => {
    await pool.close()
    rmSync(dataDir, { recursive: true })
  })

  test("an outsider's lock is waited for, and others go on meanwhile", async () => {
    const history = new History()
    const outsider = openForWrite(file)
    outsider.exec('begin immediate')
    const writing = pool.write(history.events(insert(history.message('a', '1'))), null, exact, never)
    let turns = 0
    for (let n = 0; n < 5; n++) {
      await sleep(20)
      turns++
    }
    assert.equal(turns, 5)
    outsider.exec('commit')
    outsider.close()
    await writing
    assert.equal((await pool.read({ read: 'messages', filter: 'a' }, never)).length, 1)
  })

  test('a lock that stays is transient', async () => {
    const history = new History()
    const outsider = openForWrite(file)
    outsider.exec('begin immediate')
    const writing = pool.write(history.events(insert(history.message('a', '1'))), null, exact, AbortSignal.timeout(100))
    const error = await writing.catch((rejection) => rejection)
    outsider.close()
    assert.ok(error instanceof BackendError)
    assert.deepEqual([error.errorClass, error.code], ['transient', 'SQLITE_BUSY'])
  })

  test('the file can be read from outside: texts as text, bytes as bytes, whole numbers whole', async () => {
    const history = new History()
    const bytes = Buffer.from([0xff, 0])
    await pool.write(
      history.events(insert(history.message('a', 'text')), insert(history.message('a', bytes))),
      null,
      exact,
      never,
    )
    await pool.write(
      history.events(custom(['create table t as select ? as ms', 1_700_000_000_000])),
      null,
      exact,
      never,
    )
    const outside = openForRead(file)
    assert.deepEqual(outside.prepare('select typeof(payload), payload from mqtt_msg').raw().all(), [
      ['text', 'text'],
      ['blob', bytes],
    ])
    assert.equal(outside.prepare('select typeof(ms) from t').pluck().get(), 'integer')
    assert.match(String(outside.prepare('select arrived from mqtt_msg').pluck().get()), /^2026-01-02 03:04:05\.\d{3}$/)
    outside.close()
  })

  test('two statements in one text are permanent', async () => {
    const history = new History()
    const error = await pool.write(history.events(custom(['select 1; select 2'])), null, exact, never).catch((e) => e)
    assert.deepEqual([error.errorClass, error.operation], ['permanent', 0])
  })

  test('a file that is no database is denied, with what to do, and left as it is', async () => {
    writeFileSync(join(dataDir, 'other.db'), 'something else '.repeat(100))
    const other = await open('other.db')
    const error = await other.connect(never).catch((rejection) => rejection)
    assert.equal(error.errorClass, 'denied')
    assert.match(error.hint, /move it aside/)
    assert.match(readFileSync(join(dataDir, 'other.db'), 'utf8'), /^something else/)
  })

  test('the folder of the file is made', async () => {
    const below = await open('below/deep.db')
    await below.connect(never)
    await below.close()
  })
})
