// Log lines about clients. One that tries again for ever must not fill the log, so a minute has so many lines, and says how
// many it left out; and what a client chose the length of is cut.

import type { Logger } from '../log/logger.ts'

const MINUTE_MS = 60_000
const LINES = 10
const LONGEST_TEXT = 100

export class FewLines {
  readonly #log: Logger
  readonly #message: string
  #minuteAt = Number.NEGATIVE_INFINITY
  #lines = 0

  constructor(log: Logger, message: string) {
    this.#log = log
    this.#message = message
  }

  /** @param now monotonic, ms */
  warn(fields: Readonly<Record<string, string | null>>, now: number): void {
    if (now - this.#minuteAt >= MINUTE_MS) {
      if (this.#lines > LINES) this.#log.warn({ count: this.#lines - LINES }, `${this.#message}s_not_shown`)
      this.#minuteAt = now
      this.#lines = 0
    }
    if (++this.#lines <= LINES) this.#log.warn(shortened(fields), this.#message)
  }
}

function shortened(fields: Readonly<Record<string, string | null>>): Record<string, string | null> {
  const short = (value: string | null): string | null =>
    value !== null && value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, short(value)]))
}
