// What a backup sees to beside its files: rows that stay in the journal meanwhile, and the end of what a restore replaced.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Replaced } from '../../src/gateway/backup/replaced.ts'
import { holdingRows } from '../../src/gateway/databases.ts'
import { createLogger } from '../../src/log/logger.ts'
import { systemClock } from '../../src/system/clock.ts'
import { freeBytes } from '../../src/system/disk.ts'
import { until } from '../helpers/gateway.ts'
import { appended, bindingOf, openTestJournal, openTestLanes, publish, temporaryFolder } from '../helpers/journal.ts'

test('rows that an embedded database may get while it is copied stay, and are missed when they were dropped', async (t) => {
  const folder = temporaryFolder(t)
  const journal = await openTestJournal(t, folder, { retainMs: 0 })
  const [binding] = await journal.intern([bindingOf('sqlite.in')])
  const lanes = openTestLanes(journal)
  const lane = await lanes.lane('sqlite.in')
  for (let n = 0; n < 600; n++) void appended(journal, publish('t'), journal.set([binding!]))
  const last = await appended(journal, publish('t'), journal.set([binding!]))
  const rows = (): number => journal.reader.prepare('select count(*) from event').pluck().get() as number
  await holdingRows(journal, new Set(['sqlite.in']), async (held) => {
    lane.move(last.seq)
    await until('the cursor is written', () =>
      journal.reader.prepare('select 1 from lane where cursor = ?').get(last.seq),
    )
    assert.equal(rows(), 601)
    held.assertIn(join(folder, 'journal.db'))
    const without = await openTestJournal(t, temporaryFolder(t))
    assert.throws(() => held.assertIn(without.reader.name), { code: 'DROPPING' })
  })
  await until('nobody holds them any more', () => rows() === 1)
  await lanes.close()
})

test('what a restore replaced goes after 30 days, or when the disk is short; not by a clock that is not set', (t) => {
  const dataDir = temporaryFolder(t)
  const folder = join(dataDir, 'replaced')
  let [now, trusted, reserve] = [Date.now(), true, 0]
  const clock = { ...systemClock(), now: () => now, trusted: () => trusted }
  const log = createLogger({ level: 'silent', pretty: false })
  const replaced = new Replaced({ dataDir, clock, log, reserve: () => reserve })
  t.after(() => replaced.close())
  const put = (): void => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'journal.db'), 'x'.repeat(10))
  }
  const looked = (): boolean => {
    replaced.look()
    return existsSync(folder)
  }
  assert.equal(replaced.figures(), null)
  assert.equal(looked(), false)
  put()
  assert.equal(replaced.figures()!.bytes, 10)
  now += 29 * 86_400_000
  assert.ok(looked())
  trusted = false
  now += 29 * 86_400_000
  assert.ok(looked())
  trusted = true
  assert.ok(!looked())
  put()
  utimesSync(folder, 0, 0) // put there before the clock was set
  assert.ok(looked())
  assert.equal(Math.round(replaced.figures()!.until), now + 30 * 86_400_000)
  reserve = freeBytes(dataDir)
  assert.ok(!looked())
})
