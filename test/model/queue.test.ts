import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Journal } from '../../src/queue/journal.ts'
import type { Lanes } from '../../src/queue/lanes.ts'
import { bindingOf, openTestJournal, openTestLanes, posted, publish, temporaryFolder } from '../helpers/journal.ts'
import { counters, type Told } from './queue-process.ts'

const POOLS = ['pgsql.one', 'pgsql.two', 'sqlite.three'] as const
const OPERATIONS = 1500
const KILLS = 6

type Random = (below: number) => number

function randomFrom(seed: number): Random {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (state >>> 8) % below
  }
}

/** What a journal should be: plain lists. */
interface Model {
  /** Committed events: seq, topic, pools. */
  readonly events: { seq: number; topic: string; pools: readonly string[] }[]
  readonly cursors: Map<string, number>
  readonly counters: Map<string, number>
  readonly letters: Set<string>
}

class Subject {
  journal!: Journal
  lanes!: Lanes
  readonly #open: () => Promise<Journal>
  #sets: { set: number; pools: readonly string[] }[] = []

  constructor(open: () => Promise<Journal>) {
    this.#open = open
  }

  async start(): Promise<void> {
    this.journal = await this.#open()
    const ids = await this.journal.intern(POOLS.map((pool) => bindingOf(pool)))
    this.#sets = [0, 1, 2, 3, 4, 5, 6, 7].map((mask) => ({
      set: this.journal.set(ids.filter((_, i) => mask & (1 << i))),
      pools: POOLS.filter((_, i) => mask & (1 << i)),
    }))
    this.lanes = openTestLanes(this.journal)
    for (const pool of POOLS) await this.lanes.lane(pool)
  }

  async restart(): Promise<void> {
    await posted(this.journal, 'counters.put', ['restart', 0])
    await this.lanes.close()
    await this.journal.close()
    await this.start()
  }

  set(random: Random): { set: number; pools: readonly string[] } {
    return this.#sets[random(this.#sets.length)]!
  }
}

function append(subject: Subject, model: Model, random: Random): void {
  const { set, pools } = subject.set(random)
  const topic = `t/${random(1000)}`
  const value = random(1000)
  const local = { statement: 'counters.put', values: ['with', value] }
  const draft = publish(topic, 'x'.repeat(random(20) ? random(300) : random(100_000)))
  const event = subject.journal.append(
    draft,
    set,
    (error) => {
      assert.equal(error, null)
      model.events.push({ seq: event.seq, topic, pools })
      model.counters.set('with', value)
    },
    [local],
  )
}

async function operate(subject: Subject, model: Model, random: Random): Promise<void> {
  const pool = POOLS[random(3)]!
  switch (random(12)) {
    case 0: {
      const lane = await subject.lanes.lane(pool)
      const to = Math.max(lane.cursor, lane.lastSeq - random(50))
      lane.move(to)
      model.cursors.set(pool, to)
      break
    }
    case 1: {
      const value = random(1000)
      subject.journal.post({ statement: 'counters.put', values: ['alone', value] }, () => {
        model.counters.set('alone', value)
      })
      break
    }
    case 2:
      await new Promise((resolve) => setTimeout(resolve, random(10)))
      break
    case 3: {
      const lane = await subject.lanes.lane(pool)
      const [entry] = lane.peek(lane.cursor, { events: 1, bytes: 1 }).entries
      if (!entry) break
      const letter = { seq: entry.event.seq, binding: entry.bindings[0]!.id, code: '', message: '', operation: '' }
      await lane.deadLetter(letter)
      model.letters.add(`${pool} ${letter.seq}`)
      break
    }
    case 4:
      if (random(20) === 0) await subject.restart()
      break
    default:
      append(subject, model, random)
  }
}

async function compare(subject: Subject, model: Model): Promise<void> {
  const { journal, lanes } = subject
  await posted(journal, 'counters.put', ['end', 0])
  assert.deepEqual(
    journal.events(0, 10 * OPERATIONS).map(({ seq, topic }) => ({ seq, topic })),
    model.events.map(({ seq, topic }) => ({ seq, topic })),
  )
  assert.equal(journal.lastSeq, model.events.at(-1)?.seq ?? 0)
  for (const pool of POOLS) {
    const lane = await lanes.lane(pool)
    const cursor = model.cursors.get(pool) ?? 0
    assert.equal(lane.cursor, cursor)
    const seqs: number[] = []
    for (let after = cursor; after < lane.lastSeq; ) {
      const { entries, upTo } = lane.peek(after, { events: 37, bytes: 10_000 })
      seqs.push(...entries.map(({ event }) => event.seq))
      after = upTo
    }
    assert.deepEqual(
      seqs,
      model.events.filter(({ seq, pools }) => seq > cursor && pools.includes(pool)).map(({ seq }) => seq),
    )
  }
  const letters = journal.deadLetters.list({ limit: 10 * OPERATIONS }).map(({ pool, seq }) => `${pool} ${seq}`)
  assert.deepEqual(letters.sort(), [...model.letters].sort())
  for (const key of ['with', 'alone']) assert.equal(counter(journal, key), model.counters.get(key))
}

function counter(journal: Journal, key: string): number | undefined {
  return journal.reader.prepare<[string], number>('select value from counter where key = ?').pluck().get(key)
}

test('random operations leave what a plain list says', { timeout: 120_000 }, async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1e9)
  t.diagnostic(`SEED=${seed}`)
  const random = randomFrom(seed)
  const folder = temporaryFolder(t)
  const subject = new Subject(() => openTestJournal(t, folder, { tables: [counters] }))
  const model: Model = { events: [], cursors: new Map(), counters: new Map(), letters: new Set() }
  await subject.start()
  for (let i = 0; i < OPERATIONS; i++) {
    await operate(subject, model, random)
    if (i % 300 === 299) await compare(subject, model)
  }
  await subject.lanes.close()
})

test('kill -9 at any moment: what was told is there', { timeout: 120_000 }, async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1e6)
  t.diagnostic(`SEED=${seed}`)
  const random = randomFrom(seed)
  const folder = temporaryFolder(t)
  const ledger = path.join(folder, 'ledger')
  fs.writeFileSync(ledger, '')
  let identity: string | undefined
  for (let kill = 1; kill <= KILLS; kill++) {
    const script = path.join(import.meta.dirname, 'queue-process.ts')
    const child = spawn(process.execPath, [script, path.join(folder, 'data'), ledger, `${seed + kill}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await new Promise((resolve) => setTimeout(resolve, random(600)))
    child.kill('SIGKILL')
    await once(child, 'exit')

    const journal = await openTestJournal(t, path.join(folder, 'data'), { tables: [counters] })
    assert.equal(journal.salvaged, null)
    identity ??= journal.identity.id
    assert.equal(journal.identity.id, identity)
    checkLedger(journal, ledger)
    await journal.close()
  }
})

function checkLedger(journal: Journal, ledger: string): void {
  // the last line may be cut: the kill came while it was written
  const lines = fs.readFileSync(ledger, 'utf8').split('\n').slice(0, -1)
  const told = lines.map((line) => JSON.parse(line) as Told)
  const events = new Map(journal.events(0, 1_000_000).map((event) => [event.seq, event]))
  const first = Math.min(...events.keys())
  const ids = [...events.values()].map(({ id }) => `${id}`)
  assert.deepEqual(ids, [...new Set(ids)].sort())
  let alone = 0
  for (const entry of told) {
    if ('counter' in entry) alone = entry.value
    else if (entry.event >= first) {
      const event = events.get(entry.event)
      assert.deepEqual([`${event?.id}`, event?.topic], [entry.id, entry.topic], `the event ${entry.event} is lost`)
    }
  }
  const lastTold = told.findLast((entry) => 'event' in entry)
  if (lastTold && 'event' in lastTold) assert.ok(journal.lastSeq >= lastTold.event)
  assert.ok((counter(journal, 'alone') ?? 0) >= alone)
}
