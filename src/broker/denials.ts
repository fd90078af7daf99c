// What clients were not allowed to do, counted, and some of it in the log: MQTT 3 can tell a publisher nothing.

import type { Logger } from '../log/logger.ts'
import type { Connection } from './connection.ts'
import { FewLines } from './few-lines.ts'

/** lookup: a subscription that the gateway would have made for it. */
export type Denied = 'publish' | 'will' | 'subscribe' | 'lookup'

export class Denials {
  readonly counts: Record<Denied, number> = { publish: 0, will: 0, subscribe: 0, lookup: 0 }
  readonly #lines: FewLines

  constructor(log: Logger) {
    this.#lines = new FewLines(log, 'client_denied')
  }

  note(action: Denied, { client, introduction, peerhost }: Connection, topic: string): void {
    this.counts[action]++
    const { username } = introduction
    this.#lines.warn({ action, topic, clientid: client.id, username, peer: peerhost }, performance.now())
  }
}
