// What main and the forwarder's thread say to each other. Everything is structured-clone safe.

import type { BackendKind, PoolId } from '../model/binding.ts'
import { BackendError, type ErrorClass, HoldfastError } from '../model/errors.ts'
import type { Seq } from '../model/event.ts'
import type { ReadOp } from '../model/operation.ts'
import type { ForwardLimits, Timing } from './options.ts'
import type { LaneStatus } from './status.ts'

export interface PoolConfig {
  readonly id: PoolId
  readonly name: string
  readonly kind: BackendKind
  /** Checked by the backend's spec; plain values, secrets in the clear. */
  readonly settings: unknown
}

/** `workerData` of worker.ts; `port` comes from `Journal.lanePort()`. */
export interface WorkerStart {
  readonly file: string
  readonly port: import('node:worker_threads').MessagePort
  readonly dataDir: string
  readonly node: string
  readonly timing: Partial<Timing>
}

export type Ask =
  | { readonly ask: 'configure'; readonly pools: readonly PoolConfig[]; readonly limits: ForwardLimits }
  | { readonly ask: 'waiting' | 'status' }
  | { readonly ask: 'read'; readonly pool: PoolId; readonly op: ReadOp; readonly deadlineMs: number }
  | { readonly ask: 'pause' | 'resume' | 'test' | 'next'; readonly pool: PoolId }
  | { readonly ask: 'skip'; readonly pool: PoolId; readonly toSeq: Seq }
  | { readonly ask: 'hold'; readonly on: boolean }
  | { readonly ask: 'close' }

/** main → thread. Each is answered, by its number. */
export interface Call {
  readonly call: number
  readonly ask: Ask
}

/** thread → main */
export type Tell =
  | { readonly tell: 'answer'; readonly call: number; readonly value: unknown }
  | { readonly tell: 'refusal'; readonly call: number; readonly error: WireError }
  | { readonly tell: 'status'; readonly lanes: readonly LaneStatus[] }
  | { readonly tell: 'up' | 'twin'; readonly pool: PoolId }
  | {
      readonly tell: 'log'
      readonly level: 'info' | 'warn' | 'error'
      readonly message: string
      readonly fields: object
    }

interface WireError {
  readonly code: string
  readonly message: string
  readonly hint: string | undefined
  /** Of a BackendError. */
  readonly errorClass: ErrorClass | undefined
}

export function toWire(error: unknown): WireError {
  const { message } = error as Error
  if (!(error instanceof HoldfastError)) return { code: 'INTERNAL', message, hint: undefined, errorClass: undefined }
  const errorClass = error instanceof BackendError ? error.errorClass : undefined
  return { code: error.code, message, hint: error.hint, errorClass }
}

export function fromWire({ code, message, hint, errorClass }: WireError): HoldfastError {
  const more = hint === undefined ? {} : { hint }
  return errorClass ? new BackendError(errorClass, code, message, more) : new HoldfastError(code, message, more)
}
