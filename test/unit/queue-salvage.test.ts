import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Journal, openJournal } from '../../src/queue/journal.ts'
import {
  appended,
  bindingOf,
  journalOptions,
  openTestJournal,
  openTestLanes,
  publish,
  temporaryFolder,
} from '../helpers/journal.ts'

const EVENTS = 2000
const PASSED = 500
const PAGE = 1024

interface Scene {
  readonly folder: string
  readonly file: string
  readonly id: string
}

/** A closed journal of 2000 events for pgsql.one, of which 500 are forwarded; every hundredth is long. */
async function closedJournal(t: TestContext): Promise<Scene> {
  const folder = temporaryFolder(t)
  const journal = await openTestJournal(t, folder)
  const set = journal.set(await journal.intern([bindingOf('pgsql.one')]))
  const all: Promise<unknown>[] = []
  for (let i = 1; i <= EVENTS; i++) {
    all.push(appended(journal, publish(`t/${i}`, `payload ${i} `.repeat(i % 100 ? 5 : 500)), set))
  }
  await Promise.all(all)
  const lanes = openTestLanes(journal)
  const lane = await lanes.lane('pgsql.one')
  lane.move(PASSED)
  await lanes.lane('pgsql.two')
  await lanes.close()
  await journal.close()
  return { folder, file: path.join(folder, 'journal.db'), id: journal.identity.id }
}

function change(file: string, action: (bytes: Buffer) => Buffer): void {
  fs.writeFileSync(file, action(fs.readFileSync(file)))
}

/** Everything that is there is as it was written. */
function checkEvents(journal: Journal): number[] {
  const events = journal.events(0, 2 * EVENTS)
  for (const { seq, topic, payload } of events) {
    assert.equal(topic, `t/${seq}`)
    assert.equal(`${payload}`, `payload ${seq} `.repeat(seq % 100 ? 5 : 500))
  }
  return events.map(({ seq }) => seq)
}

test('a journal that nobody touched is not checked, a touched one that is whole is kept', async (t) => {
  const { folder, file, id } = await closedJournal(t)
  assert.ok(fs.existsSync(`${file}.clean`))
  fs.utimesSync(file, 1, 1)
  const journal = await openTestJournal(t, folder)
  assert.equal(journal.salvaged, null)
  assert.equal(journal.identity.id, id)
  assert.equal(checkEvents(journal).length, EVENTS)
})

test('a truncated journal is salvaged', async (t) => {
  const { folder, file, id } = await closedJournal(t)
  change(file, (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2)))
  const journal = await openTestJournal(t, folder)
  const kept = checkEvents(journal)
  assert.ok(kept.length > EVENTS / 4 && kept.length < EVENTS, `${kept.length} were kept`)
  assert.equal(journal.salvaged!.rows, kept.length)
  assert.equal(journal.salvaged!.movedTo, `${file}.damaged-1`)
  assert.ok(fs.existsSync(journal.salvaged!.movedTo))
  assert.equal(journal.identity.id, id)
  assert.equal(journal.identity.copied, 0)
  const lanes = openTestLanes(journal)
  const lane = await lanes.lane('pgsql.one')
  assert.equal(lane.cursor, PASSED)
  const { entries } = lane.peek(PASSED, { events: EVENTS, bytes: 1 << 30 })
  assert.deepEqual(
    entries.map(({ event }) => event.seq),
    kept.filter((seq) => seq > PASSED),
  )
  // seqs and ids that the lost rows had are not given again
  assert.ok((await appended(journal, publish('t'))).seq > EVENTS)
  await lanes.close()
  await journal.close()
  assert.equal((await openTestJournal(t, folder)).salvaged, null)
})

test('a journal without its first page keeps its events, bindings, lanes and its id', async (t) => {
  const { folder, file, id } = await closedJournal(t)
  change(file, (bytes) => bytes.fill(0xa5, 0, PAGE))
  const journal = await openTestJournal(t, folder)
  assert.equal(journal.salvaged!.rows, EVENTS)
  assert.equal(journal.salvaged!.lost, 0)
  assert.equal(checkEvents(journal).length, EVENTS)
  assert.equal(journal.identity.id, id)
  const lanes = openTestLanes(journal)
  const lane = await lanes.lane('pgsql.one')
  assert.equal(lane.cursor, PASSED)
  assert.deepEqual(lane.peek(PASSED, { events: 1, bytes: 1 }).entries[0]!.bindings[0]!.binding, bindingOf('pgsql.one'))
  await lanes.close()
})

test('destroyed pages in the middle cost the rows on them, which are counted', async (t) => {
  const { folder, file } = await closedJournal(t)
  change(file, (bytes) => bytes.fill(0xff, 400 * PAGE, 403 * PAGE))
  const journal = await openTestJournal(t, folder)
  const kept = checkEvents(journal)
  assert.ok(kept.length < EVENTS && kept.length > EVENTS - 200)
  assert.equal(journal.salvaged!.lost, EVENTS - kept.length)
})

test('damage that a reader meets is noted, whoever reads, and the next start salvages', async (t) => {
  const { folder, file } = await closedJournal(t)
  change(file, (bytes) => bytes.fill(0xff, 400 * PAGE, 403 * PAGE))
  pretendClosedInOrder(file)
  const journal = await openTestJournal(t, folder)
  assert.equal(journal.salvaged, null)
  journal.assertWhole()
  const reads = [
    () => journal.reader.prepare('select * from event').all(),
    () => [...journal.reader.prepare('select * from event').raw().iterate()],
    () => journal.events(0, 2 * EVENTS),
  ]
  for (const read of reads) assert.throws(read, { code: 'JOURNAL_DAMAGED' })
  assert.throws(() => journal.assertWhole(), { code: 'JOURNAL_DAMAGED' })
  await journal.close()
  const again = await openTestJournal(t, folder)
  again.assertWhole()
  assert.equal(again.salvaged!.lost, EVENTS - checkEvents(again).length)
})

test('a crash at any step of putting the salvaged journal in its place loses nothing of its log', async (t) => {
  for (const step of [0, 1, 2, 3]) {
    const running = temporaryFolder(t)
    const journal = await openTestJournal(t, running)
    const set = journal.set(await journal.intern([bindingOf('pgsql.one')]))
    await Promise.all(Array.from({ length: 50 }, (_, i) => appended(journal, publish(`t/${i + 1}`), set)))
    const folder = temporaryFolder(t)
    const file = path.join(folder, 'journal.db')
    for (const ending of ['', '-wal']) fs.copyFileSync(path.join(running, `journal.db${ending}`), file + ending)
    fs.writeFileSync(`${file}.suspect`, 'damage')
    const { renameSync } = fs
    const rename = t.mock.method(fs, 'renameSync', (from: string, to: string) => {
      if (rename.mock.callCount() === step) throw new Error('power cut')
      renameSync(from, to)
    })
    await assert.rejects(openJournal(journalOptions(folder)), /power cut/)
    rename.mock.restore()
    const salvaged = await openTestJournal(t, folder)
    assert.equal(salvaged.events(0, 100).length, 50, `after step ${step}`)
    assert.equal(salvaged.identity.id, journal.identity.id)
  }
})

test('a file that is anything at all does not keep the gateway from starting', async (t) => {
  const folder = temporaryFolder(t)
  const file = path.join(folder, 'journal.db')
  for (const content of [Buffer.from('no database'), Buffer.alloc(50_000, 13), Buffer.alloc(0)]) {
    fs.writeFileSync(file, content)
    const journal = await openTestJournal(t, folder)
    await appended(journal, publish('t'))
    await journal.close()
    fs.rmSync(file)
  }
})

test('a header that SQLite would believe, or not open: nothing is lost', async (t) => {
  const { folder, file } = await closedJournal(t)
  const whole = fs.readFileSync(file)
  const flips = { 'page size': [16, 2], version: [18, 3], 'space in pages': [20, 8], format: [47, 3], text: [59, 2] }
  for (const [name, [at, byte]] of Object.entries(flips)) {
    for (const old of fs.readdirSync(folder)) fs.rmSync(path.join(folder, old))
    fs.writeFileSync(file, whole)
    change(file, (bytes) => bytes.fill(byte!, at, at! + 1))
    const journal = await openTestJournal(t, folder)
    assert.equal(journal.salvaged?.lost, 0, name)
    assert.equal(checkEvents(journal).length, EVENTS, name)
    await journal.close()
  }
})

test('whatever bytes are flipped, it starts, and what it holds is true', { timeout: 120_000 }, async (t) => {
  const { folder, file } = await closedJournal(t)
  const whole = fs.readFileSync(file)
  const seed = Date.now() % 100_000
  t.diagnostic(`seed ${seed}`)
  let state = seed
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (state >>> 8) % below
  }
  for (let round = 0; round < 15; round++) {
    for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name))
    const bytes = Buffer.from(whole)
    // structure, not content: a flipped bit within a payload is the disk's to notice
    for (let i = 0; i < 5; i++) {
      const at = random(bytes.length / PAGE) * PAGE + random(30)
      bytes.fill(random(256), at, at + 1 + random(8))
    }
    for (let i = 0; i < 5; i++) bytes.fill(0, ...edges(random(bytes.length / PAGE)))
    fs.writeFileSync(file, bytes)
    const journal = await openJournal(journalOptions(folder))
    for (const { seq, topic } of journal.events(0, 2 * EVENTS)) assert.equal(topic, `t/${seq}`)
    await appended(journal, publish('t'))
    await journal.close()
  }
})

function pretendClosedInOrder(file: string): void {
  const { ino, size, mtimeNs } = fs.statSync(file, { bigint: true })
  fs.writeFileSync(`${file}.clean`, `${ino} ${size} ${mtimeNs}`)
}

function edges(page: number): [number, number] {
  return [page * PAGE, (page + 1) * PAGE]
}
