// The sessions, connected and not. Reads are synchronous, so that aedes never waits for them (aedes #3).

import type { Seq } from '../model/event.ts'
import type { Session } from './session.ts'

export interface Sessions {
  readonly size: number
  get(clientid: string): Session | undefined
  /** Is there a session that a connect without `clean` resumes? */
  resumable(clientid: string): boolean
  /** The session of a client that just connected: an old one, or a new one in place of whatever was there [MQTT-3.1.2-6]. */
  open(clientid: string, clean: boolean): { readonly session: Session; readonly resumed: boolean }
  /** The connection is gone. A clean session goes with it. */
  close(session: Session): void
  /** Forgets sessions that have been without a connection for longer. */
  expire(olderThanMs: number): void
  /** The oldest row that the journal must keep for a session; Infinity for none. */
  floor(): Seq
  [Symbol.iterator](): Iterator<Session>
}

export class MemorySessions implements Sessions {
  readonly #sessions = new Map<string, Session>()
  readonly #make: (clientid: string, clean: boolean) => Session
  readonly #forgotten: (session: Session) => void

  /** @param forgotten called for each session that ends for good */
  constructor(make: (clientid: string, clean: boolean) => Session, forgotten: (session: Session) => void) {
    this.#make = make
    this.#forgotten = forgotten
  }

  get size(): number {
    return this.#sessions.size
  }

  get(clientid: string): Session | undefined {
    return this.#sessions.get(clientid)
  }

  resumable(clientid: string): boolean {
    return this.#sessions.get(clientid)?.clean === false
  }

  open(clientid: string, clean: boolean): { session: Session; resumed: boolean } {
    const known = this.#sessions.get(clientid)
    if (known && !known.clean && !clean) return { session: known, resumed: true }
    if (known) this.#forget(known)
    const session = this.#make(clientid, clean)
    this.#sessions.set(clientid, session)
    return { session, resumed: false }
  }

  close(session: Session): void {
    session.detach()
    if (session.clean) this.#forget(session)
  }

  expire(olderThanMs: number): void {
    const before = performance.now() - olderThanMs
    for (const session of this.#sessions.values()) {
      if (!session.connection && session.offlineSince < before) this.#forget(session)
    }
  }

  floor(): Seq {
    let lowest = Number.POSITIVE_INFINITY
    for (const session of this.#sessions.values()) lowest = Math.min(lowest, session.outbox.lowestSeq())
    return lowest
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#sessions.values()
  }

  #forget(session: Session): void {
    this.#sessions.delete(session.clientid)
    this.#forgotten(session)
  }
}
