import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Journal, JournalClock } from '../../src/queue/journal.ts'
import { appended, bindingOf, openTestJournal, openTestLanes, publish, temporaryFolder } from '../helpers/journal.ts'

const never = new AbortController().signal
const WRONG = Date.UTC(2026, 0, 1)
const TRUE = Date.UTC(2026, 5, 1)

/** A board: its clock starts at some moment of the past, and is set or not. */
class Board implements JournalClock {
  readonly boot: string
  elapsed = 10_000
  offset: number
  isSet = false

  constructor(boot: string, wall = WRONG) {
    this.boot = boot
    this.offset = wall - this.elapsed
  }
  now(): number {
    return this.offset + this.elapsed
  }
  trusted(): boolean {
    return this.isSet
  }
  monotonic(): number {
    return this.elapsed
  }
  set(wall: number): void {
    this.offset = wall - this.elapsed
    this.isSet = true
  }
}

function times(journal: Journal): [number, boolean][] {
  return journal.events(0, 100).map(({ at, trusted }) => [at, trusted])
}

test('rows of a boot are corrected once its clock is set, for lanes as for local reads', async (t) => {
  const clock = new Board('b1')
  const journal = await openTestJournal(t, temporaryFolder(t), { clock })
  const set = journal.set(await journal.intern([bindingOf('pgsql.one')]))
  const first = await appended(journal, publish('t'), set)
  assert.deepEqual([first.at, first.trusted], [WRONG, false])
  assert.deepEqual(times(journal), [[WRONG, false]])
  clock.elapsed += 60_000
  clock.set(TRUE)
  await appended(journal, publish('t'), set)
  assert.deepEqual(times(journal), [
    [TRUE - 60_000, true],
    [TRUE, true],
  ])
  assert.equal(journal.stats().oldestAt, TRUE - 60_000)
  const lanes = openTestLanes(journal)
  const { entries } = await (await lanes.lane('pgsql.one')).next({ events: 9, bytes: 1 << 20 }, never)
  assert.deepEqual(
    entries.map(({ event }) => event.at),
    [TRUE - 60_000, TRUE],
  )
  await lanes.close()
})

test('a clock that jumps after it was set changes nothing that is written', async (t) => {
  const clock = new Board('b1')
  clock.set(TRUE)
  const journal = await openTestJournal(t, temporaryFolder(t), { clock })
  await appended(journal, publish('t'))
  clock.elapsed += 1000
  clock.offset += 5_000_000
  await appended(journal, publish('t'))
  assert.deepEqual(times(journal), [
    [TRUE, true],
    [TRUE + 5_001_000, true],
  ])
})

test('a boot that never had the time is held between its neighbours, and marked', async (t) => {
  const folder = temporaryFolder(t)
  const known = new Board('b1')
  known.set(TRUE)
  const first = await openTestJournal(t, folder, { clock: known })
  await appended(first, publish('t'))
  await first.close()

  // its clock begins in the past, then an operator's mistake puts it in the far future
  const lost = new Board('b2', WRONG)
  const second = await openTestJournal(t, folder, { clock: lost })
  await appended(second, publish('t'))
  lost.offset = TRUE + 1e12
  await appended(second, publish('t'))
  const dead = second.lastAliveAt!
  assert.ok(dead >= TRUE && dead < TRUE + 60_000)
  assert.deepEqual(times(second)[1], [dead, false])
  await second.close()

  const later = new Board('b3')
  const third = await openTestJournal(t, folder, { clock: later })
  later.elapsed += 5000
  later.set(TRUE + 3600_000)
  await appended(third, publish('t'))
  assert.deepEqual(times(third), [
    [TRUE, true],
    [dead, false],
    [TRUE + 3_595_000, false],
    [TRUE + 3_600_000, true],
  ])
})

test('a restart within a boot goes on in it', async (t) => {
  const folder = temporaryFolder(t)
  const clock = new Board('b1')
  const first = await openTestJournal(t, folder, { clock })
  await appended(first, publish('t'))
  await first.close()
  const second = await openTestJournal(t, folder, { clock })
  clock.elapsed += 1000
  clock.set(TRUE)
  await appended(second, publish('t'))
  assert.deepEqual(times(second), [
    [TRUE - 1000, true],
    [TRUE, true],
  ])
  assert.equal(second.reader.prepare('select count(*) from boot').pluck().get(), 1)
})
