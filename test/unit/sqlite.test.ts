import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { HoldfastError } from '../../src/model/errors.ts'
import { lockFolder, readHolder } from '../../src/sqlite/lock.ts'
import { migrate } from '../../src/sqlite/migrate.ts'
import { isDamage, isDiskTrouble, openForRead, openForWrite, sqliteCode } from '../../src/sqlite/open.ts'
import { atEnd, temporaryFolder } from '../helpers/journal.ts'

test('a file is opened durable, with space that can be given back', (t) => {
  const file = path.join(temporaryFolder(t), 'a.db')
  const db = openForWrite(file, { pageSize: 1024 })
  atEnd(t, () => void db.close())
  db.exec('create table x (y)')
  const pragma = (name: string) => db.pragma(name, { simple: true })
  assert.deepEqual(['journal_mode', 'synchronous', 'auto_vacuum', 'page_size'].map(pragma), ['wal', 2, 2, 1024])
  const reader = openForRead(file)
  atEnd(t, () => void reader.close())
  db.exec('insert into x values (1)')
  assert.equal(reader.prepare('select count(*) from x').pluck().get(), 1)
  assert.throws(() => reader.exec('delete from x'), isDiskTrouble)
})

test('migrations run once each, by component', (t) => {
  const db = openForWrite(path.join(temporaryFolder(t), 'a.db'))
  atEnd(t, () => void db.close())
  migrate(db, 'one', ['create table a (x)'])
  migrate(db, 'two', ['create table b (x)'])
  migrate(db, 'one', ['create table a (x)', 'alter table a add y'])
  migrate(db, 'one', ['create table a (x)', 'alter table a add y'])
  assert.deepEqual(db.prepare('select * from schema_version order by component').all(), [
    { component: 'one', version: 2 },
    { component: 'two', version: 1 },
  ])
  assert.throws(() => migrate(db, 'one', ['create table a (x)']), { code: 'NEWER' })
})

test('a migration that fails leaves nothing', (t) => {
  const db = openForWrite(path.join(temporaryFolder(t), 'a.db'))
  atEnd(t, () => void db.close())
  assert.throws(() => migrate(db, 'one', ['create table a (x)', 'no sql']))
  migrate(db, 'one', ['create table a (x)'])
})

test('what SQLite says is sorted', (t) => {
  const file = path.join(temporaryFolder(t), 'a.db')
  fs.writeFileSync(file, 'this is no database, and it is long enough to be looked at '.repeat(20))
  assert.throws(() => openForWrite(file), isDamage)
  assert.equal(sqliteCode(new Error('other')), undefined)
})

test('the lock of a folder ends with its holder, however it dies', async (t) => {
  const folder = temporaryFolder(t)
  const script = `
    import { lockFolder } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../src/sqlite/lock.ts'))}
    lockFolder(${JSON.stringify(folder)})
    console.log('held')
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  atEnd(t, () => void holder.kill('SIGKILL'))
  await once(holder.stdout, 'data')
  assert.equal(readHolder(folder)!.pid, holder.pid)
  assert.throws(
    () => lockFolder(folder),
    (error) =>
      error instanceof HoldfastError && error.code === 'LOCKED' && error.message.includes(`process ${holder.pid}`),
  )
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const lock = lockFolder(folder)
  assert.equal(readHolder(folder)!.pid, process.pid)
  lock.release()
  assert.equal(readHolder(folder), undefined)
  lockFolder(folder).release()
})
