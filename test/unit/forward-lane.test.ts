// The lane's machine against a remote in memory that can fail where no real server can be made to: at every single step.
// The same against real servers is in test/flow.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LaneRunner } from '../../src/forward/lane-runner.ts'
import type { RunnerOptions } from '../../src/forward/options.ts'
import type { Connected, Pool, WriteOptions } from '../../src/model/backend.ts'
import type { Binding } from '../../src/model/binding.ts'
import { BackendError, MarkConflict } from '../../src/model/errors.ts'
import type { HookEvent, Seq } from '../../src/model/event.ts'
import { EventId } from '../../src/model/event-id.ts'
import type { Mark, MarkMove, Operation } from '../../src/model/operation.ts'
import type { JournalIdentity } from '../../src/queue/journal.ts'
import type { Batch, Lane, LetterDraft, Limit } from '../../src/queue/lanes.ts'

const POOL = 'sqlite.test'
const binding: Binding = {
  pool: POOL,
  hook: 'message.publish',
  order: 1,
  action: { function: 'on_message_publish' },
  options: {},
}

class MemoryLane implements Lane {
  readonly pool = POOL
  cursor: Seq = 0
  readonly events: HookEvent[] = []
  readonly letters: LetterDraft[] = []
  #node: number
  #more = Promise.withResolvers<void>()

  constructor(node = 1) {
    this.#node = node
  }

  get lastSeq(): Seq {
    return this.events.length
  }

  append(count: number, node = this.#node): void {
    for (let i = 0; i < count; i++) {
      const seq = this.events.length + 1
      const id = new EventId(1e15 + seq, node, 0)
      this.events.push({ hook: 'message.publish', clientid: 'c', topic: 't', seq, id, at: 0, trusted: true })
    }
    this.#more.resolve()
    this.#more = Promise.withResolvers()
  }

  async next(limit: Limit, signal: AbortSignal): Promise<Batch> {
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    for (;;) {
      const batch = this.peek(this.cursor, limit)
      if (batch.entries.length > 0) return batch
      await Promise.race([this.#more.promise, aborted])
    }
  }

  peek(after: Seq, limit: Limit): Batch {
    const taken = this.events.slice(after, after + limit.events)
    return { entries: taken.map((event) => ({ event, bindings: [{ id: 1, binding }] })), upTo: after + taken.length }
  }

  move(seq: Seq): void {
    this.cursor = Math.max(this.cursor, seq)
  }

  async giveUp(seq: Seq): Promise<void> {
    this.move(seq)
  }

  rewind(seq: Seq): void {
    this.cursor = seq
  }

  eventAt(seq: Seq): EventId | undefined {
    return this.events[seq - 1]?.id
  }

  async deadLetter(letter: LetterDraft): Promise<boolean> {
    const isNew = !this.letters.some(({ seq, binding }) => seq === letter.seq && binding === letter.binding)
    if (isNew) this.letters.push(letter)
    return isNew
  }

  lag() {
    return { events: this.lastSeq - this.cursor, bytes: 0, oldestAt: null }
  }
}

const transient = (code: string) => new BackendError('transient', code, code)

/** A remote. `fault` is asked before and after each commit, and before each step where there are no transactions, and may throw. */
class MemoryRemote implements Pool {
  rows: string[] = []
  readonly marks = new Map<string, Mark>()
  readonly writes: number[] = []
  keepsMarks = true
  /** False: a write fails half done, and the mark is moved behind it. */
  transactions = true
  fault: (when: 'connect' | 'write' | 'answer', batch: readonly Operation[]) => void = () => {}
  /** Gives up the answer, but commits. */
  slowCommit: Promise<void> | undefined

  async connect(): Promise<Connected> {
    this.fault('connect', [])
    return { exactlyOnce: this.keepsMarks && this.transactions, keepsMark: this.keepsMarks, warnings: [] }
  }

  async mark(journal: string): Promise<Mark | null> {
    return this.marks.get(journal) ?? null
  }

  async write(batch: readonly Operation[], move: MarkMove | null, { idempotent }: WriteOptions): Promise<void> {
    await sleep(0)
    this.fault('write', batch)
    this.#expect(move)
    if (this.transactions) this.#move(move)
    this.writes.push(batch.length)
    for (const { id } of batch) {
      if (!idempotent || !this.rows.includes(id.toString())) this.rows.push(id.toString())
      if (!this.transactions) this.fault('write', batch)
    }
    if (!this.transactions) this.#move(move)
    this.fault('answer', batch)
  }

  #expect(move: MarkMove | null): void {
    const mark = move && this.marks.get(move.journal)
    if (mark?.seq !== move?.from?.seq || mark?.event !== move?.from?.event) throw new MarkConflict()
  }

  #move(move: MarkMove | null): void {
    this.#expect(move)
    if (move) this.marks.set(move.journal, move.to)
  }

  async read(): Promise<never[]> {
    return []
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {}
}

const LIMITS: RunnerOptions['limits'] = {
  batch: 10,
  backoffMaxMs: 60_000,
  rate: Number.POSITIVE_INFINITY,
  schedule: 'always',
}

const running: LaneRunner[] = []
afterEach(async () => {
  for (const runner of running.splice(0)) await runner.close()
})

interface Scene {
  runner: LaneRunner
  lane: MemoryLane
  remote: MemoryRemote
  said: string[]
}

const journal: JournalIdentity = { id: 'journal', parent: null, inheritedUpTo: 0, copied: 0 }

function start(more: Partial<RunnerOptions> = {}, lane = new MemoryLane(), remote = new MemoryRemote()): Scene {
  const said: string[] = []
  const runner = new LaneRunner({
    pool: { id: POOL, name: 'test', kind: 'sqlite' },
    open: async () => remote,
    batchMax: 1000,
    lane,
    identity: () => journal,
    node: 'n',
    plan: (event) => ({ do: 'retain.delete', topic: event.topic }),
    limits: LIMITS,
    holds: () => false,
    twin: async () => assert.fail('there is no twin'),
    changed: () => {},
    up: () => {},
    say: (_level, message) => said.push(message),
    random: () => 0.001,
    ...more,
  })
  running.push(runner)
  return { runner, lane, remote, said }
}

async function until(what: () => boolean): Promise<void> {
  const patience = performance.now() + 30_000
  while (!what()) {
    if (performance.now() > patience) assert.fail(`waited in vain for ${what}`)
    await sleep(2)
  }
}

const ids = (lane: MemoryLane) => lane.events.map((event) => event.id.toString())

test('everything arrives once, in order, in batches that grow', async () => {
  const { runner, lane, remote, said } = start()
  lane.append(500)
  await until(() => lane.cursor === 500)
  assert.deepEqual(remote.rows, ids(lane))
  assert.equal(Math.max(...remote.writes), 50)
  lane.append(1)
  await until(() => remote.rows.length === 501)
  await until(() => runner.status().mode === 'live')
  assert.equal(runner.status().forwarded, 501)
  assert.deepEqual(said, ['pool_up'])
})

test('random failures before and after the commit: once, in order', async () => {
  const seed = Date.now() % 1e6
  let state = seed
  const random = () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
  const { runner, lane, remote } = start()
  remote.fault = () => {
    if (random() < 0.3) throw transient('CUT')
  }
  for (let i = 0; i < 20; i++) {
    lane.append(Math.ceil(random() * 20))
    await sleep(random() * 5)
  }
  await until(() => lane.cursor === lane.lastSeq).catch((error) => assert.fail(`seed ${seed}: ${error.message}`))
  assert.deepEqual(remote.rows, ids(lane), `seed ${seed}`)
  assert.equal(lane.letters.length, 0)
  assert.ok(runner.status().recovered.answersLost > 0, `seed ${seed}`)
})

test('an error that names the operation: a dead letter, the rest in order', async () => {
  const { runner, lane, remote } = start()
  const bad = [1, 4, 5, 20]
  remote.fault = (when, batch) => {
    const operation = batch.findIndex(({ seq }) => bad.includes(seq))
    if (when === 'write' && operation >= 0) throw new BackendError('permanent', '23505', 'twice', { operation })
  }
  lane.append(20)
  await until(() => lane.cursor === 20)
  const good = ids(lane).filter((_, i) => !bad.includes(i + 1))
  assert.deepEqual(remote.rows, good)
  assert.deepEqual(
    lane.letters.map(({ seq, code }) => [seq, code]),
    bad.map((seq) => [seq, '23505']),
  )
  assert.equal(remote.marks.get('journal')!.seq, 20)
  assert.equal(runner.status().deadLetters, 4)
})

test('an error that names nothing: halved down to the culprit', async () => {
  const { lane, remote } = start()
  remote.fault = (when, batch) => {
    if (when === 'write' && batch.some(({ seq }) => seq === 7)) throw new BackendError('permanent', '22001', 'too long')
  }
  lane.append(30)
  await until(() => lane.cursor === 30)
  assert.deepEqual(
    lane.letters.map(({ seq }) => seq),
    [7],
  )
  assert.deepEqual(
    remote.rows,
    ids(lane).filter((_, i) => i !== 6),
  )
})

test('an unknown error of one event alone: ten times, then it is the culprit', async () => {
  const { lane, remote } = start()
  let failures = 0
  remote.fault = (when, batch) => {
    if (when !== 'write' || !batch.some(({ seq }) => seq === 3)) return
    if (batch.length === 1) failures++
    throw transient('XX000')
  }
  lane.append(8)
  await until(() => lane.cursor === 8)
  assert.equal(failures, 10)
  assert.deepEqual(
    lane.letters.map(({ seq, code }) => [seq, code]),
    [[3, 'XX000']],
  )
  assert.equal(remote.rows.length, 7)
})

test('a server that takes no write at all makes no culprits, however well it answers pings', async () => {
  const { runner, lane, remote } = start()
  lane.append(5)
  await until(() => lane.cursor === 5)
  let refusals = 0
  remote.fault = (when) => {
    if (when !== 'write') return
    refusals++
    throw transient('25006')
  }
  lane.append(5)
  await until(() => refusals > 30)
  assert.equal(lane.letters.length, 0)
  assert.equal(runner.status().state, 'down')
  remote.fault = () => {}
  await until(() => lane.cursor === 10)
  assert.deepEqual(remote.rows, ids(lane))
})

test('a denied lane is blocked, says so once, and goes on at resume', async () => {
  const { runner, lane, remote, said } = start({ random: () => 1 })
  remote.fault = (when) => {
    if (when === 'connect') throw new BackendError('denied', '42P01', 'no table', { hint: 'make it' })
  }
  lane.append(3)
  await until(() => runner.status().state === 'blocked')
  assert.deepEqual(runner.status().error, { code: '42P01', message: 'no table', hint: 'make it' })
  runner.resume()
  await until(() => runner.status().retries === 2)
  remote.fault = () => {}
  runner.resume()
  await until(() => lane.cursor === 3)
  assert.deepEqual(said, ['lane_blocked', 'pool_up'])
  assert.equal(runner.status().error, null)
})

test('a permanent error of a write without operations blocks, it does not spin', async () => {
  const { runner, lane, remote } = start({ random: () => 1 })
  remote.fault = (when) => {
    if (when === 'write') throw new BackendError('permanent', '22000', 'whatever it is')
  }
  lane.append(1)
  await until(() => runner.status().state === 'blocked')
  assert.equal(lane.letters.length, 1)
  assert.equal(lane.cursor, 0)
})

test('paused: nothing is sent, until resumed', async () => {
  const { runner, lane, remote } = start()
  await until(() => runner.status().mode === 'live')
  runner.pause()
  await until(() => runner.status().mode === 'paused')
  lane.append(5)
  await sleep(30)
  assert.equal(remote.rows.length, 0)
  runner.resume()
  await until(() => remote.rows.length === 5)
})

test('paused while it connects: it says so at once, and sends nothing when it is connected', async () => {
  const { runner, lane, remote } = start()
  lane.append(5)
  assert.equal(runner.status().mode, 'connecting')
  runner.pause()
  assert.equal(runner.status().mode, 'paused')
  await until(() => runner.status().state === 'up')
  assert.equal(runner.status().mode, 'paused')
  assert.equal(remote.rows.length, 0)
  runner.resume()
  await until(() => remote.rows.length === 5)
})

test('skip moves cursor and mark, of a paused lane too', async () => {
  const { runner, lane, remote } = start()
  lane.append(2)
  await until(() => lane.cursor === 2)
  runner.pause()
  await until(() => runner.status().mode === 'paused')
  lane.append(8)
  await assert.rejects(runner.skip(2), { code: 'SKIP_BACK' })
  await assert.rejects(runner.skip(11), { code: 'NO_EVENT' })
  await runner.skip(7)
  assert.equal(remote.marks.get('journal')!.seq, 7)
  assert.equal(lane.cursor, 7)
  await until(() => runner.status().mode === 'paused')
  assert.equal(remote.rows.length, 2)
  runner.resume()
  await until(() => lane.cursor === 10)
  assert.equal(remote.rows.length, 5)
})

test('the clock holds writes, not the connection', async () => {
  let holds = true
  const { runner, lane, remote } = start({ holds: () => holds })
  lane.append(5)
  await until(() => runner.status().waitingFor === 'clock')
  assert.equal(runner.status().state, 'up')
  assert.equal(remote.rows.length, 0)
  holds = false
  runner.look()
  await until(() => remote.rows.length === 5)
})

test('a rate is kept', async () => {
  const limits = { batch: 10, backoffMaxMs: 60_000, rate: 100, schedule: 'always' }
  const started = performance.now()
  const { lane, remote } = start({ limits })
  lane.append(40)
  await until(() => remote.rows.length === 40)
  assert.ok(performance.now() - started > 180) // the last batch is not waited for
})

test('no marks: at least once, said once, what may be there is written idempotently', async () => {
  const remote = new MemoryRemote()
  remote.keepsMarks = false
  const { runner, lane, said } = start({}, new MemoryLane(), remote)
  let lost = 0
  remote.fault = (when) => {
    if (when === 'answer' && lost++ < 3) throw transient('CUT')
  }
  lane.append(30)
  await until(() => lane.cursor === 30)
  assert.deepEqual(remote.rows, ids(lane))
  assert.equal(runner.status().exactlyOnce, false)
  assert.equal(said.filter((word) => word === 'lane_at_least_once').length, 1)
})

test('the remote went back while we were away: what the log holds is sent again', async () => {
  const { lane, remote, runner } = start()
  lane.append(20)
  await until(() => lane.cursor === 20)
  const dump = { rows: [...remote.rows], mark: remote.marks.get('journal')! }
  lane.append(20)
  await until(() => lane.cursor === 40)
  await runner.close()
  remote.rows = dump.rows
  remote.marks.set('journal', dump.mark)
  const again = start({}, lane, remote)
  await until(() => remote.rows.length === 40)
  assert.deepEqual(remote.rows, ids(lane))
  assert.equal(again.runner.status().recovered.remoteWentBack, 1)
})

test('the remote went back under a lane at work', async () => {
  const { lane, remote, runner } = start()
  lane.append(20)
  await until(() => lane.cursor === 20)
  const dump = { rows: [...remote.rows], mark: remote.marks.get('journal')! }
  lane.append(20)
  await until(() => lane.cursor === 40)
  remote.rows = dump.rows
  remote.marks.set('journal', dump.mark)
  lane.append(1)
  await until(() => remote.rows.length === 41)
  assert.deepEqual(remote.rows, ids(lane))
  assert.equal(runner.status().recovered.remoteWentBack, 1)
})

test('the journal went back: nothing is skipped, nothing is twice', async () => {
  const { lane, remote, runner } = start()
  lane.append(20)
  await until(() => lane.cursor === 20)
  await runner.close()
  const older = new MemoryLane()
  older.append(12)
  older.cursor = 8
  older.append(3, 2) // written after the journal went back: other ids
  const again = start({}, older, remote)
  await until(() => older.cursor === 15)
  assert.equal(new Set(remote.rows).size, remote.rows.length)
  assert.ok(ids(older).every((id) => remote.rows.includes(id)))
  assert.equal(again.runner.status().recovered.journalWentBack, 1)
  assert.equal(remote.marks.get('journal')!.seq, 15)
})

test('an own transaction that was thought dead is taken for what it is', async () => {
  const { lane, remote, runner } = start()
  lane.append(10)
  await until(() => lane.cursor === 10)
  // The transaction of the next batch commits only after the lane has connected anew.
  let late: (() => void) | undefined
  remote.fault = (when, batch) => {
    if (when === 'write' && !late) {
      const last = batch.at(-1)!
      late = () => {
        remote.rows.push(...batch.map(({ id }) => id.toString()))
        remote.marks.set('journal', { seq: last.seq, event: last.id.toString() })
      }
      throw transient('TIMEOUT')
    }
    if (when === 'write' && late && remote.marks.get('journal')!.seq === 10) late()
  }
  lane.append(5)
  await until(() => lane.cursor === 15)
  assert.deepEqual(remote.rows, ids(lane))
  assert.equal(runner.status().recovered.answersLost, 1)
})

test('two journals with one id: the second takes a new one, nothing is lost or twice', async () => {
  const remote = new MemoryRemote()
  const first = new MemoryLane(1)
  first.append(10)
  start({}, first, remote)
  await until(() => first.cursor === 10)
  // The copy was made at 10; its own events have other ids at the same seqs.
  const second = new MemoryLane(1)
  second.append(10)
  second.cursor = 10
  let identity = journal
  const { runner } = start(
    {
      identity: () => identity,
      twin: async () => {
        identity = { id: 'another', parent: 'journal', inheritedUpTo: second.lastSeq, copied: 1 }
      },
    },
    second,
    remote,
  )
  await until(() => runner.status().mode === 'live')
  for (let i = 0; i < 5; i++) {
    first.append(3, 1)
    second.append(3, 2)
    await until(() => first.cursor === first.lastSeq && second.cursor === second.lastSeq)
  }
  const all = new Set([...ids(first), ...ids(second)])
  assert.equal(remote.rows.length, all.size)
  assert.deepEqual(new Set(remote.rows), all)
  assert.equal(runner.status().recovered.journalCopied, 1)
  assert.equal(remote.marks.get('another')!.seq, 25)
})

test('a dead letter is counted once, however often its batch has to be sent', async () => {
  const { runner, lane, remote, said } = start({ limits: { ...LIMITS, backoffMaxMs: 1 } })
  let lost = 0
  remote.fault = (when, batch) => {
    const operation = batch.findIndex(({ seq }) => seq === 5)
    if (when === 'write' && operation >= 0) throw new BackendError('permanent', '23505', 'twice', { operation })
    if (when === 'write' && lost++ < 4) throw transient('CUT') // behind the refusal, before anything is written
  }
  lane.append(10)
  await until(() => lane.cursor === 10)
  assert.equal(lane.letters.length, 1)
  assert.equal(runner.status().deadLetters, 1)
  assert.equal(said.filter((word) => word === 'dead_letter').length, 1)
})

test('without transactions: written in part, written and not marked, marked and not answered: each row once, in order', async () => {
  const remote = new MemoryRemote()
  remote.transactions = false
  let asked = 0
  remote.fault = (when) => {
    if (when !== 'connect' && ++asked % 7 === 0) throw transient('GONE')
  }
  const { runner, lane } = start({ limits: { ...LIMITS, backoffMaxMs: 1 } }, new MemoryLane(), remote)
  lane.append(60)
  await until(() => lane.cursor === 60)
  assert.deepEqual(remote.rows, ids(lane))
  assert.deepEqual(remote.marks.get('journal')?.seq, 60)
  assert.equal(runner.status().exactlyOnce, false)
})

test('without transactions: an older database is sent again from its mark', async () => {
  const remote = new MemoryRemote()
  remote.transactions = false
  const { runner, lane } = start({}, new MemoryLane(), remote)
  lane.append(10)
  await until(() => lane.cursor === 10)
  const [rows, mark] = [[...remote.rows], remote.marks.get('journal')!]
  lane.append(10)
  await until(() => lane.cursor === 20)
  remote.rows = rows
  remote.marks.set('journal', mark)
  lane.append(1)
  await until(() => lane.cursor === 21)
  assert.deepEqual(remote.rows, ids(lane))
  assert.equal(runner.status().recovered.remoteWentBack, 1)
})
