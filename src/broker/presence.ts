// Clients that come and go: aedes' events become hook events, in the order of each connection.
// A takeover records the old connection's end before the new one's CONNACK leaves.

import { HoldfastError } from '../model/errors.ts'
import type { EventDraft } from '../model/event.ts'
import type { LocalWrite } from '../queue/journal.ts'
import type { SessionStore } from '../store/stored-sessions.ts'
import type { Announcements } from './announcements.ts'
import type { ClientFaults } from './client-faults.ts'
import type { Connection } from './connection.ts'
import type { EngineClient } from './engine-client.ts'
import type { Figures } from './figures.ts'
import type { HooksForBroker } from './hooks-for-broker.ts'
import { limitOf } from './over-limit.ts'
import type { Refusal } from './refusal.ts'
import type { Router } from './router.ts'
import type { Sessions } from './sessions.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface PresenceOptions {
  readonly hooks: HooksForBroker
  readonly sessions: Sessions
  readonly subscriptions: Subscriptions
  readonly figures: Figures
  readonly faults: ClientFaults
  readonly router: Router
  /** Wall time, ms. */
  now(): number
  readonly store: SessionStore
  readonly announcements: Announcements
}

export class Presence {
  readonly #options: PresenceOptions
  readonly #connected = new Set<Connection>()

  constructor(options: PresenceOptions) {
    this.#options = options
  }

  get connected(): ReadonlySet<Connection> {
    return this.#connected
  }

  /** @param refused by its authentication @returns the same, when the session that it resumes is whole */
  async arriving({ id, clean }: EngineClient, refused: Promise<Refusal | undefined>): Promise<Refusal | undefined> {
    if ((await refused) === undefined && !clean) await this.#options.sessions.ready(id)
    return refused
  }

  /** The client is authenticated, a connection that it takes over has ended; CONNACK follows. */
  registered({ connection, id, clean }: EngineClient): void {
    const { session, resumed, settled } = this.#options.sessions.open(id, clean)
    session.connection = connection
    session.access = connection.access
    connection.settled = settled
    connection.session = session
    connection.resumed = resumed
    connection.connectedAt = this.#options.now()
    this.#connected.add(connection)
    if (resumed) this.#options.router.forgetTargets() // it may be another user's now
  }

  /** CONNACK was written. */
  answered(returnCode: number, { connection, id, closed }: EngineClient): void {
    if (returnCode !== 0 || closed) return
    const { username, clean, keepalive } = connection.introduction
    const more = { username, peerhost: connection.peerhost, clean, keepalive }
    connection.announced = true
    this.#options.announcements.connected(connection)
    const owner = { clientid: id, username: connection.access?.username ?? null }
    const will = connection.will && this.#options.store.putWill({ ...owner, ...connection.will })
    this.#record({ hook: 'client.connected', clientid: id, topic: '', more }, will)
    if (!connection.resumed) this.#record({ hook: 'session.created', clientid: id, topic: '' })
  }

  /** aedes has nothing more to send of its own: ours begins. */
  ready({ connection, closed }: EngineClient): void {
    const { session } = connection
    if (closed || session?.connection !== connection) return
    if (!connection.holds) {
      connection.end('revoked') // the rules have changed since it was let in
      return
    }
    const { subscriptions } = this.#options
    subscriptions.resumed(session) // first: its queue waits behind the fetch
    session.outbox.attach(connection.outlet)
    subscriptions.lookUp(connection, session, 'client.connected')
    if (!connection.resumed) subscriptions.lookUp(connection, session, 'session.created')
  }

  ended({ connection, id, _disconnected }: EngineClient): void {
    this.#connected.delete(connection)
    connection.pace?.end()
    const { session } = connection
    if (session?.connection === connection) this.#options.sessions.close(session)
    if (!connection.announced) return
    const reason = connection.endReason ?? (_disconnected ? 'normal' : 'closed')
    this.#options.announcements.disconnected(connection, reason)
    const will = connection.will && this.#options.store.deleteWill(id)
    this.#record({ hook: 'client.disconnected', clientid: id, topic: '', more: { reason } }, will)
  }

  failed({ connection, id }: EngineClient, error: NodeJS.ErrnoException): void {
    const limit = limitOf(error)
    if (limit) this.#options.figures.countOver(limit)
    const broken = error.code === 'ECONNRESET' || error.code === 'EPIPE'
    connection.endReason ??= broken ? 'closed' : 'error'
    if (broken || error instanceof HoldfastError) return // the line's fault, or ours: the journal said so already
    this.#options.faults.note({ clientid: id ?? '', peer: connection.peerhost, why: error.message }, performance.now())
  }

  /** A client whose PUBLISH waits for a slow disk can't be heard meanwhile: that is no fault of its keepalive. */
  forgiveWaiting(): void {
    for (const { client, inGate } of this.#connected) if (inGate > 0) client._keepaliveTimer?.refresh()
  }

  /** To be called now and then, see `Outbox.settle`. */
  settle(): void {
    for (const { session } of this.#connected) session!.outbox.settle()
  }

  #record(draft: EventDraft, local?: LocalWrite): void {
    const recorded = (error: Error | null): void => {
      if (error) this.#options.figures.countDropped('event_lost')
    }
    this.#options.hooks.record(draft, recorded, local && [local])
  }
}
