// The two pieces in C: the load generator and the shim that makes a disk slow. Compiled when their source is newer.

import { execFile } from 'node:child_process'
import { mkdirSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const CACHE = join(process.env.HOLDFAST_CACHE || join(import.meta.dirname, '../../.cache'), 'bench')
const MAX_OUTPUT = 1 << 20

/** @returns the path of what was made of `source` */
async function compiled(source: string, product: string, ...flags: string[]): Promise<string> {
  const from = join(import.meta.dirname, source)
  const to = join(CACHE, product)
  mkdirSync(CACHE, { recursive: true })
  const made = statSync(to, { throwIfNoEntry: false })
  if (!made || made.mtimeMs < statSync(from).mtimeMs) await run('cc', ['-O2', '-Wall', ...flags, '-o', to, from])
  return to
}

export interface LoadOptions {
  port: number
  publishers?: number
  window?: number
  payload?: number
  topic?: string
  /** Each gets everything. */
  subscribers?: number
  /** Messages a second of all publishers together. */
  rate?: number
  /** So many messages, instead of `warmup` + `seconds`. */
  count?: number
  warmup?: number
  seconds?: number
}

export interface Latency {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export interface Load {
  readonly sent: number
  readonly acked: number
  readonly received: number
  readonly seconds: number
  readonly acksPerSecond: number
  readonly receivedPerSecond: number
  readonly ackMs: Latency
  readonly deliveryMs?: Latency
}

/** Runs the generator; rejects when a message is not acknowledged, or not delivered to a subscriber. */
export async function generate(options: LoadOptions): Promise<Load> {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const { stdout } = await run(await compiled('generator.c', 'generator'), words, { maxBuffer: MAX_OUTPUT })
  const load = JSON.parse(stdout) as Load
  if (load.acked !== load.sent) throw new Error(`${load.sent - load.acked} messages were not acknowledged: ${stdout}`)
  const missing = load.sent * (options.subscribers ?? 0) - load.received
  if (missing > 0) throw new Error(`${missing} messages were not delivered: ${stdout}`)
  return load
}

export interface SlowSync {
  readonly env: NodeJS.ProcessEnv
  calls(): number
  delay(ms: number): void
}

/** Syncs of the process that is started with `env` take `delayMs` longer, from `delay` on so much, and are counted. */
export async function slowSync(delayMs: number): Promise<SlowSync> {
  const shim = await compiled('slow-sync.c', 'slow-sync.so', '-shared', '-fPIC')
  const path = join(CACHE, `slow-sync.${process.pid}`)
  const file = openSync(path, 'w+')
  process.once('exit', () => rmSync(path, { force: true }))
  const number = Buffer.alloc(8)
  const delay = (ms: number): void => {
    number.writeBigUInt64LE(BigInt(ms * 1000))
    writeSync(file, number, 0, 8, 8)
  }
  delay(delayMs)
  return {
    env: { LD_PRELOAD: shim, SLOW_SYNC_FILE: path },
    calls: () => {
      readSync(file, number, 0, 8, 0)
      return Number(number.readBigUInt64LE())
    },
    delay,
  }
}
