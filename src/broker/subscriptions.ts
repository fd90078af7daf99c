// Subscriptions: made by SUBSCRIBE and by lookups, ended by UNSUBSCRIBE. One of a clean session counts from its SUBACK on. One that
// is stored counts from its row's place in the journal, whether the connection lives that long or not: what is told to be on
// disk behind that place is routed by it, now as after a restart.

import type { Logger } from '../log/logger.ts'
import type { EventDraft, Qos, Subscription } from '../model/event.ts'
import type { Connection } from './connection.ts'
import type { Denials } from './denials.ts'
import type { EngineClient, RequestedSubscription } from './engine-client.ts'
import type { Figures } from './figures.ts'
import type { HooksForBroker } from './hooks-for-broker.ts'
import type { Limits } from './limits.ts'
import { NamedFilters } from './named-filters.ts'
import { type RecallContext, recallResumed, recallSubscribed } from './recall.ts'
import type { Router } from './router.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { SystemMessages } from './system-messages.ts'
import { subscriptionFault } from './wire-guard.ts'

const REFUSED_FILTER = 128

export interface SubscriptionsOptions {
  readonly hooks: HooksForBroker
  readonly sessions: Sessions
  readonly router: Router
  readonly figures: Figures
  readonly denials: Denials
  readonly limits: Limits
  readonly log: Logger
  readonly system: SystemMessages
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions

  constructor(options: SubscriptionsOptions) {
    this.#options = options
  }

  /** The filters of a SUBSCRIBE to a stored session that were granted since the last call. Resolves when SUBACK may leave. */
  store(connection: Connection): Promise<void> {
    const session = connection.session!
    const news = connection.unstored.splice(0)
    if (news.length > 0) {
      connection.granted = this.#options.sessions.grant(session, news, (subscription) => {
        this.#isSaid(connection, subscription.topic)
        this.#grant(session, subscription)
      })
    }
    return connection.granted
  }

  /** The filters of an UNSUBSCRIBE to a stored session. Resolves when UNSUBACK may leave. */
  withdraw(connection: Connection, filters: readonly string[]): Promise<void> {
    const session = connection.session!
    return this.#options.sessions.revoke(session, filters, (filter) => {
      this.#isSaid(connection, filter)
      this.#revoke(session, filter)
    })
  }

  /** SUBACK was written. */
  subscribed(subscriptions: readonly RequestedSubscription[], { connection, closed, clean }: EngineClient): void {
    if (closed || !clean) return
    for (const { filter, qos } of subscriptions) {
      if (filter === undefined || qos === REFUSED_FILTER) continue
      this.#isSaid(connection, filter)
      this.#grant(connection.session!, { topic: filter, qos: qos as Qos })
    }
  }

  /** UNSUBACK was written; or the connection of a clean session has ended, which is no unsubscribing. */
  unsubscribed(filters: readonly string[], { connection, closed, clean }: EngineClient): void {
    if (closed || !clean) return
    for (const filter of filters) {
      this.#isSaid(connection, filter)
      this.#revoke(connection.session!, filter)
    }
  }

  /** The outbox of the client that is back is about to be attached: what it is owed goes before its queue. */
  resumed(session: Session): void {
    recallResumed(session, this.#recallContext())
  }

  /** Subscriptions that a lookup finds are made from here, when its database was away then as soon as it is back. */
  lookUp(connection: Connection, session: Session, hook: 'client.connected' | 'session.created'): void {
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
    if (session.clean) {
      this.#grant(session, subscription)
      return
    }
    connection.granting.set(topic, subscription)
    void this.#options.sessions.grant(session, [subscription], () => {
      connection.granting.delete(topic)
      this.#grant(session, subscription)
    })
  }

  /** The client has had its say on this filter. */
  #isSaid({ granting, named }: Connection, filter: string): void {
    granting.delete(filter)
    named?.add(filter)
  }

  #grant(session: Session, { topic, qos }: Subscription): void {
    const context = this.#recallContext()
    this.#options.router.subscribe(session, topic, qos)
    this.#record({ hook: 'session.subscribed', clientid: session.clientid, topic, qos })
    session.owedRetained.set(topic, '')
    if (session.outbox.isAttached) recallSubscribed(session, { filter: topic, qos }, context) // else when it is
  }

  #revoke(session: Session, topic: string): void {
    if (!this.#options.router.unsubscribe(session, topic)) return
    session.owedRetained.delete(topic)
    session.endFetch(topic)
    session.outbox.callOff(topic)
    this.#record({ hook: 'session.unsubscribed', clientid: session.clientid, topic })
  }

  #recallContext(): RecallContext {
    const { hooks, router, system } = this.#options
    return { hooks, system, routedUpTo: router.lastSeq, failed: (error, filter) => this.#recallFailed(error, filter) }
  }

  #recallFailed(error: unknown, filter: string): void {
    this.#options.figures.recallsFailed++
    this.#options.log.warn({ filter, err: error }, 'recall_failed')
  }

  #record(draft: EventDraft): void {
    this.#options.hooks.record(draft, (error) => {
      if (error) this.#options.figures.countDropped('event_lost')
    })
  }
}
