// What clients do wrong, for the operator who looks for it: MQTT 3 ends the connection and can't say why.

import type { Logger } from '../log/logger.ts'
import { FewLines } from './few-lines.ts'

export class ClientFaults {
  readonly #lines: FewLines
  /** Since start. */
  count = 0

  constructor(log: Logger) {
    this.#lines = new FewLines(log, 'client_fault')
  }

  note(fault: { readonly clientid: string; readonly peer: string; readonly why: string }, now: number): void {
    this.count++
    this.#lines.warn(fault, now)
  }
}
