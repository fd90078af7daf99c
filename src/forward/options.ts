// What a lane's runner is given.

import type { Pool } from '../model/backend.ts'
import type { BackendKind, PoolId } from '../model/binding.ts'
import type { JournalIdentity } from '../queue/journal.ts'
import type { Lane } from '../queue/lanes.ts'
import type { Plan } from './batch.ts'

/** The keys `forward.*` of the conf. */
export interface ForwardLimits {
  /** Events of a first batch; it grows to five times as many where that pays. */
  readonly batch: number
  readonly backoffMaxMs: number
  /** Events a second; Infinity: no limit. */
  readonly rate: number
  /** `always`, or windows `HH:MM-HH:MM` split by commas. */
  readonly schedule: string
}

export interface Timing {
  readonly connectTimeoutMs: number
  readonly writeTimeoutMs: number
  /** An idle lane asks this often whether its server is still there. */
  readonly idlePingMs: number
}

export interface RunnerOptions {
  readonly pool: { readonly id: PoolId; readonly name: string; readonly kind: BackendKind }
  open(): Promise<Pool>
  /** Operations that one write may hold. */
  readonly batchMax: number
  readonly lane: Lane
  /** The journal's current one. */
  identity(): JournalIdentity
  readonly node: string
  readonly plan: Plan
  readonly limits: ForwardLimits
  readonly timing?: Partial<Timing>
  /** Must writes wait until the clock is set? */
  holds(): boolean
  /** Another journal works under our id. Resolves when `identity()` is a new one. */
  twin(): Promise<void>
  /** Something of `status()` is new. */
  changed(): void
  /** The pool works again. */
  up(): void
  say(level: 'info' | 'warn' | 'error', message: string, fields: object): void
  /** In [0, 1), as Math.random. */
  random?: () => number
}
