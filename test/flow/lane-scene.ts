// A real journal with real lanes, without a broker: events are appended as the gate would.

import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Forward, type LaneStatus, type PoolConfig, startForward } from '../../src/forward/forward.ts'
import type { ForwardLimits, Timing } from '../../src/forward/options.ts'
import { createLogger } from '../../src/log/logger.ts'
import type { Action, Binding } from '../../src/model/binding.ts'
import type { EventDraft } from '../../src/model/event.ts'
import { type Journal, openJournal } from '../../src/queue/journal.ts'

export interface SceneOptions {
  readonly pool: PoolConfig
  /** Actions on message.publish; by default on_message_publish. */
  readonly actions?: readonly Action[]
  /** A data folder that is there already. */
  readonly folder?: string
  readonly limits?: Partial<ForwardLimits>
  readonly timing?: Partial<Timing>
}

const LIMITS: ForwardLimits = { batch: 100, backoffMaxMs: 200, rate: Number.POSITIVE_INFINITY, schedule: 'always' }
const TIMING: Timing = { connectTimeoutMs: 1000, writeTimeoutMs: 1000, idlePingMs: 500 }

export class Scene {
  readonly folder: string
  readonly journal: Journal
  readonly forward: Forward
  /** Messages of the log, in order, and the whole lines. */
  readonly said: string[]
  readonly #pool: PoolConfig
  readonly #limits: ForwardLimits
  readonly #set: number
  #closed: Promise<void> | undefined

  private constructor(o: SceneOptions, started: Pick<Scene, 'folder' | 'journal' | 'forward' | 'said'>, set: number) {
    this.folder = started.folder
    this.journal = started.journal
    this.forward = started.forward
    this.said = started.said
    this.#pool = o.pool
    this.#limits = { ...LIMITS, ...o.limits }
    this.#set = set
  }

  static async open(o: SceneOptions): Promise<Scene> {
    const folder = o.folder ?? mkdtempSync(join(tmpdir(), 'holdfast-lane-'))
    const said: string[] = []
    const destination = new Writable({
      write(line, _, done) {
        said.push(JSON.parse(String(line)).msg)
        done()
      },
    })
    const log = createLogger({ level: 'info', pretty: false, destination })
    const journal = await openJournal({
      dataDir: folder,
      maxBytes: 1 << 30,
      reserveBytes: 0,
      full: 'refuse',
      commitWindowMs: 5,
      retainMs: 3_600_000,
      tables: [],
      clock: { now: Date.now, trusted: () => true },
      log,
    })
    const actions = o.actions ?? [{ function: 'on_message_publish' }]
    const bindings = actions.map(
      (action, order): Binding => ({ pool: o.pool.id, hook: 'message.publish', order, action, options: {} }),
    )
    const set = journal.set(await journal.intern(bindings))
    const forward = startForward({
      file: join(folder, 'journal.db'),
      port: journal.lanePort(),
      dataDir: folder,
      node: 'test@127.0.0.1',
      timing: { ...TIMING, ...o.timing },
      log,
    })
    forward.onTwin((pool) => void journal.takeNewIdentity(`twin at ${pool}`))
    await forward.configure([o.pool], { ...LIMITS, ...o.limits })
    return new Scene(o, { folder, journal, forward, said }, set)
  }

  /** Resolves when they are on disk. @returns their ids */
  async publish(count: number, draft: Partial<EventDraft> = {}): Promise<string[]> {
    const published = Array.from({ length: count }, () => {
      const event = { hook: 'message.publish', clientid: 'c1', topic: 't/1', payload: Buffer.from('hello') } as const
      return new Promise<string>((resolve, reject) => {
        const appended = this.journal.append({ ...event, qos: 1, retain: false, ...draft }, this.#set, (error) =>
          error ? reject(error) : resolve(appended.id.toString()),
        )
      })
    })
    return Promise.all(published)
  }

  get status(): LaneStatus | undefined {
    return this.forward.lanes().find(({ pool }) => pool === this.#pool.id)
  }

  /** Until the lane's status is so. */
  async until(so: (status: LaneStatus) => boolean, ms = 15_000): Promise<LaneStatus> {
    const deadline = Date.now() + ms
    for (;;) {
      const { status } = this
      if (status && so(status)) return status
      if (Date.now() > deadline)
        throw new Error(`the lane did not get there: ${so}\n${JSON.stringify(status, null, 1)}`)
      await sleep(5)
    }
  }

  /** Until everything is in the remote. */
  async drained(ms?: number): Promise<LaneStatus> {
    const { lastSeq } = this.journal
    return this.until(({ cursor, mode }) => cursor >= lastSeq && mode === 'live', ms)
  }

  async configure(pool: Partial<PoolConfig> | null): Promise<void> {
    await this.forward.configure(pool ? [{ ...this.#pool, ...pool }] : [], this.#limits)
  }

  /** Stops, and keeps the data folder. */
  close(): Promise<void> {
    this.#closed ??= this.forward.close().then(() => this.journal.close())
    return this.#closed
  }

  async end(): Promise<void> {
    await this.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** A copy of the data folder, taken while nothing is open in it. */
  copy(): string {
    const copy = mkdtempSync(join(tmpdir(), 'holdfast-lane-'))
    cpSync(this.folder, copy, { recursive: true })
    return copy
  }
}
