// One client's session: what it subscribed to, what it is to be sent, which QoS 2 messages of its own are half done.

import type { Qos, Seq } from '../model/event.ts'
import type { StoredSubscription } from '../store/stored-sessions.ts'
import { type AckState, AckTracker } from './ack-tracker.ts'
import type { Access } from './admission.ts'
import type { Entry } from './backlog.ts'
import type { Connection } from './connection.ts'
import { FilterMap } from './filter-map.ts'
import { Outbox, type OutboxProgress, type OutboxRules } from './outbox.ts'
import type { OwedRetained } from './run.ts'

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

export interface SessionEvents {
  /** An entry was written to the socket for the first time. */
  sent(session: Session, entry: Entry): void
  /** Resolves when the session is stored as it is now. */
  keep(session: Session): Promise<void>
}

export interface Progress extends Pick<OutboxProgress, 'cursor' | 'caughtUp'> {
  /** Goes to the disk as JSON. */
  readonly progress: Pick<OutboxProgress, 'sent' | 'ahead' | 'owed'> & {
    readonly acks: AckState
    /** How many subscriptions it had been granted: of those that were granted since, retained messages are owed. */
    readonly grants: number
  }
}

const NO_ACKS: AckState = { topics: [], held: [] }
export const NO_PROGRESS: Progress['progress'] = { sent: [], ahead: [], owed: [], acks: NO_ACKS, grants: 0 }

export class Session {
  readonly clientid: string
  /** Ends with its connection. */
  readonly clean: boolean
  readonly subscriptions = new FilterMap<Grant>()
  /** By packet id. */
  readonly receipts = new Map<number, Receipt>()
  readonly acks = new AckTracker()
  readonly outbox: Outbox
  connection: Connection | undefined
  /** What its client may do, also after that has gone; undefined: everything, or not known yet after a restart. */
  access: Access | undefined
  /** Filters whose retained messages are still to come, but for those that a run of the outbox is about to send. */
  readonly owedRetained: OwedRetained = new Map()
  /** How many subscriptions it was granted, ever. */
  grants = 0
  /** By filter: what is still to come of a fetch is called off by these. */
  readonly #fetches = new Map<string, AbortController>()
  #presence = new AbortController()
  /** `performance.now()` of the end of the last connection; before 0 for one of a former run. */
  offlineSince = 0
  /** Its row as it was written last. */
  saved = ''

  constructor(clientid: string, clean: boolean, rules: OutboxRules, events: SessionEvents) {
    this.clientid = clientid
    this.clean = clean
    this.outbox = new Outbox(rules, {
      mayRead: (topic) => this.mayRead(topic),
      sent: (entry) => events.sent(this, entry),
      ...(clean ? {} : { keep: () => events.keep(this) }),
    })
  }

  mayRead(topic: string): boolean {
    return this.access?.mayRead(topic) ?? true
  }

  /** What a restart needs to know beside the subscriptions and receipts. */
  progress(routed: Seq): Progress {
    const { cursor, caughtUp, owed, ...rest } = this.outbox.progress(routed)
    const allOwed = [...new Map([...owed, ...this.owedRetained])]
    return { cursor, caughtUp, progress: { ...rest, owed: allOwed, acks: this.acks.state(), grants: this.grants } }
  }

  restore({ acks, grants, ...outbox }: Progress['progress'], subscriptions: readonly StoredSubscription[]): void {
    this.outbox.restore(outbox)
    this.acks.restore(acks)
    for (const [filter, after] of outbox.owed) this.owedRetained.set(filter, after)
    this.grants = grants
    for (const { topic, number } of subscriptions) {
      if (number > grants) this.owedRetained.set(topic, '')
      this.grants = Math.max(this.grants, number)
    }
  }

  /** The connection is gone. */
  detach(): void {
    this.connection = undefined
    this.offlineSince = performance.now()
    for (const [filter, after] of this.outbox.detach()) {
      if (!this.owedRetained.has(filter)) this.owedRetained.set(filter, after)
    }
    for (const filter of [...this.#fetches.keys()]) this.endFetch(filter)
    this.#presence.abort()
    this.#presence = new AbortController()
  }

  /** @returns what a run begins to send now */
  takeOwedRetained(): OwedRetained {
    const owed = new Map(this.owedRetained)
    this.owedRetained.clear()
    return owed
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
