// Brings sessions to the disk: at once where an acknowledgement waits for it (QoS 2), else every few seconds, those that
// changed. A subscriber that keeps up costs no writes.

import type { Seq } from '../model/event.ts'
import type { SessionRow, SessionStore } from '../store/stored-sessions.ts'
import type { Session } from './session.ts'

/** The uptime is noted at least so often, ms. */
const NOTE_UPTIME_MS = 3_600_000

interface Saving {
  isOnTheWay: boolean
  /** Of who wants what is not on the way yet. */
  next: PromiseWithResolvers<void> | undefined
}

export interface SaverOptions {
  readonly store: SessionStore
  /** What is journalled up to here has been routed. */
  routed(): Seq
  isCurrent(session: Session): boolean
}

export class SessionSaver {
  readonly #o: SaverOptions
  readonly #savings = new WeakMap<Session, Saving>()
  readonly #startedAt = performance.now()
  #notedSeq: Seq = 0
  #notedAt = this.#startedAt

  constructor(options: SaverOptions) {
    this.#o = options
  }

  /** @param at `performance.now()` @returns the gateway's uptime over all its runs, ms */
  uptimeAt(at: number): number {
    return this.#o.store.uptime + at - this.#startedAt
  }

  /** The opposite. */
  whenUptimeWas(uptime: number): number {
    return uptime - this.#o.store.uptime + this.#startedAt
  }

  /** Resolves when the session is on disk as it is at the end of this turn; never, if it is forgotten before. */
  keep(session: Session): Promise<void> {
    const saving = this.#savings.get(session) ?? { isOnTheWay: false, next: undefined }
    this.#savings.set(session, saving)
    if (saving.next) return saving.next.promise
    saving.next = Promise.withResolvers()
    if (!saving.isOnTheWay) setImmediate(() => this.#put(session, saving))
    return saving.next.promise
  }

  /** Posts the row of the session as it is right now. */
  save(session: Session, done?: () => void): void {
    session.saved = ''
    this.#write(session, this.#row(session), done)
  }

  /** What changed since the last round. Not before all sessions are restored. */
  round(sessions: Iterable<Session>): void {
    let stored = 0
    for (const session of sessions) {
      if (session.clean) continue
      stored++
      if (session.outbox.changed) this.#write(session, this.#row(session))
    }
    const routed = this.#o.routed()
    const now = performance.now()
    if (stored === 0 || (routed === this.#notedSeq && now - this.#notedAt < NOTE_UPTIME_MS)) return
    this.#notedSeq = routed
    this.#notedAt = now
    this.#o.store.routed(routed, this.uptimeAt(now))
  }

  #put(session: Session, saving: Saving): void {
    const wanted = saving.next
    saving.next = undefined
    if (!wanted || !this.#o.isCurrent(session)) return
    saving.isOnTheWay = true
    this.save(session, () => {
      saving.isOnTheWay = false
      wanted.resolve()
      if (saving.next) this.#put(session, saving)
    })
  }

  #row(session: Session): SessionRow {
    const { cursor, caughtUp, progress } = session.progress(this.#o.routed())
    const ended = session.connection ? null : this.uptimeAt(session.offlineSince)
    return { clientid: session.clientid, cursor, caughtUp, progress: JSON.stringify(progress), ended }
  }

  /** Unless that is on disk already. */
  #write(session: Session, row: SessionRow, done?: () => void): void {
    // the cursor of a session that is caught up moves on without being written
    const text = JSON.stringify(row.caughtUp ? { ...row, cursor: null } : row)
    session.outbox.changed = false
    if (text === session.saved) return
    session.saved = text
    this.#o.store.save(row, done)
  }
}
