import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '../../src/log/logger.ts'
import { QueueFull } from '../../src/model/errors.ts'
import { type Journal, openJournal } from '../../src/queue/journal.ts'
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
import { fillDisk, makeReadOnly, smallDisk } from '../helpers/small-disk.ts'

const KILOBYTE = 'x'.repeat(1000)
const never = new AbortController().signal
const ALL = { events: 100_000, bytes: 1 << 30 }

/** Appends 50 at a time until one is refused. @returns how many were not */
async function fill(journal: Journal, set: number, most = 20_000): Promise<number> {
  for (let accepted = 0; accepted < most; accepted += 50) {
    const fates = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => appended(journal, publish(`t/${i}`, KILOBYTE), set)),
    )
    const refused = fates.find((fate) => fate.status === 'rejected')
    if (!refused) continue
    assert.ok(refused.reason instanceof QueueFull, String(refused.reason))
    return accepted + fates.filter(({ status }) => status === 'fulfilled').length
  }
  return most
}

test('beyond max_bytes appends are refused, local writes are not; room that a lane makes is used', async (t) => {
  const maxBytes = 1 << 20
  const journal = await openTestJournal(t, temporaryFolder(t), { maxBytes })
  const set = journal.set(await journal.intern([bindingOf('pgsql.one')]))
  const accepted = await fill(journal, set)
  assert.ok(accepted > 500 && accepted < 1100, `${accepted} were accepted`)
  assert.match(journal.stats().full!, /max_bytes/)
  assert.equal(journal.stats().events, accepted)
  assert.ok(journal.stats().bytes <= maxBytes)
  assert.ok(journal.stats().dropped.refused > 0)
  await posted(journal, 'online.put', ['c', 1])

  const lanes = openTestLanes(journal)
  const lane = await lanes.lane('pgsql.one')
  lane.move(lane.lastSeq)
  await until('there is room', () => journal.stats().full === null)
  await appended(journal, publish('t', KILOBYTE), set)
  assert.equal(await fill(journal, set, 200), 200)
  await lanes.close()
})

test('what sessions wait for is not taken for want of room', async (t) => {
  const journal = await openTestJournal(t, temporaryFolder(t), { maxBytes: 1 << 20, floors: ['sessions'] })
  const accepted = await fill(journal, 0)
  assert.equal(journal.events(0, 10_000).length, accepted)
  journal.setFloor('sessions', 200)
  await until('there is room', () => journal.stats().full === null)
  assert.ok(journal.events(0, 1)[0]!.seq > 1)
  assert.ok(journal.event(200))
})

test('drop_oldest takes from the lane that is furthest behind, and counts', async (t) => {
  const journal = await openTestJournal(t, temporaryFolder(t), { maxBytes: 1 << 20, full: 'drop_oldest' })
  const lanes = openTestLanes(journal)
  const both = journal.set(await journal.intern([bindingOf('pgsql.slow'), bindingOf('pgsql.quick')]))
  const none = journal.set(await journal.intern([bindingOf('pgsql.quick')]))
  const [slow, quick] = [await lanes.lane('pgsql.slow'), await lanes.lane('pgsql.quick')]
  for (let round = 0; round < 30; round++) {
    assert.equal(await fill(journal, round % 2 ? both : none, 100), 100)
    quick.move(quick.lastSeq)
  }
  const { dropped, events } = journal.stats()
  await until('the lane has heard of it', () => slow.cursor > 0)
  const left = await slow.next(ALL, never)
  assert.equal(dropped.oldest['pgsql.slow']! + left.entries.length, 1500)
  assert.equal(dropped.oldest['pgsql.quick'], undefined)
  assert.ok(events < 1100)
  assert.equal(dropped.refused, 0)
  await lanes.close()
})

test('the reserve of the disk is left alone', async (t) => {
  const folder = smallDisk(t, '24m')
  if (folder === undefined) return
  const reserveBytes = 8 << 20
  const journal = await openTestJournal(t, folder, { reserveBytes })
  const accepted = await fill(journal, journal.set(await journal.intern([bindingOf('pgsql.one')])))
  assert.ok(accepted > 1000 && accepted < 16_000, `${accepted} were accepted`)
  assert.match(journal.stats().full!, /reserve/)
  const { bavail, bsize } = fs.statfsSync(folder)
  const log = 4 << 20 // may come into the file after the last look
  assert.ok(bavail * bsize > reserveBytes - log, `${bavail * bsize} are free`)
})

test('a full disk: nothing is acknowledged that is not there, and it goes on when there is space', async (t) => {
  const folder = smallDisk(t, '8m')
  if (folder === undefined) return
  const lines: string[] = []
  const log = createLogger({ level: 'info', pretty: false, destination: { write: (line) => void lines.push(line) } })
  const journal = await openTestJournal(t, folder, { log })
  const set = journal.set(await journal.intern([bindingOf('pgsql.one')]))
  let accepted = await fill(journal, set, 500)
  fillDisk(folder)
  accepted += await fill(journal, set)
  assert.ok(accepted >= 500 && accepted < 8000, `${accepted} were accepted`)
  assert.ok(journal.stats().full)
  await sleep(2500) // it is tried again meanwhile
  assert.ok(journal.stats().full)
  assert.equal(lines.filter((line) => line.includes('journal_takes_again')).length, 0)
  let kept = false
  journal.post({ statement: 'online.put', values: ['late', 1] }, () => {
    kept = true
  })
  fs.rmSync(path.join(folder, 'ballast'))
  await until('it takes again', () => journal.stats().full === null)
  assert.equal(kept, true)
  await appended(journal, publish('t', KILOBYTE), set)
  const { lastSeq } = journal
  await journal.close()
  const again = await openTestJournal(t, folder)
  assert.equal(again.lastSeq, lastSeq)
  assert.equal(again.events(0, 100_000).length, accepted + 1)
  assert.deepEqual(again.onlineAtDeath, [{ clientid: 'late', at: 1 }])
})

test('a folder that cannot be written is a clear error', async (t) => {
  const folder = smallDisk(t, '8m')
  if (folder === undefined) return
  await (await openTestJournal(t, folder)).close()
  makeReadOnly(folder)
  await assert.rejects(openJournal(journalOptions(folder)), { code: 'READ_ONLY' })
})
