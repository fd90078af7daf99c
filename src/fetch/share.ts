// Work that takes long where there is much to look through, and that anybody may ask for: all of it together has a share of each
// turn of the loop. Who asks for much waits; nobody else does.

import { setImmediate as nextTurn } from 'node:timers/promises'

const SHARE_MS = 5

export class Share {
  #spentMs = 0
  #next: Promise<void> | undefined

  /** Does it in this turn of the loop, or in the first one that has time left. What is begun is not interrupted. */
  async do<T>(work: () => T): Promise<T> {
    while (this.#spentMs >= SHARE_MS) await this.#next
    this.#next ??= this.#begin()
    const began = performance.now()
    try {
      return work()
    } finally {
      this.#spentMs += performance.now() - began
    }
  }

  async #begin(): Promise<void> {
    await nextTurn()
    this.#spentMs = 0
    this.#next = undefined
  }
}
