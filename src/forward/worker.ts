// The forwarder's thread: hosts the pools and their lanes, and answers reads. An error that gets past it ends the thread
// and so the process; the journal loses nothing by that.

import { isDeepStrictEqual } from 'node:util'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { plan } from '../actions/plan.ts'
import { BACKENDS } from '../backends/index.ts'
import type { PoolId } from '../model/binding.ts'
import { HoldfastError } from '../model/errors.ts'
import { type Lane, type Lanes, openLanes } from '../queue/lanes.ts'
import { LaneRunner } from './lane-runner.ts'
import type { ForwardLimits } from './options.ts'
import { type Ask, type Call, type PoolConfig, type Tell, toWire, type WorkerStart } from './protocol.ts'
import type { LaneStatus } from './status.ts'
import { nextOf, unconfiguredStatus } from './unconfigured.ts'

const ONE = { events: 1, bytes: 1 }
const PUSH_MS = 250
/** Figures that change by time alone. */
const LOOK_MS = 1000

/** What a lane runs by. */
interface Configured {
  readonly pool: PoolConfig
  readonly limits: ForwardLimits
}

class Forwarder {
  readonly #start: WorkerStart
  readonly #main: MessagePort
  readonly #lanes: Lanes
  readonly #runners = new Map<PoolId, { runner: LaneRunner; config: Configured }>()
  readonly #unconfigured = new Map<PoolId, Lane>()
  #holds = false
  /** The journal's id that a twin was met under. */
  #twinOf: string | undefined
  #pushed = { text: '', at: 0 }
  #push: NodeJS.Timeout | undefined
  /** Configurations are applied one after another. */
  #configured: Promise<void> = Promise.resolve()

  constructor(start: WorkerStart, main: MessagePort) {
    this.#start = start
    this.#main = main
    this.#lanes = openLanes({ file: start.file, port: start.port })
    main.on('message', (call: Call) => void this.#answer(call))
    setInterval(() => this.#look(), LOOK_MS)
  }

  async #answer({ call, ask }: Call): Promise<void> {
    try {
      const value = await this.#do(ask)
      if (ask.ask !== 'read' && ask.ask !== 'close') this.#pushNow() // who asked finds it in the status
      this.#tell({ tell: 'answer', call, value })
    } catch (error) {
      this.#tell({ tell: 'refusal', call, error: toWire(error) })
    }
    if (ask.ask === 'close') process.exit()
  }

  async #do(ask: Ask): Promise<unknown> {
    switch (ask.ask) {
      case 'configure':
        this.#configured = this.#configured.catch(() => {}).then(() => this.#configure(ask))
        return this.#configured
      case 'waiting':
        return this.#waiting()
      case 'status':
        return
      case 'read':
        return this.#runner(ask.pool).read(ask.op, ask.deadlineMs)
      case 'pause':
        return this.#runner(ask.pool).pause()
      case 'resume':
        return this.#runner(ask.pool).resume()
      case 'test':
        return { ms: await this.#runner(ask.pool).ping() }
      case 'next':
        return nextOf(this.#unconfigured.get(ask.pool) ?? this.#runner(ask.pool).lane)
      case 'skip':
        return this.#skip(ask.pool, ask.toSeq)
      case 'hold':
        this.#holds = ask.on
        for (const { runner } of this.#runners.values()) runner.look()
        return
      case 'close':
        await Promise.all([...this.#runners.values()].map(({ runner }) => runner.close()))
        this.#pushNow()
        return this.#lanes.close()
    }
  }

  /** A lane that is held stays held, also by a pool that has changed. */
  async #configure({ pools, limits }: Extract<Ask, { ask: 'configure' }>): Promise<void> {
    const wanted = new Map(pools.map((pool) => [pool.id, { pool, limits }]))
    const held = new Set<PoolId>()
    for (const [id, { runner, config }] of this.#runners) {
      if (isDeepStrictEqual(wanted.get(id), config)) continue
      if (runner.paused) held.add(id)
      this.#runners.delete(id)
      await runner.close()
    }
    for (const [id, config] of wanted) {
      if (this.#runners.has(id)) continue
      const runner = await this.#run(config)
      if (held.has(id)) runner.pause()
      this.#runners.set(id, { config, runner })
    }
    this.#unconfigured.clear()
    for (const { pool } of this.#lanes.list()) {
      if (!wanted.has(pool)) this.#unconfigured.set(pool, await this.#lanes.lane(pool))
    }
  }

  async #run({ pool: config, limits }: Configured): Promise<LaneRunner> {
    const load = BACKENDS[config.kind]
    if (!load) throw new HoldfastError('NO_BACKEND', `this version has no backend for ${config.kind} yet`)
    const backend = await load()
    const { dataDir, node, timing } = this.#start
    const { id, name } = config
    return new LaneRunner({
      pool: config,
      open: () => backend.open({ name, dataDir, node }, config.settings),
      batchMax: backend.capabilities.batchMax,
      lane: await this.#lanes.lane(id),
      identity: () => this.#lanes.journal,
      node,
      plan: (event, binding) => plan(event, binding, { node }),
      limits,
      timing,
      holds: () => this.#holds,
      twin: () => this.#twin(id),
      changed: () => this.#pushSoon(),
      up: () => {
        this.#pushNow() // whoever hears of it finds the pool up
        this.#tell({ tell: 'up', pool: id })
      },
      say: (level, message, fields) => this.#tell({ tell: 'log', level, message, fields: { pool: id, ...fields } }),
    })
  }

  /** Looks through the journal, since a lane's lag counts what is not for it. */
  async #waiting(): Promise<Map<PoolId, number>> {
    const found = new Map<PoolId, number>()
    for (const { pool } of this.#lanes.list()) {
      const lane = await this.#lanes.lane(pool)
      for (let at = lane.cursor; at < lane.lastSeq; ) {
        const { entries, upTo } = lane.peek(at, ONE)
        if (entries.length > 0) found.set(pool, lane.lag().events)
        if (entries.length > 0 || upTo <= at) break
        at = upTo
        await new Promise(setImmediate)
      }
    }
    return found
  }

  #runner(pool: PoolId): LaneRunner {
    const found = this.#runners.get(pool)
    if (!found) throw new HoldfastError('NO_POOL', `no pool ${pool} is configured`)
    return found.runner
  }

  async #skip(pool: PoolId, toSeq: number): Promise<void> {
    const abandoned = this.#unconfigured.get(pool)
    if (!abandoned) return this.#runner(pool).skip(toSeq)
    await abandoned.giveUp(Math.min(toSeq, abandoned.lastSeq))
  }

  /** Main makes the journal take a new id, once for all lanes, which hear of it from the journal. */
  async #twin(pool: PoolId): Promise<void> {
    const { id } = this.#lanes.journal
    if (this.#twinOf !== id) this.#tell({ tell: 'twin', pool })
    this.#twinOf = id
    while (this.#lanes.journal.id === id) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  #statuses(): LaneStatus[] {
    const running = [...this.#runners.values()].map(({ runner }) => runner.status())
    const waiting = [...this.#unconfigured.values()].map(unconfiguredStatus).filter((status) => status !== null)
    return [...running, ...waiting]
  }

  #look(): void {
    for (const lane of this.#unconfigured.values()) {
      const { entries, upTo } = lane.peek(lane.cursor, ONE)
      if (entries.length === 0) lane.move(upTo) // what is not for this pool must not be kept for it
    }
    this.#pushSoon()
  }

  /** At most four times a second. */
  #pushSoon(): void {
    this.#push ??= setTimeout(() => this.#pushNow(), Math.max(0, this.#pushed.at + PUSH_MS - performance.now()))
  }

  #pushNow(): void {
    clearTimeout(this.#push)
    this.#push = undefined
    const lanes = this.#statuses()
    const text = JSON.stringify(lanes)
    if (text === this.#pushed.text) return
    this.#pushed = { text, at: performance.now() }
    this.#tell({ tell: 'status', lanes })
  }

  #tell(tell: Tell): void {
    this.#main.postMessage(tell)
  }
}

new Forwarder(workerData as WorkerStart, parentPort!)
