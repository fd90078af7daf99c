// How often what came out how great: counted in buckets, so that quantiles over any time can be worked out elsewhere.

/** What was counted. */
export interface Counted {
  /** Upper bounds of the buckets. */
  readonly le: readonly number[]
  /** Observations in each bucket (not in those below), and above the last bound. */
  readonly counts: readonly number[]
  readonly sum: number
  readonly count: number
}

export class Histogram {
  readonly #le: readonly number[]
  readonly #counts: number[]
  #sum = 0
  #count = 0

  /** @param le upper bounds of the buckets, ascending */
  constructor(le: readonly number[]) {
    this.#le = le
    this.#counts = new Array<number>(le.length + 1).fill(0)
  }

  observe(value: number): void {
    let bucket = 0
    while (bucket < this.#le.length && value > this.#le[bucket]!) bucket++
    this.#counts[bucket]!++
    this.#sum += value
    this.#count++
  }

  get counted(): Counted {
    return { le: this.#le, counts: [...this.#counts], sum: this.#sum, count: this.#count }
  }
}

/** Bounds for durations from a millisecond on, seconds. */
export const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const
/** Bounds for how many there are of something. */
export const AMOUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] as const
