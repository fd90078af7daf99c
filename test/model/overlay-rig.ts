// The rooms from hooks down to the real journal, over pools in memory.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fetch } from '../../src/fetch/fetch.ts'
import type { Later, Skip } from '../../src/fetch/messages.ts'
import type { PoolReader } from '../../src/fetch/pool-reader.ts'
import { Hooks } from '../../src/hooks/hooks.ts'
import { createLogger } from '../../src/log/logger.ts'
import type { Binding, FunctionName, PoolId } from '../../src/model/binding.ts'
import { FUNCTIONS } from '../../src/model/binding.ts'
import type { EventDraft, HookEvent, Message } from '../../src/model/event.ts'
import { type Journal, openJournal } from '../../src/queue/journal.ts'
import type { GenerationSize } from '../../src/store/message-index.ts'
import { LOCAL_TABLES, Store } from '../../src/store/store.ts'

export const POOL: PoolId = 'pgsql.pool1'

/** A binding as a conf line would make it. */
export function binding(name: FunctionName, more: Partial<Binding> = {}): Binding {
  return { pool: POOL, hook: FUNCTIONS[name][0], order: 1, action: { function: name }, options: {}, ...more }
}

export class Rig {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'holdfast-overlay-'))
  readonly log: string[] = []
  readonly #pools: PoolReader
  readonly #generation: GenerationSize | undefined
  journal!: Journal
  store!: Store
  fetch!: Fetch
  hooks!: Hooks
  /** Wall time; every event is a millisecond later than the one before. */
  now = Date.UTC(2026, 10, 21)

  constructor(pools: PoolReader, generation?: GenerationSize) {
    this.#pools = pools
    this.#generation = generation
  }

  async open(bindings: readonly Binding[]): Promise<this> {
    const clock = { now: () => ++this.now, trusted: () => true }
    const log = createLogger({ level: 'info', pretty: false, destination: { write: (line) => this.log.push(line) } })
    this.journal = await openJournal({
      dataDir: this.dataDir,
      maxBytes: 1 << 30,
      reserveBytes: 0,
      full: 'refuse',
      commitWindowMs: 0, // one publisher that waits for each commit
      retainMs: 86_400_000,
      tables: LOCAL_TABLES,
      clock,
      log,
    })
    this.store = new Store(this.journal, { generation: this.#generation })
    const wildcardReads = new Set(['pgsql'] as const)
    const { journal, store } = this
    this.fetch = new Fetch({ journal, store, pools: this.#pools, wildcardReads, deadlineMs: 2000, clock, log })
    this.hooks = new Hooks({ journal, store, fetch: this.fetch, clock })
    await this.hooks.replace(bindings)
    return this
  }

  /** As a crash would not: what was recorded is on disk. */
  async restart(bindings: readonly Binding[]): Promise<void> {
    this.fetch.close()
    await this.journal.close()
    await this.open(bindings)
  }

  async close(): Promise<void> {
    await this.journal.close()
    rmSync(this.dataDir, { recursive: true })
  }

  record(draft: EventDraft): Promise<HookEvent | null> {
    return new Promise((resolve, reject) => {
      this.hooks.record(draft, (error, event) => (error ? reject(error) : resolve(event)))
    })
  }

  /** QoS 1, of client `p`. */
  async publish(topic: string, payload = 'x', more: Partial<EventDraft> = {}): Promise<HookEvent> {
    const draft = {
      hook: 'message.publish',
      clientid: 'p',
      topic,
      payload: Buffer.from(payload),
      qos: 1,
      ...more,
    } as const
    return (await this.record(draft))!
  }

  /** @param position null: the ack did not move it */
  async acked(clientid: string, topic: string, msgid: string, position: string | null = msgid): Promise<void> {
    const more = { msgid, from: 'p', ...(position !== null && { position }) }
    await this.record({ hook: 'message.acked', clientid, topic, more })
  }

  /** What the client is told when it subscribes. */
  async told(clientid: string, filter: string, o: { skip?: Skip; later?: Later } = {}): Promise<Message[]> {
    const messages = this.hooks.messages(clientid, filter, o.skip ?? (() => null), o.later)
    const told: Message[] = []
    for await (const message of messages ?? []) told.push(message)
    return told
  }
}
