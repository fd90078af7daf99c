// What a restored queue took the place of: kept for a while, since events may wait in it, and removed when that is over or the disk
// needs the room.

import { existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '../../log/logger.ts'
import type { Clock } from '../../system/clock.ts'
import { freeBytes } from '../../system/disk.ts'
import { REPLACED } from './restored-queue.ts'

/** As the help of `restore` says. */
const KEPT_DAYS = 30
const DAY_MS = 86_400_000
const LOOK_MS = 60_000

export interface ReplacedOptions {
  readonly dataDir: string
  readonly clock: Clock
  readonly log: Logger
  /** Bytes that the queue leaves free: with less than twice as much its time is over. */
  readonly reserve: () => number
}

export class Replaced {
  readonly #o: ReplacedOptions
  readonly #looking: NodeJS.Timeout

  /** Looks after it until `close`. */
  constructor(options: ReplacedOptions) {
    this.#o = options
    this.#looking = setInterval(() => this.look(), LOOK_MS).unref()
  }

  get #folder(): string {
    return join(this.#o.dataDir, REPLACED)
  }

  /** Bytes, and when its time is over, wall time in ms; null: there is nothing. */
  figures(): { bytes: number; until: number } | null {
    if (!existsSync(this.#folder)) return null
    const files = readdirSync(this.#folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const sizes = files.map((entry) => statSync(join(entry.parentPath, entry.name)).size)
    return { bytes: sizes.reduce((sum, size) => sum + size, 0), until: this.#since + KEPT_DAYS * DAY_MS }
  }

  /** Removes it if it is time. */
  look(): void {
    const { dataDir, clock, log, reserve } = this.#o
    if (!existsSync(this.#folder)) return
    const free = freeBytes(dataDir)
    const isShort = free < 2 * reserve()
    if (!isShort && !clock.trusted()) return
    const now = clock.now()
    // it was put there while the clock was not set, or the gateway was off for long
    if (this.#since > now || this.#since < now - 2 * KEPT_DAYS * DAY_MS)
      utimesSync(this.#folder, now / 1000, now / 1000)
    if (!isShort && now - this.#since < KEPT_DAYS * DAY_MS) return
    log.warn(
      { ...this.figures(), free, why: isShort ? 'the disk is short' : 'its time is over' },
      'replaced_queue_removed',
    )
    rmSync(this.#folder, { recursive: true, force: true })
  }

  close(): void {
    clearInterval(this.#looking)
  }

  get #since(): number {
    return statSync(this.#folder).mtimeMs
  }
}
