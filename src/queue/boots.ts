// Time without a clock. A row that was written before the clock was set holds a wrong wall time, but also the boot and its
// monotonic clock; once the clock is set in that boot, the difference of the two (`wall_offset`) is kept, and times are
// corrected whenever such a row is read. Rows of a boot that never got the time are held between their neighbours: not
// before the last event of the boots before, not after the beginning of the next boot that knows its time.

import type { Database, Statement } from '../sqlite/open.ts'
import type { Moment } from './record.ts'

export interface Boot {
  readonly number: number
  /** The kernel's name for it. */
  readonly boot: string
  /** When the journal was first opened in it, by its monotonic clock, ms. */
  readonly startedMonotonic: number
  /** It began after this wall time, ms. */
  readonly earliest: number
  /** Wall time less monotonic time, ms; null as long as the clock is not set. */
  readonly wallOffset: number | null
}

const COLUMNS =
  'select number, boot, started_monotonic as startedMonotonic, earliest, wall_offset as wallOffset from boot order by number'

export class Boots {
  readonly #db: Database
  readonly #select: Statement<[], Boot>
  #boots = new Map<number, Boot>()
  #version = Number.NaN

  constructor(db: Database) {
    this.#db = db
    this.#select = db.prepare<[], Boot>(COLUMNS)
  }

  all(): Boot[] {
    this.#refresh()
    return [...this.#boots.values()]
  }

  /** The wall time of a moment, as well as it is known now. */
  when(moment: Moment): { at: number; trusted: boolean } {
    if (moment.trusted) return { at: moment.at, trusted: true }
    if ((this.#boots.get(moment.boot)?.wallOffset ?? null) === null) this.#refresh()
    const boot = this.#boots.get(moment.boot)
    if (!boot) return { at: moment.at, trusted: false }
    if (boot.wallOffset !== null) return { at: Math.round(boot.wallOffset + moment.monotonic), trusted: true }
    return { at: Math.max(boot.earliest, Math.min(moment.at, this.#latest(boot.number))), trusted: false }
  }

  #latest(number: number): number {
    for (const later of this.#boots.values()) {
      if (later.number > number && later.wallOffset !== null) return later.wallOffset + later.startedMonotonic
    }
    return Number.POSITIVE_INFINITY
  }

  /** Reads the table again when somebody has committed since. */
  #refresh(): void {
    const version = this.#db.pragma('data_version', { simple: true }) as number
    if (version === this.#version) return
    this.#version = version
    this.#boots = new Map(this.#select.all().map((boot) => [boot.number, boot]))
  }
}
