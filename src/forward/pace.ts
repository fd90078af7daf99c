// How fast and when a lane may send: `forward.rate` and `forward.schedule`.

const DAY_MINUTES = 24 * 60

/** Minutes of the local day, `from` included, `to` not; `from > to` goes over midnight. */
interface Window {
  readonly from: number
  readonly to: number
}

/** `always`, or windows `HH:MM-HH:MM` of local time, split by commas. */
export class Schedule {
  readonly #windows: readonly Window[] | null

  /** @throws RangeError for a text that is neither. */
  constructor(text: string) {
    this.#windows = text.trim() === 'always' ? null : text.split(',').map(parseWindow)
  }

  /** Ms from `now` (wall time, ms) until a window opens; 0: open. */
  closedForMs(now: number): number {
    if (!this.#windows) return 0
    const date = new Date(now)
    const minute = date.getHours() * 60 + date.getMinutes()
    if (this.#windows.some((window) => contains(window, minute))) return 0
    const waits = this.#windows.map(({ from }) => (from - minute + DAY_MINUTES) % DAY_MINUTES)
    return Math.min(...waits) * 60_000 - (now % 60_000)
  }
}

function parseWindow(text: string): Window {
  const parts = /^\s*([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)\s*$/.exec(text)
  if (!parts) throw new RangeError(`'${text}' is not a window HH:MM-HH:MM`)
  const [, fromHour, fromMinute, toHour, toMinute] = parts.map(Number)
  return { from: fromHour! * 60 + fromMinute!, to: toHour! * 60 + toMinute! }
}

function contains({ from, to }: Window, minute: number): boolean {
  return from <= to ? from <= minute && minute < to : minute >= from || minute < to
}

/** Lets `perSecond` events through, and at most one second's worth at once. */
export class Rate {
  readonly #perSecond: number
  #freeAt = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Events that one batch may hold. */
  get burst(): number {
    return Math.max(1, Math.floor(this.#perSecond))
  }

  /** Ms to wait before the next batch. @param now monotonic, ms */
  waitMs(now: number): number {
    return Math.max(0, this.#freeAt - now)
  }

  sent(events: number, now: number): void {
    this.#freeAt = Math.max(this.#freeAt, now) + (events / this.#perSecond) * 1000
  }
}
