// What waited for the stored sessions when the gateway died: the journal's rows behind their cursors that match their filters.
// One pass over the rows for all sessions, a slice a turn of the loop; who connects with such a session waits for its end.

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { HookEvent, Qos, Seq } from '../model/event.ts'
import { FilterTrie } from '../model/topic-tries.ts'
import type { StoredSession } from '../store/stored-sessions.ts'
import type { JournalForBroker } from './hooks-for-broker.ts'
import type { Session } from './session.ts'

const SLICE = 500

interface Restoring {
  readonly session: Session
  readonly cursor: Seq
  /** Seqs behind the cursor that it was sent. */
  readonly sent: ReadonlySet<Seq>
  /** seq · 4 + qos */
  waiting: number[]
}

interface Grant {
  readonly restoring: Restoring
  readonly since: Seq
  readonly qos: Qos
}

export interface RestoreOptions {
  readonly journal: JournalForBroker
  /** Messages that may wait for one session; of more, the oldest are not wanted. */
  readonly maxWaiting: () => number
  dropped(count: number): void
}

export class Restore {
  readonly #o: RestoreOptions
  readonly #upTo: Seq
  readonly #grants = new FilterTrie<Grant>()
  readonly #restoring = new Map<string, Restoring>()
  readonly #done = Promise.withResolvers<void>()
  #isStopped = false

  constructor(options: RestoreOptions) {
    this.#o = options
    this.#upTo = options.journal.lastSeq
  }

  add(session: Session, { clientid, cursor, subscriptions }: StoredSession): void {
    if (cursor >= this.#upTo) return
    const { sent, ahead } = session.outbox.progress(cursor)
    const restoring: Restoring = {
      session,
      cursor,
      sent: new Set([...ahead, ...sent.map(({ seq }) => seq)]),
      waiting: [],
    }
    this.#restoring.set(clientid, restoring)
    for (const { topic, since, qos } of subscriptions) this.#grants.add(topic, { restoring, since, qos })
  }

  get isDone(): boolean {
    return this.#restoring.size === 0
  }

  /** Resolves when the client's session is whole; at once where it is. */
  async ready(clientid: string): Promise<void> {
    if (this.#restoring.has(clientid)) await this.#done.promise
  }

  /** The oldest row that is still to be read; Infinity for none. */
  floor(): Seq {
    let lowest = Number.POSITIVE_INFINITY
    for (const { cursor } of this.#restoring.values()) lowest = Math.min(lowest, cursor + 1)
    return lowest
  }

  /** The session was forgotten. */
  delete(clientid: string): void {
    this.#restoring.delete(clientid)
  }

  stop(): void {
    this.#isStopped = true
  }

  /** Reads what there is, then gives each session what waits for it. */
  async run(): Promise<void> {
    let at = this.floor() - 1
    while (at < this.#upTo && !this.#isStopped) {
      const events = this.#o.journal.events(at, SLICE)
      for (const event of events) if (event.seq <= this.#upTo) this.#route(event)
      at = events.at(-1)?.seq ?? this.#upTo
      await nextTurn()
    }
    if (this.#isStopped) return
    for (const { session, waiting } of this.#restoring.values()) session.outbox.refill(waiting)
    this.#restoring.clear()
    this.#done.resolve()
  }

  #route({ hook, topic, seq, qos = 0 }: HookEvent): void {
    if (hook !== 'message.publish' || qos === 0) return
    const found = new Map<Restoring, Qos>()
    for (const { restoring, since, qos: granted } of this.#grants.match(topic)) {
      if (seq <= since || seq <= restoring.cursor || restoring.sent.has(seq)) continue
      found.set(restoring, Math.max(found.get(restoring) ?? 0, Math.min(granted, qos)) as Qos)
    }
    for (const [restoring, lower] of found) if (lower > 0) this.#push(restoring, seq * 4 + lower)
  }

  #push(restoring: Restoring, number: number): void {
    const maxWaiting = this.#o.maxWaiting()
    restoring.waiting.push(number)
    if (restoring.waiting.length <= 2 * maxWaiting) return
    this.#o.dropped(restoring.waiting.length - maxWaiting)
    restoring.waiting = maxWaiting > 0 ? restoring.waiting.slice(-maxWaiting) : []
  }
}
