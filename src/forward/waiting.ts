// The waits of a run loop that others may end early, because they want something of it.

export class Waiting {
  #wake: () => void = () => {}
  #asked = false

  /** Ends the wait; or the next one, when there is none right now, so that nothing that is asked is overheard. */
  ask(): void {
    this.#asked = true
    this.#wake()
  }

  /** Resolves after so long, or when asked. */
  async sleep(ms: number): Promise<void> {
    await this.during(ms, (signal) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => resolve())
      return promise
    })
  }

  /** Waits for `what` so long, or until asked; null then. */
  async during<T>(ms: number, what: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    const over = new AbortController()
    this.#wake = () => over.abort()
    const timer = setTimeout(this.#wake, ms)
    try {
      return this.#asked ? null : await what(over.signal)
    } catch (error) {
      if (!over.signal.aborted) throw error
      return null
    } finally {
      clearTimeout(timer)
      this.#wake = () => {}
      this.#asked = false
    }
  }
}
