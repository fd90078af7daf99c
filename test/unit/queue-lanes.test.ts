import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { PoolId } from '../../src/model/binding.ts'
import type { Journal } from '../../src/queue/journal.ts'
import type { Batch, Lane, Lanes } from '../../src/queue/lanes.ts'
import { until } from '../helpers/gateway.ts'
import { appended, bindingOf, openTestJournal, openTestLanes, publish, temporaryFolder } from '../helpers/journal.ts'

const MANY = { events: 1000, bytes: 1 << 20 }
const never = new AbortController().signal

interface Scene {
  readonly folder: string
  readonly journal: Journal
  readonly lanes: Lanes
  /** A set of one binding each of these pools. */
  set(...pools: PoolId[]): Promise<number>
}

async function scene(t: TestContext, folder = temporaryFolder(t)): Promise<Scene> {
  const journal = await openTestJournal(t, folder)
  const lanes = openTestLanes(journal)
  return {
    folder,
    journal,
    lanes,
    set: async (...pools) => journal.set(await journal.intern(pools.map((pool) => bindingOf(pool)))),
  }
}

const seqs = ({ entries }: Batch): number[] => entries.map(({ event }) => event.seq)

test('a lane brings its pool’s events, with its pool’s bindings, in order', async (t) => {
  const { journal, lanes, set } = await scene(t)
  const [one, both] = [await set('pgsql.one'), await set('pgsql.one', 'pgsql.two')]
  for (const number of [one, both, 0, one, both]) await appended(journal, publish('t'), number)
  const [first, second] = [await lanes.lane('pgsql.one'), await lanes.lane('pgsql.two')]
  assert.deepEqual(seqs(await first.next(MANY, never)), [1, 2, 4, 5])
  const batch = await second.next(MANY, never)
  assert.deepEqual(seqs(batch), [2, 5])
  assert.deepEqual(
    batch.entries[0]!.bindings.map(({ binding }) => binding.pool),
    ['pgsql.two'],
  )
  assert.equal(batch.upTo, 5)
  await lanes.close()
})

test('what was given up stays so, over a rewind and a restart; what is before and behind it does not', async (t) => {
  const { folder, journal, lanes, set } = await scene(t)
  const one = await set('pgsql.one')
  for (let i = 0; i < 10; i++) await appended(journal, publish('t'), one)
  const lane = await lanes.lane('pgsql.one')
  lane.move(3)
  await lane.giveUp(6)
  assert.equal(lane.cursor, 6)
  lane.move(8)
  await lane.giveUp(7) // it is past that
  const passing = (of: Lane): number[] => {
    const found: number[] = []
    for (let at = of.cursor; at < of.lastSeq; ) {
      const batch = of.peek(at, MANY)
      found.push(...seqs(batch))
      at = batch.upTo
    }
    return found
  }
  lane.rewind(4)
  assert.deepEqual(passing(lane), [7, 8, 9, 10])
  lane.rewind(1)
  assert.deepEqual(passing(lane), [2, 3, 7, 8, 9, 10])
  await lanes.close()
  await journal.close()
  const again = await scene(t, folder)
  const reopened = await again.lanes.lane('pgsql.one')
  reopened.rewind(0)
  assert.deepEqual(passing(reopened), [1, 2, 3, 7, 8, 9, 10])
  await again.lanes.close()
})

test('reading removes nothing; the cursor does', async (t) => {
  const { journal, lanes, set } = await scene(t)
  const one = await set('pgsql.one')
  for (let i = 0; i < 10; i++) await appended(journal, publish('t'), one)
  const lane = await lanes.lane('pgsql.one')
  assert.deepEqual(seqs(await lane.next({ events: 3, bytes: 1 << 20 }, never)), [1, 2, 3])
  assert.deepEqual(seqs(await lane.next({ events: 3, bytes: 1 << 20 }, never)), [1, 2, 3])
  assert.deepEqual(seqs(lane.peek(8, MANY)), [9, 10])
  lane.move(3)
  lane.move(2)
  assert.equal(lane.cursor, 3)
  assert.deepEqual(seqs(await lane.next({ events: 100, bytes: 1 }, never)), [4])
  lane.rewind(1)
  assert.deepEqual(seqs(lane.peek(lane.cursor, MANY)), [2, 3, 4, 5, 6, 7, 8, 9, 10])
  assert.equal(lane.lag().events, 9)
  assert.equal(`${lane.eventAt(5)}`, `${journal.event(5)!.id}`)
  assert.equal(lane.eventAt(99), undefined)
  await lanes.close()
})

test('a waiting lane is woken, passes what is not its own, and can be aborted', async (t) => {
  const { journal, lanes, set } = await scene(t)
  const [one, two] = [await set('pgsql.one'), await set('pgsql.two')]
  const lane = await lanes.lane('pgsql.one')
  const waiting = lane.next(MANY, never)
  for (let i = 0; i < 5; i++) await appended(journal, publish('t'), two)
  await until('the cursor passes', () => lane.cursor === 5)
  await appended(journal, publish('t'), one)
  assert.deepEqual(seqs(await waiting), [6])
  lane.move(6)
  const abort = new AbortController()
  const aborted = lane.next(MANY, abort.signal)
  abort.abort(new Error('enough'))
  await assert.rejects(aborted, /enough/)
  await lanes.close()
})

test('bindings that a new configuration does not know any more still come with their events', async (t) => {
  const folder = temporaryFolder(t)
  const before = await scene(t, folder)
  await appended(before.journal, publish('t'), await before.set('pgsql.one'))
  await before.lanes.close()
  await before.journal.close()
  const { lanes } = await scene(t, folder)
  const lane = await lanes.lane('pgsql.one')
  assert.deepEqual((await lane.next(MANY, never)).entries[0]!.bindings, [{ id: 1, binding: bindingOf('pgsql.one') }])
  await lanes.close()
})

test('a new pool begins with the events that are bound to it', async (t) => {
  const { journal, lanes, set } = await scene(t)
  const one = await set('pgsql.one')
  await appended(journal, publish('t'), one)
  const two = await set('pgsql.two')
  await appended(journal, publish('t'), two)
  assert.equal((await lanes.lane('pgsql.two')).cursor, 1)
  assert.equal((await lanes.lane('sqlite.unbound')).cursor, 2)
  assert.deepEqual(
    lanes.list().map(({ pool, cursor }) => [pool, cursor]),
    [
      ['pgsql.one', 0],
      ['pgsql.two', 1],
      ['sqlite.unbound', 2],
    ],
  )
  await lanes.close()
})

test('cursors survive a restart', async (t) => {
  const folder = temporaryFolder(t)
  const before = await scene(t, folder)
  const one = await before.set('pgsql.one')
  for (let i = 0; i < 4; i++) await appended(before.journal, publish('t'), one)
  const lane = await before.lanes.lane('pgsql.one')
  lane.move(3)
  await before.lanes.lane('pgsql.two') // an answer: the move has arrived
  await before.lanes.close()
  await before.journal.close()
  const { lanes } = await scene(t, folder)
  assert.equal((await lanes.lane('pgsql.one')).cursor, 3)
  await lanes.close()
})

test('dead letters are kept, shown, retried once and dropped', async (t) => {
  const { journal, lanes, set } = await scene(t)
  const both = await set('pgsql.one', 'pgsql.two')
  const event = await appended(journal, publish('t', 'bad'), both)
  const lane = await lanes.lane('pgsql.one')
  const letter = { seq: 1, binding: 1, code: '23505', message: 'duplicate', operation: 'insert …' }
  assert.equal(await lane.deadLetter(letter), true)
  assert.equal(await lane.deadLetter(letter), false, 'it is there already')
  await lane.deadLetter({ ...letter, binding: 2 })
  await assert.rejects(lane.deadLetter({ ...letter, seq: 99 }), { code: 'NOT_FOUND' })
  lane.move(1)

  const { deadLetters } = journal
  assert.equal(deadLetters.count('pgsql.one'), 2)
  assert.equal(deadLetters.count('pgsql.two'), 0)
  const [first, second] = deadLetters.list({ pool: 'pgsql.one' })
  assert.deepEqual({ ...first, at: 0 }, { id: 1, pool: 'pgsql.one', ...letter, at: 0 })
  const shown = deadLetters.show(first!.id)!
  assert.equal(`${shown.event.payload}`, 'bad')
  assert.deepEqual(shown.boundTo, bindingOf('pgsql.one'))

  const twice = await Promise.allSettled([deadLetters.retry(first!.id), deadLetters.retry(first!.id)])
  assert.deepEqual(twice.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  await deadLetters.drop(second!.id)
  await assert.rejects(deadLetters.drop(second!.id), { code: 'NOT_FOUND' })
  assert.equal(deadLetters.count(), 0)

  const batch = await lane.next(MANY, never)
  assert.deepEqual(seqs(batch), [2])
  assert.equal(`${batch.entries[0]!.event.id}`, `${event.id}`)
  assert.deepEqual(
    batch.entries[0]!.bindings.map(({ id }) => id),
    [1],
  )
  const other = await lanes.lane('pgsql.two')
  assert.deepEqual(seqs(await other.next(MANY, never)), [1])
  assert.deepEqual(
    journal.events(0, 10).map(({ seq }) => seq),
    [1],
    'a copy is no news',
  )
  await lanes.close()
})

test('ids grow also when the newest row is the copy of an old event', async (t) => {
  const folder = temporaryFolder(t)
  const before = await scene(t, folder)
  const one = await before.set('pgsql.one')
  await appended(before.journal, publish('t'), one)
  await (await before.lanes.lane('pgsql.one')).deadLetter({ seq: 1, binding: 1, code: '', message: '', operation: '' })
  const newest = await appended(before.journal, publish('t'), one)
  await before.journal.deadLetters.retry(1)
  await before.lanes.close()
  await before.journal.close()
  const clock = { now: () => 0, trusted: () => true }
  const after = await openTestJournal(t, folder, { clock })
  const next = await appended(after, publish('t'))
  assert.ok(`${next.id}` > `${newest.id}`)
})
