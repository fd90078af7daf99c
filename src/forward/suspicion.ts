// An error that no table knows is taken for the server's trouble, and the lane waits. But an event that alone fails again
// and again, each time just after the server took another write, is at fault whatever its error says.

import type { BackendError } from '../model/errors.ts'
import type { Seq } from '../model/event.ts'

const FAILURES = 10

export class Suspicion {
  #seq: Seq = 0
  #failures = 0
  #error: BackendError | undefined

  /** The event at `seq` failed, alone in its write. From then on the server is probed before each attempt at it. */
  failedAlone(seq: Seq, error: BackendError): void {
    this.#failures = seq === this.#seq ? this.#failures + 1 : 1
    this.#seq = seq
    this.#error = error
  }

  suspects(seq: Seq): boolean {
    return seq === this.#seq
  }

  /** @returns the last error of a suspect that failed often enough to be the culprit. */
  get proof(): BackendError | undefined {
    return this.#failures >= FAILURES ? this.#error : undefined
  }
}
