// One client's session: what it subscribed to, what it is to be sent, which QoS 2 messages of its own are half done.

import type { Qos } from '../model/event.ts'
import { AckTracker } from './ack-tracker.ts'
import type { Entry } from './backlog.ts'
import type { Connection } from './connection.ts'
import { Outbox, type OutboxRules } from './outbox.ts'

/** A subscription in the routing table. */
export interface Grant {
  readonly session: Session
  readonly filter: string
  readonly qos: Qos
}

/** A QoS 2 message of this client from its PUBLISH to its PUBREL [MQTT-4.3.3-2]. */
export interface Receipt {
  /** On disk: PUBREC may leave, also for a repetition. */
  committed: boolean
  /** Who waits for the commit: the first PUBLISH, and each repetition before it. */
  readonly waiting: ((error: Error | null) => void)[]
}

export class Session {
  readonly clientid: string
  /** Ends with its connection. */
  readonly clean: boolean
  readonly subscriptions = new Map<string, Grant>()
  /** By packet id. */
  readonly receipts = new Map<number, Receipt>()
  readonly acks = new AckTracker()
  readonly outbox: Outbox
  connection: Connection | undefined
  /** Filters whose retained messages were cut short by the end of a connection. */
  owedRetained = new Set<string>()
  /** By filter: what is still to come of a fetch is called off by these. */
  readonly #fetches = new Map<string, AbortController>()
  #presence = new AbortController()
  /** `performance.now()` of the end of the last connection. */
  offlineSince = 0

  constructor(clientid: string, clean: boolean, rules: OutboxRules, sent: (session: Session, entry: Entry) => void) {
    this.clientid = clientid
    this.clean = clean
    this.outbox = new Outbox(rules, (entry) => sent(this, entry))
  }

  /** The connection is gone. */
  detach(): void {
    this.connection = undefined
    this.offlineSince = performance.now()
    this.owedRetained = this.outbox.detach()
    for (const filter of [...this.#fetches.keys()]) this.endFetch(filter)
    this.#presence.abort()
    this.#presence = new AbortController()
  }

  /** Aborted when the connection that is there now is gone. */
  get gone(): AbortSignal {
    return this.#presence.signal
  }

  /** Begins a fetch, in place of an older one. @returns aborted when its result is wanted no more */
  beginFetch(filter: string): AbortSignal {
    this.endFetch(filter)
    const fetch = new AbortController()
    this.#fetches.set(filter, fetch)
    return fetch.signal
  }

  endFetch(filter: string): void {
    this.#fetches.get(filter)?.abort()
    this.#fetches.delete(filter)
  }
}
