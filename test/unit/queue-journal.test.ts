import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { HoldfastError } from '../../src/model/errors.ts'
import type { HookEvent } from '../../src/model/event.ts'
import { type LocalTables, openJournal } from '../../src/queue/journal.ts'
import { until } from '../helpers/gateway.ts'
import {
  appended,
  bindingOf,
  journalOptions,
  openTestJournal,
  openTestLanes,
  posted,
  publish,
  temporaryFolder,
} from '../helpers/journal.ts'

const notes: LocalTables = {
  name: 'notes',
  migrations: ['create table note (key text primary key, value blob)'],
  statements: {
    put: 'insert or replace into note values (?, ?)',
    delete: 'delete from note where key = ?',
  },
}

test('what was told to be on disk is there after the next start', async (t) => {
  const folder = temporaryFolder(t)
  const first = await openTestJournal(t, folder)
  assert.equal(first.lastSeq, 0)
  assert.equal(first.lastAliveAt, null)
  const made: HookEvent[] = []
  for (let i = 0; i < 10; i++) made.push(await appended(first, publish(`t/${i}`, `payload ${i}`)))
  assert.equal(first.lastSeq, 10)
  assert.equal(first.stats().events, 10)
  await first.close()

  const second = await openTestJournal(t, folder)
  assert.deepEqual(
    second.events(0, 100).map((event) => ({ ...event, id: `${event.id}` })),
    made.map((event) => ({ ...event, id: `${event.id}` })),
  )
  assert.equal(second.lastSeq, 10)
  assert.equal(second.stats().events, 10)
  assert.ok(second.lastAliveAt! >= made.at(-1)!.at)
  assert.equal(second.identity.id, first.identity.id)
  const next = await appended(second, publish('next'))
  assert.equal(next.seq, 11)
  assert.ok(`${next.id}` > `${made.at(-1)!.id}`)
})

test('appends, posts and turns are told in the order in which they were made', async (t) => {
  const journal = await openTestJournal(t, temporaryFolder(t), { tables: [notes] })
  const told: number[] = []
  const made: number[] = []
  let n = 0
  const one = () => {
    const number = n++
    made.push(number)
    const done = () => {
      told.push(number)
      // also what is made while others are told waits for its turn
      if (number % 7 === 0 && n < 3000) one()
    }
    if (number % 3 === 0) journal.append(publish('a'), 0, done)
    else if (number % 3 === 1) journal.post({ statement: 'notes.put', values: [`${number}`, null] }, done)
    else journal.after(done)
  }
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 100; i++) one()
    await new Promise((resolve) => setTimeout(resolve, round % 3))
  }
  await until('all are told', () => told.length === made.length)
  assert.deepEqual(told, made)
})

test('a turn with nothing before it is taken at once', async (t) => {
  const journal = await openTestJournal(t, temporaryFolder(t))
  await appended(journal, publish('a'))
  let taken = false
  journal.after(() => {
    taken = true
  })
  assert.equal(taken, true)
})

test('local truth commits with its event', async (t) => {
  const folder = temporaryFolder(t)
  const journal = await openTestJournal(t, folder, { tables: [notes] })
  await appended(journal, publish('a'), 0, [{ statement: 'notes.put', values: ['k', Buffer.from([1])] }])
  await posted(journal, 'notes.put', ['l', 'text'])
  await posted(journal, 'notes.delete', ['l'])
  assert.deepEqual(journal.reader.prepare('select * from note').all(), [{ key: 'k', value: Buffer.from([1]) }])
})

test('close commits what waits', async (t) => {
  const folder = temporaryFolder(t)
  const journal = await openTestJournal(t, folder)
  let told = 0
  for (let i = 0; i < 1000; i++) journal.append(publish('a'), 0, (error) => (error ? assert.fail(error) : told++))
  await journal.close()
  assert.equal(told, 1000)
  assert.equal((await openTestJournal(t, folder)).lastSeq, 1000)
})

test('a definition keeps its number, whatever the order of its keys', async (t) => {
  const folder = temporaryFolder(t)
  const [a, b] = [bindingOf('pgsql.one'), bindingOf('pgsql.two', { topic: 'x/#' })]
  const first = await openTestJournal(t, folder)
  const ids = await first.intern([a, b])
  const set = first.set(ids)
  assert.equal(first.set([...ids].reverse()), set)
  assert.equal(first.set([]), 0)
  await appended(first, publish('a'), set)
  await first.close()
  const second = await openTestJournal(t, folder)
  const shuffled = Object.fromEntries(Object.entries(b).reverse()) as unknown as typeof b
  assert.deepEqual(await second.intern([shuffled, a]), [...ids].reverse())
  assert.equal(second.set(ids), set)
})

test('the second gateway is told who holds the folder', async (t) => {
  const folder = temporaryFolder(t)
  await openTestJournal(t, folder)
  await assert.rejects(openJournal(journalOptions(folder)), (error: HoldfastError) => {
    assert.equal(error.code, 'LOCKED')
    assert.match(error.message, new RegExp(`process ${process.pid}, since `))
    return true
  })
})

test('tables of a newer program are refused', async (t) => {
  const folder = temporaryFolder(t)
  const newer = { ...notes, migrations: [...notes.migrations, 'create table later (x)'] }
  await (await openTestJournal(t, folder, { tables: [newer] })).close()
  await assert.rejects(openJournal(journalOptions(folder, { tables: [notes] })), { code: 'NEWER' })
  await openTestJournal(t, folder, { tables: [newer] })
})

test('a copied journal takes a new id, and remembers from whom', async (t) => {
  const [folder, copy] = [temporaryFolder(t), temporaryFolder(t)]
  const original = await openTestJournal(t, folder)
  await appended(original, publish('a'))
  const old = await appended(original, publish('b'))
  await original.close()
  fs.cpSync(folder, copy, { recursive: true, preserveTimestamps: true })

  const again = await openTestJournal(t, folder)
  assert.equal(again.identity.id, original.identity.id)
  const copied = await openTestJournal(t, copy)
  const { identity } = copied
  assert.notEqual(identity.id, original.identity.id)
  assert.deepEqual({ ...identity, id: '' }, { id: '', parent: original.identity.id, inheritedUpTo: 2, copied: 1 })
  const next = await appended(copied, publish('c'))
  assert.notEqual(next.id.node, old.id.node)
  await copied.close()
  assert.deepEqual((await openTestJournal(t, copy)).identity, identity)
})

test('a new id on demand is kept', async (t) => {
  const folder = temporaryFolder(t)
  const journal = await openTestJournal(t, folder)
  const before = await appended(journal, publish('a'))
  const lanes = openTestLanes(journal)
  const identity = await journal.takeNewIdentity('a twin')
  assert.equal(identity.parent === null, false)
  const after = await appended(journal, publish('a'))
  assert.notEqual(after.id.node, before.id.node)
  await lanes.lane('pgsql.one')
  assert.equal(lanes.journal.id, identity.id)
  await lanes.close()
  await journal.close()
  assert.deepEqual((await openTestJournal(t, folder)).identity, identity)
})

test('who was online at death is known at the next start', async (t) => {
  const folder = temporaryFolder(t)
  const journal = await openTestJournal(t, folder)
  await posted(journal, 'online.put', ['a', 5])
  await posted(journal, 'online.put', ['b', 6])
  await posted(journal, 'online.delete', ['a'])
  await journal.close()
  const next = await openTestJournal(t, folder)
  assert.deepEqual(next.onlineAtDeath, [{ clientid: 'b', at: 6 }])
})

test('ids grow over a clock that jumps back and a restart', async (t) => {
  const folder = temporaryFolder(t)
  let now = 2_000_000_000_000
  const clock = { now: () => now, trusted: () => true }
  const first = await openTestJournal(t, folder, { clock })
  const a = await appended(first, publish('a'))
  now -= 1e9
  const b = await appended(first, publish('a'))
  await first.close()
  now -= 1e9
  const c = await appended(await openTestJournal(t, folder, { clock }), publish('a'))
  assert.ok(`${a.id}` < `${b.id}`)
  assert.ok(`${b.id}` < `${c.id}`)
})

test('a folder that is no folder is named in the error', async (t) => {
  const file = path.join(temporaryFolder(t), 'file')
  fs.writeFileSync(file, '')
  await assert.rejects(openJournal(journalOptions(file)), { code: 'READ_ONLY' })
})
