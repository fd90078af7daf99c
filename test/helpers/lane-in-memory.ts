// A lane and its remote in memory, which can fail where no real server can be made to: at every single step.

import assert from 'node:assert/strict'
import { afterEach } from 'node:test'
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

export class MemoryLane implements Lane {
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

export const transient = (code: string) => new BackendError('transient', code, code)

/** A remote. `fault` is asked before and after each commit, and before each step where there are no transactions, and may throw. */
export class MemoryRemote implements Pool {
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

export const LIMITS: RunnerOptions['limits'] = {
  batch: 10,
  backoffMaxMs: 60_000,
  rate: Number.POSITIVE_INFINITY,
  schedule: 'always',
}

const running: LaneRunner[] = []
afterEach(async () => {
  for (const runner of running.splice(0)) await runner.close()
})

export interface Scene {
  runner: LaneRunner
  lane: MemoryLane
  remote: MemoryRemote
  said: string[]
}

export const journal: JournalIdentity = { id: 'journal', parent: null, inheritedUpTo: 0, copied: 0 }

export function start(more: Partial<RunnerOptions> = {}, lane = new MemoryLane(), remote = new MemoryRemote()): Scene {
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

export async function until(what: () => boolean): Promise<void> {
  const patience = performance.now() + 30_000
  while (!what()) {
    if (performance.now() > patience) assert.fail(`waited in vain for ${what}`)
    await sleep(2)
  }
}

export const ids = (lane: MemoryLane) => lane.events.map((event) => event.id.toString())
