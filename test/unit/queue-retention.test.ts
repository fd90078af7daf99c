import assert from 'node:assert/strict'
import fs from 'node:fs'
import { type TestContext, test } from 'node:test'
import type { Journal } from '../../src/queue/journal.ts'
import { until } from '../helpers/gateway.ts'
import { appended, bindingOf, openTestJournal, openTestLanes, publish, temporaryFolder } from '../helpers/journal.ts'

async function appendMany(journal: Journal, set: number, count: number, text = 'x'.repeat(300)): Promise<void> {
  for (let i = 0; i < count; i += 500) {
    await Promise.all(Array.from({ length: 500 }, () => appended(journal, publish('t', text), set)))
  }
}

const firstSeq = (journal: Journal): number => journal.events(0, 1)[0]!.seq

async function young(t: TestContext, folder = temporaryFolder(t)): Promise<Journal> {
  return openTestJournal(t, folder, { retainMs: 0 })
}

test('rows leave when every lane and every floor has passed them, and the file shrinks', async (t) => {
  const journal = await young(t)
  const lanes = openTestLanes(journal)
  const set = journal.set(await journal.intern([bindingOf('pgsql.one'), bindingOf('pgsql.two')]))
  journal.setFloor('sessions', 15_001)
  await appendMany(journal, set, 40_000)
  const [one, two] = [await lanes.lane('pgsql.one'), await lanes.lane('pgsql.two')]
  one.move(40_000)
  two.move(5000)
  await until('the slow lane holds', () => firstSeq(journal) === 5001)
  two.move(40_000)
  await until('the floor holds', () => firstSeq(journal) === 15_001)
  assert.equal(journal.stats().oldestAt, journal.event(15_001)!.at)
  const before = fs.statSync(journal.reader.name).size
  journal.setFloor('sessions', Number.POSITIVE_INFINITY)
  await until('only the last row is left', () => firstSeq(journal) === 40_000)
  await appended(journal, publish('t'))
  assert.equal(journal.stats().events, 2)
  await until('the file shrinks', () => Number(journal.reader.pragma('page_count', { simple: true })) < 5000)
  await lanes.close()
  await journal.close()
  assert.ok(fs.statSync(journal.reader.name).size < before / 2)
})

test('rows younger than queue.retain stay', async (t) => {
  let now = Date.now()
  const clock = { now: () => now, trusted: () => true }
  const journal = await openTestJournal(t, temporaryFolder(t), { retainMs: 60_000, clock })
  await appendMany(journal, 0, 1000)
  now += 50_000
  await appendMany(journal, 0, 1000)
  now += 20_000
  await appended(journal, publish('t'))
  await until('the old ones are gone', () => firstSeq(journal) === 1001)
})

test('bindings that no row names any more are forgotten, but not while a dead letter names them', async (t) => {
  const folder = temporaryFolder(t)
  const before = await young(t, folder)
  const ids = await before.intern([bindingOf('pgsql.one'), bindingOf('pgsql.two')])
  await appended(before, publish('t'), before.set(ids))
  const first = openTestLanes(before)
  await (await first.lane('pgsql.two')).deadLetter({ seq: 1, binding: ids[1]!, code: '', message: '', operation: '' })
  await first.close()
  await before.close()

  const journal = await young(t, folder)
  await appendMany(journal, 0, 1000)
  const lanes = openTestLanes(journal)
  for (const pool of ['pgsql.one', 'pgsql.two'] as const) (await lanes.lane(pool)).move(1001)
  const stored = (table: string) => journal.reader.prepare(`select id from ${table}`).pluck().all()
  await until('the rows are gone', () => firstSeq(journal) > 1)
  await appended(journal, publish('t'))
  await until('the set is forgotten', () => stored('binding_set').length === 0)
  assert.deepEqual(stored('binding'), [ids[1]])
  assert.deepEqual(journal.deadLetters.show(1)!.boundTo, bindingOf('pgsql.two'))
  assert.ok((await journal.intern([bindingOf('pgsql.one')]))[0]! > 0)
  await lanes.close()
})
