// `mqtt.max_publish_rate`: who publishes faster is acknowledged later, and read later, since the next read waits for the
// acknowledgements of the one before. Nothing is lost; the client feels a slow line.

/** What comes at once after a rest is not held back: so much of a second's messages. */
const BURST_MS = 1000

export class Pace {
  readonly #intervalMs: number
  /** When the next message is due. */
  #due = Number.NEGATIVE_INFINITY
  readonly #held: { readonly at: number; readonly go: () => void }[] = []

  /** @param rate messages a second */
  constructor(rate: number) {
    this.#intervalMs = 1000 / rate
  }

  /** Calls `go` when the message may be acknowledged, in the order of the calls; at once where that is now. @returns false: later */
  pass(go: () => void): boolean {
    const now = performance.now()
    this.#due = Math.max(this.#due, now - BURST_MS) + this.#intervalMs
    if (this.#due <= now && this.#held.length === 0) {
      go()
      return true
    }
    this.#held.push({ at: this.#due, go })
    if (this.#held.length === 1) this.#wait()
    return false
  }

  /** Nobody waits any more. */
  end(): void {
    for (const { go } of this.#held.splice(0)) go()
  }

  #wait(): void {
    setTimeout(() => this.#release(), Math.max(0, this.#held[0]!.at - performance.now())).unref()
  }

  #release(): void {
    const now = performance.now()
    while (this.#held.length > 0 && this.#held[0]!.at <= now) this.#held.shift()!.go()
    if (this.#held.length > 0) this.#wait()
  }
}
