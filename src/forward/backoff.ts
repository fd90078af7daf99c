// Exponential back-off with full jitter, so that gateways that lost one server together do not come back together.

const FIRST_MS = 500

export class Backoff {
  readonly #maxMs: number
  readonly #random: () => number
  #ceilingMs = FIRST_MS

  /** @param maxMs longest pause @param random in [0, 1), as Math.random */
  constructor(maxMs: number, random: () => number) {
    this.#maxMs = maxMs
    this.#random = random
  }

  /** The next pause in ms: anything up to a ceiling that doubles each time. */
  next(): number {
    const ceilingMs = Math.min(this.#ceilingMs, this.#maxMs)
    this.#ceilingMs = Math.min(this.#ceilingMs * 2, this.#maxMs)
    return Math.round(ceilingMs * this.#random())
  }

  reset(): void {
    this.#ceilingMs = FIRST_MS
  }
}
