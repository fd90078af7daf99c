// An error that no table knows is taken for the server's trouble, and the lane waits. But an event that alone fails again
// and again, while the server is well, is at fault whatever its error says.

import type { BackendError } from '../model/errors.ts'
import type { Seq } from '../model/event.ts'

const FAILURES = 10

export class Suspicion {
  #seq: Seq = 0
  #failures = 0
  #error: BackendError | undefined

  /** The event at `seq` failed, alone in its write, while the pool answered pings. */
  failedAlone(seq: Seq, error: BackendError): void {
    this.#failures = seq === this.#seq ? this.#failures + 1 : 1
    this.#seq = seq
    this.#error = error
  }

  /** @returns the last error of the event when it failed often enough to be the culprit. */
  convicts(seq: Seq): BackendError | undefined {
    return seq === this.#seq && this.#failures >= FAILURES ? this.#error : undefined
  }
}
