// Publishers in a process of their own, with their ledger in a file of their own, as a test sees them.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { until } from '../helpers/gateway.ts'

export interface PublishersOptions {
  /** Publishers are called by it: `p0`, `p1`, … */
  readonly name?: string
  readonly port: number
  /** One publisher each. */
  readonly qos?: readonly (1 | 2)[]
  readonly window?: number
  /** Messages sent at once, at most, and the longest pause (ms) between two such bursts. */
  readonly burst?: number
  readonly pauseMs?: number
  /** They drop their own connections now and then. */
  readonly cuts?: boolean
  readonly seed?: number
}

export interface Progress {
  readonly sent: number
  readonly repeated: number
  readonly acknowledged: number
  /** Commands that it took. */
  readonly told: number
  readonly settled: boolean
}

const PROCESS = new URL('publishers-process.ts', import.meta.url).pathname
const DEFAULTS = { name: 'p', qos: [1, 1, 2] as const, window: 50, burst: 10, pauseMs: 60, cuts: false, seed: 1 }

export class Publishers {
  readonly ledger: string
  progress: Progress = { sent: 0, repeated: 0, acknowledged: 0, told: 0, settled: true }
  readonly #child: ChildProcess
  #told = 0

  /** @param ledger the file; lines are appended */
  constructor(ledger: string, options: PublishersOptions) {
    this.ledger = ledger
    const told = JSON.stringify({ ...DEFAULTS, ...options, ledger })
    this.#child = spawn(process.execPath, [PROCESS, told], { stdio: ['pipe', 'pipe', 'inherit'] })
    createInterface({ input: this.#child.stdout! }).on('line', (text) => {
      this.progress = JSON.parse(text) as Progress
    })
  }

  /** Each publishes without end, until `settle`. */
  flow(): void {
    this.#tell('publish Infinity')
  }

  /** Each publishes `count` more; resolves when all are acknowledged. */
  async publish(count: number): Promise<void> {
    this.#tell(`publish ${count}`)
    await this.#settled()
  }

  /** Nothing new is sent; resolves when everything sent is acknowledged. */
  async settle(): Promise<void> {
    this.#tell('hold')
    await this.#settled()
  }

  async end(): Promise<void> {
    if (this.#ended) return
    const ended = once(this.#child, 'exit')
    this.#tell('end')
    await ended
  }

  async kill(): Promise<void> {
    if (this.#ended) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }

  get #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  #tell(words: string): void {
    this.#told++
    this.#child.stdin!.write(`${words}\n`)
  }

  async #settled(): Promise<void> {
    const told = this.#told
    const done = (): boolean => this.#ended || (this.progress.told >= told && this.progress.settled)
    await until('every message sent is acknowledged', done, 60_000)
    if (this.#ended) throw new Error('the publishers ended')
  }
}
