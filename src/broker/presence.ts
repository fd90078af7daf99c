// Clients that come and go, subscribe and unsubscribe: aedes' events become hook events, in the order of each connection.
// A takeover records the old connection's end before the new one's CONNACK leaves.

import type { Logger } from '../log/logger.ts'
import { HoldfastError } from '../model/errors.ts'
import type { EventDraft, Qos, Subscription } from '../model/event.ts'
import type { LocalWrite } from '../queue/journal.ts'
import type { SessionStore } from '../store/stored-sessions.ts'
import type { Announcements } from './announcements.ts'
import type { ClientFaults } from './client-faults.ts'
import type { Connection } from './connection.ts'
import type { Denials } from './denials.ts'
import type { EngineClient, RequestedSubscription } from './engine-client.ts'
import type { Figures } from './figures.ts'
import type { HooksForBroker } from './hooks-for-broker.ts'
import type { Limits } from './limits.ts'
import { NamedFilters } from './named-filters.ts'
import { limitOf } from './over-limit.ts'
import { type RecallContext, recallResumed, recallSubscribed } from './recall.ts'
import type { Refusal } from './refusal.ts'
import type { Router } from './router.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { SystemMessages } from './system-messages.ts'
import { subscriptionFault } from './wire-guard.ts'

const REFUSED_FILTER = 128

export interface PresenceOptions {
  readonly hooks: HooksForBroker
  readonly sessions: Sessions
  readonly router: Router
  readonly figures: Figures
  readonly faults: ClientFaults
  readonly denials: Denials
  readonly limits: Limits
  readonly log: Logger
  /** Wall time, ms. */
  now(): number
  readonly system: SystemMessages
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
    if (connection.access?.holds() === false) {
      connection.end('revoked') // the rules have changed since it was let in
      return
    }
    if (connection.resumed) recallResumed(session, this.#recallContext()) // first: its queue waits behind the fetch
    session.outbox.attach(connection.outlet)
    this.#lookUp(connection, session, 'client.connected')
    if (!connection.resumed) this.#lookUp(connection, session, 'session.created')
  }

  ended({ connection, id, _disconnected }: EngineClient): void {
    this.#connected.delete(connection)
    const { session } = connection
    if (session?.connection === connection) {
      if (!session.clean) this.#takeBack(connection, session)
      this.#options.sessions.close(session)
    }
    if (!connection.announced) return
    const reason = connection.endReason ?? (_disconnected ? 'normal' : 'closed')
    this.#options.announcements.disconnected(connection, reason)
    const will = connection.will && this.#options.store.deleteWill(id)
    this.#record({ hook: 'client.disconnected', clientid: id, topic: '', more: { reason } }, will)
  }

  /** Subscriptions that are stored, and whose SUBACK never left: the client does not know of them. */
  #takeBack({ granting }: Connection, session: Session): void {
    for (const topic of granting.keys()) {
      const known = session.subscriptions.get(topic)
      if (known) void this.#options.sessions.grant(session, [{ topic, qos: known.qos }])
      else void this.#options.sessions.revoke(session, [topic])
    }
  }

  failed({ connection, id }: EngineClient, error: NodeJS.ErrnoException): void {
    const limit = limitOf(error)
    if (limit) this.#options.figures.countOver(limit)
    const broken = error.code === 'ECONNRESET' || error.code === 'EPIPE'
    connection.endReason ??= broken ? 'closed' : 'error'
    if (broken || error instanceof HoldfastError) return // the line's fault, or ours: the journal said so already
    this.#options.faults.note({ clientid: id ?? '', peer: connection.peerhost, why: error.message }, performance.now())
  }

  /** SUBACK was written. */
  subscribed(subscriptions: readonly RequestedSubscription[], { connection, closed }: EngineClient): void {
    if (closed) return
    for (const { filter, qos } of subscriptions) {
      if (filter === undefined || qos === REFUSED_FILTER) continue
      connection.granting.delete(filter)
      connection.named?.add(filter)
      this.#grant(connection.session!, { topic: filter, qos: qos as Qos })
    }
  }

  /** UNSUBACK was written; or the connection of a clean session has ended, which is no unsubscribing. */
  unsubscribed(filters: readonly string[], { connection, id, closed }: EngineClient): void {
    if (closed) return
    for (const filter of filters) {
      connection.named?.add(filter)
      if (!this.#options.router.unsubscribe(connection.session!, filter)) continue
      connection.session!.endFetch(filter)
      connection.session!.outbox.callOff(filter)
      this.#record({ hook: 'session.unsubscribed', clientid: id, topic: filter })
    }
  }

  /** A client whose PUBLISH waits for a slow disk can't be heard meanwhile: that is no fault of its keepalive. */
  forgiveWaiting(): void {
    for (const { client, inGate } of this.#connected) if (inGate > 0) client._keepaliveTimer?.refresh()
  }

  /** Messages that are not acknowledged at once are held, see `Outbox.settle`. */
  settle(): void {
    for (const { session } of this.#connected) session!.outbox.settle()
  }

  #grant(session: Session, { topic, qos }: Subscription): void {
    const context = this.#recallContext()
    this.#options.router.subscribe(session, topic, qos)
    this.#record({ hook: 'session.subscribed', clientid: session.clientid, topic, qos })
    recallSubscribed(session, { filter: topic, qos }, context)
  }

  /** Subscriptions that a lookup finds are made from here, when its database was away then as soon as it is back. */
  #lookUp(connection: Connection, session: Session, hook: 'client.connected' | 'session.created'): void {
    const deliver = (found: readonly Subscription[]): void => {
      if (session.connection === connection) for (const each of found) this.#make(connection, session, each)
    }
    const found = this.#options.hooks.subscriptions(session.clientid, hook, { gone: session.gone, deliver })
    if (!found) return
    connection.named ??= new NamedFilters()
    found.then(deliver, (error: unknown) => this.#recallFailed(error, ''))
  }

  /** Unless the session has it already, or the client has had its own say on this filter since it came. */
  #make(connection: Connection, session: Session, subscription: Subscription): void {
    const { topic, qos } = subscription
    if (session.subscriptions.get(topic)?.qos === qos) return
    if (connection.named?.has(topic) || connection.granting.has(topic)) return
    if (subscriptionFault(topic, this.#options.limits.maxTopicLevels)) return
    if (connection.access?.maySubscribe(topic) === false) {
      this.#options.denials.note('lookup', connection, topic)
      return
    }
    if (!session.clean) void this.#options.sessions.grant(session, [subscription])
    this.#grant(session, subscription)
  }

  #recallContext(): RecallContext {
    const { hooks, router, system } = this.#options
    return { hooks, system, routedUpTo: router.lastSeq, failed: (error, filter) => this.#recallFailed(error, filter) }
  }

  #recallFailed(error: unknown, filter: string): void {
    this.#options.figures.recallsFailed++
    this.#options.log.warn({ filter, err: error }, 'recall_failed')
  }

  #record(draft: EventDraft, local?: LocalWrite): void {
    const recorded = (error: Error | null): void => {
      if (error) this.#options.figures.countDropped('event_lost')
    }
    this.#options.hooks.record(draft, recorded, local && [local])
  }
}
