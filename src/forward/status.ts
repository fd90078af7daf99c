// What is known of a lane from outside.

import type { BackendKind, PoolId } from '../model/binding.ts'
import type { Seq } from '../model/event.ts'
import type { Recovery } from './mark.ts'

/** The table of modes is in lane-runner.ts. */
export type LaneMode = 'connecting' | 'catching up' | 'live' | 'waiting' | 'blocked' | 'paused' | 'unconfigured'
export type PoolState = 'up' | 'down' | 'blocked'
export type Recovered = Record<Recovery | 'journalCopied', number>

export interface LaneError {
  readonly code: string
  readonly message: string
  readonly hint: string | null
}

/** One row of `ctl status` and `ctl lanes`. */
export interface LaneStatus {
  readonly pool: PoolId
  readonly name: string
  readonly kind: BackendKind
  readonly state: PoolState
  readonly mode: LaneMode
  /** Why it waits, while `mode` is waiting. */
  readonly waitingFor: 'server' | 'schedule' | 'clock' | null
  /** Since when `state` is what it is, wall time ms. */
  readonly since: number
  /** What the last failure was, as long as the pool has not worked since. */
  readonly error: LaneError | null
  readonly cursor: Seq
  readonly lag: { readonly events: number; readonly bytes: number; readonly seconds: number }
  /** Events, since start. */
  readonly forwarded: number
  /** Operations put aside, since start. */
  readonly deadLetters: number
  /** Failed attempts to connect or to write, since start. */
  readonly retries: number
  /** Events a second, over the last seconds. */
  readonly ratePerSecond: number
  /** Seconds until nothing waits at this rate; null: not at this rate. */
  readonly drainEtaSeconds: number | null
  /** False: the remote may get a batch twice when an answer is lost. Null: not known before the first connect. */
  readonly exactlyOnce: boolean | null
  readonly recovered: Readonly<Recovered>
  readonly warnings: readonly string[]
  /** What only this kind of backend counts, since start. */
  readonly counts: Readonly<Record<string, number>>
}

/** What `pool test` found: answered within `ms`. */
export interface PoolTest {
  readonly ms: number
}
