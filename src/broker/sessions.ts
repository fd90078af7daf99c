// The sessions, connected and not. Reads are synchronous, so that aedes never waits for them (aedes #3).
// Those without `clean` are stored: each change is posted when it is made, and who must wait for the disk waits for that.

import type { Seq, Subscription } from '../model/event.ts'
import type { SessionStore, StoredSession } from '../store/stored-sessions.ts'
import type { DropReason } from './figures.ts'
import { Restore, type RestoreOptions } from './restore.ts'
import type { Router } from './router.ts'
import { SessionSaver } from './saver.ts'
import { NO_PROGRESS, type Progress, type Session } from './session.ts'

export interface SessionsOptions extends RestoreOptions {
  readonly store: SessionStore
  readonly router: Router
  make(clientid: string, clean: boolean, keep: (session: Session) => Promise<void>): Session
}

export class Sessions {
  readonly #o: SessionsOptions
  readonly #sessions = new Map<string, Session>()
  #stored = 0
  readonly #saver: SessionSaver
  readonly #restore: Restore

  /** With those that are stored; `restore` gives them what waits for them. */
  constructor(options: SessionsOptions) {
    const { store, router } = options
    this.#o = options
    this.#saver = new SessionSaver({
      store,
      routed: () => router.lastSeq,
      isCurrent: (session) => this.#isCurrent(session),
    })
    this.#restore = new Restore(options)
    for (const stored of store.sessions) this.#take(stored)
  }

  /** To be called once, at the start. */
  restore(): Promise<void> {
    return this.#restore.run()
  }

  /** Resolves when the client's session has what waits for it. */
  ready(clientid: string): Promise<void> {
    return this.#restore.ready(clientid)
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Those without `clean`. */
  get stored(): number {
    return this.#stored
  }

  get(clientid: string): Session | undefined {
    return this.#sessions.get(clientid)
  }

  /** Is there a session that a connect without `clean` resumes? */
  resumable(clientid: string): boolean {
    return this.#sessions.get(clientid)?.clean === false
  }

  /**
   * The session of a client that just connected: an old one, or a new one in place of whatever was there [MQTT-3.1.2-6].
   * `settled`: an old one is gone from the disk; the client must not hear of a new one before.
   */
  open(clientid: string, clean: boolean): { session: Session; resumed: boolean; settled: Promise<void> | undefined } {
    const known = this.#sessions.get(clientid)
    if (known && !known.clean && !clean) {
      known.outbox.changed = true
      return { session: known, resumed: true, settled: undefined }
    }
    const settled = known && !known.clean ? new Promise<void>((done) => this.#forget(known, done)) : undefined
    if (known?.clean) this.#forget(known)
    const session = this.#make(clientid, clean)
    if (!clean) this.#saver.save(session)
    return { session, resumed: false, settled }
  }

  /** The connection is gone. A clean session goes with it. */
  close(session: Session): void {
    session.detach()
    if (session.clean) this.#forget(session)
    else this.#saver.save(session)
  }

  /**
   * Stores what the session is granted; resolves when all of it is on disk. `granted` is called in the journal's order, unless the
   * session is forgotten before: events told before it are older than the subscription, those behind it newer.
   */
  grant(
    session: Session,
    subscriptions: readonly Subscription[],
    granted: (subscription: Subscription) => void,
  ): Promise<void> {
    return this.#change(session, subscriptions, granted, (subscription, done) => {
      session.owedRetained.set(subscription.topic, '')
      session.outbox.changed = true
      this.#o.store.grant(session.clientid, { ...subscription, number: ++session.grants }, done)
    })
  }

  /** As `grant`. */
  revoke(session: Session, filters: readonly string[], revoked: (filter: string) => void): Promise<void> {
    return this.#change(session, filters, revoked, (filter, done) =>
      this.#o.store.revoke(session.clientid, filter, done),
    )
  }

  /** PUBREL came. Resolves when the packet id may be used anew: a power cut must not make the next message look like this one. */
  async release(session: Session, packetId: number): Promise<void> {
    if (!session.clean) await new Promise<void>((done) => this.#o.store.release(session.clientid, packetId, done))
    session.receipts.delete(packetId)
  }

  /** Forgets sessions that have been without a connection for longer. */
  expire(olderThanMs: number): void {
    const before = performance.now() - olderThanMs
    for (const session of this.#sessions.values()) {
      if (!session.connection && session.offlineSince < before) this.#forget(session)
    }
  }

  /** Of a client that is away; resolves when nothing of it is on the disk. @returns false: there is none, or it is connected */
  async drop(clientid: string): Promise<boolean> {
    const session = this.#sessions.get(clientid)
    if (!session || session.connection) return false
    await new Promise<void>((done) => this.#forget(session, done))
    return true
  }

  /** Stores what changed. */
  save(): void {
    if (this.#restore.isDone) this.#saver.round(this.#sessions.values())
  }

  /** At the end: stores what changed. */
  stop(): void {
    this.#restore.stop()
    this.save()
  }

  /** The oldest row that the journal must keep for a session; Infinity for none. */
  floor(): Seq {
    let lowest = this.#restore.floor()
    for (const session of this.#sessions.values()) lowest = Math.min(lowest, session.outbox.lowestSeq())
    return lowest
  }

  giveUp(seq: Seq, reason: DropReason): void {
    for (const session of this.#sessions.values()) session.outbox.giveUp(seq, reason)
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#sessions.values()
  }

  #take(stored: StoredSession): void {
    const session = this.#make(stored.clientid, false)
    for (const { topic, qos } of stored.subscriptions) this.#o.router.subscribe(session, topic, qos)
    for (const packetId of stored.receipts) session.receipts.set(packetId, { committed: true, waiting: [] })
    session.restore(readProgress(stored.progress), stored.subscriptions)
    session.offlineSince = this.#saver.whenUptimeWas(stored.ended ?? this.#o.store.uptime)
    this.#restore.add(session, stored)
  }

  #make(clientid: string, clean: boolean): Session {
    const session = this.#o.make(clientid, clean, (kept) => this.#saver.keep(kept))
    this.#sessions.set(clientid, session)
    if (!clean) this.#stored++
    return session
  }

  #isCurrent(session: Session): boolean {
    return this.#sessions.get(session.clientid) === session
  }

  async #change<T>(
    session: Session,
    items: readonly T[],
    changed: (item: T) => void,
    post: (item: T, done: () => void) => void,
  ): Promise<void> {
    const change = (item: T): Promise<void> =>
      new Promise((done) => {
        post(item, () => {
          if (!this.#isCurrent(session)) return
          changed(item)
          done()
        })
      })
    await Promise.all(items.map(change))
  }

  #forget(session: Session, done?: () => void): void {
    this.#sessions.delete(session.clientid)
    this.#restore.delete(session.clientid)
    this.#o.router.forget(session)
    if (session.clean) return
    this.#stored--
    this.#o.store.forget(session.clientid, done)
  }
}

/** A text that a dying card has spoilt tells nothing: the session begins at its cursor. */
function readProgress(text: string): Progress['progress'] {
  try {
    return { ...NO_PROGRESS, ...JSON.parse(text) }
  } catch {
    return NO_PROGRESS
  }
}
