// What clients do wrong, for the operator who looks for it: MQTT 3 ends the connection and can't say why. A client that
// tries again for ever must not fill the log, so a minute has so many lines, and says how many it left out.

import type { Logger } from '../log/logger.ts'

const MINUTE_MS = 60_000
const LINES = 10
const LONGEST_ID = 100

export class ClientFaults {
  readonly #log: Logger
  /** Since start. */
  count = 0
  #minuteAt = Number.NEGATIVE_INFINITY
  #lines = 0

  constructor(log: Logger) {
    this.#log = log
  }

  note(fault: { readonly clientid: string; readonly peer: string; readonly why: string }, now: number): void {
    this.count++
    if (now - this.#minuteAt >= MINUTE_MS) {
      if (this.#lines > LINES) this.#log.warn({ count: this.#lines - LINES }, 'client_faults_not_shown')
      this.#minuteAt = now
      this.#lines = 0
    }
    if (++this.#lines > LINES) return
    const { clientid } = fault
    const shown = clientid.length > LONGEST_ID ? `${clientid.slice(0, LONGEST_ID)}…` : clientid
    this.#log.warn({ ...fault, clientid: shown }, 'client_fault')
  }
}
