// A lane's state and counts, and the log lines of its transitions: said once when it changes, not at every attempt.

import { HoldfastError } from '../model/errors.ts'
import type { Lane } from '../queue/lanes.ts'
import type { RunnerOptions } from './options.ts'
import type { LaneError, LaneMode, LaneStatus, PoolState, Recovered } from './status.ts'

export class LaneFigures {
  readonly #o: RunnerOptions
  readonly #rate = new RateMeter()
  readonly recovered: Recovered = { answersLost: 0, journalWentBack: 0, remoteWentBack: 0, journalCopied: 0 }
  deadLetters = 0
  /** The pool connected, but did not take the last write: it is not up before it takes one. */
  writeFailed = false
  mode: LaneMode = 'connecting'
  #waitingFor: LaneStatus['waitingFor'] = null
  #state: PoolState = 'down'
  #since = Date.now()
  #error: LaneError | null = null
  #forwarded = 0
  #retries = 0
  #exactlyOnce: boolean | null = null
  #warnings: readonly string[] = []

  constructor(options: RunnerOptions) {
    this.#o = options
  }

  /** @returns whether that is new */
  enter(mode: LaneMode, waitingFor: LaneStatus['waitingFor']): boolean {
    if (this.mode === mode && this.#waitingFor === waitingFor) return false
    this.mode = mode
    this.#waitingFor = waitingFor
    return true
  }

  connected(exactlyOnce: boolean, warnings: readonly string[]): void {
    if (!exactlyOnce && this.#exactlyOnce !== false) {
      const hint =
        'a batch whose answer is lost is sent again; built-in functions still write it once, statements may not'
      this.#o.say('warn', 'lane_at_least_once', { hint, warnings })
    }
    for (const warning of warnings) {
      if (!this.#warnings.includes(warning)) this.#o.say('warn', 'pool_warning', { warning })
    }
    this.#exactlyOnce = exactlyOnce
    this.#warnings = warnings
  }

  forwarded(events: number): void {
    this.#forwarded += events
    this.#rate.add(events, performance.now())
  }

  works(): void {
    this.writeFailed = false
    this.#error = null
    if (this.#state === 'up') return
    const downMs = Date.now() - this.#since
    this.#become('up')
    this.#o.say('info', 'pool_up', { downMs })
    this.#o.up()
  }

  failed(error: unknown, denied: boolean): void {
    this.#retries++
    const before = this.#error
    this.#error = toLaneError(error)
    const state = denied ? 'blocked' : 'down'
    if (state === this.#state && (!denied || before?.code === this.#error.code)) return
    if (state !== this.#state) this.#become(state)
    const stack = error instanceof HoldfastError || !(error instanceof Error) ? {} : { stack: error.stack }
    const { code, message, hint } = this.#error
    const fields = { code, error: message, ...(hint === null ? {} : { hint }), ...stack }
    this.#o.say(denied ? 'error' : 'warn', denied ? 'lane_blocked' : 'pool_down', fields)
  }

  status(lane: Lane, journalCopied: number, counts: LaneStatus['counts']): LaneStatus {
    const { events, bytes, oldestAt } = lane.lag()
    const ratePerSecond = this.#rate.perSecond(performance.now())
    const { id: pool, name, kind } = this.#o.pool
    return {
      pool,
      name,
      kind,
      state: this.#state,
      mode: this.mode,
      waitingFor: this.#waitingFor,
      since: this.#since,
      error: this.#error,
      cursor: lane.cursor,
      lag: { events, bytes, seconds: oldestAt === null ? 0 : Math.max(0, Math.round((Date.now() - oldestAt) / 1000)) },
      forwarded: this.#forwarded,
      deadLetters: this.deadLetters,
      retries: this.#retries,
      ratePerSecond,
      drainEtaSeconds: events === 0 ? 0 : ratePerSecond > 0 ? Math.ceil(events / ratePerSecond) : null,
      exactlyOnce: this.#exactlyOnce,
      recovered: { ...this.recovered, journalCopied },
      warnings: this.#warnings,
      counts,
    }
  }

  #become(state: PoolState): void {
    this.#state = state
    this.#since = Date.now()
    this.#o.changed()
  }
}

export function toLaneError(error: unknown): LaneError {
  if (error instanceof HoldfastError) return { code: error.code, message: error.message, hint: error.hint ?? null }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'INTERNAL', message, hint: 'this is a defect of Holdfast; the log has the stack' }
}

const SPAN_MS = 5000
/** Writes so close together are one entry, so that a quick lane keeps a short list. */
const STEP_MS = 100

/** Events a second over the last five seconds. */
class RateMeter {
  readonly #writes: { at: number; events: number }[] = []
  #sum = 0

  add(events: number, now: number): void {
    const last = this.#writes.at(-1)
    if (last && now - last.at < STEP_MS) last.events += events
    else this.#writes.push({ at: now, events })
    this.#sum += events
  }

  perSecond(now: number): number {
    while (this.#writes[0] && now - this.#writes[0].at > SPAN_MS) this.#sum -= this.#writes.shift()!.events
    return Math.round((this.#sum * 10_000) / SPAN_MS) / 10
  }
}
