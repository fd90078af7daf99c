// What happens at the far end of a delivery: message.delivered when it is written, message.acked when it is acknowledged.

import type { Entry } from './backlog.ts'
import type { DropReason, Figures } from './figures.ts'
import type { HooksForBroker, JournalForBroker } from './hooks-for-broker.ts'
import type { Limits } from './limits.ts'
import type { OutboxRules } from './outbox.ts'
import { Outgoing } from './outgoing.ts'
import { Session } from './session.ts'

/** What all queues together hold in memory; what is beyond is read from the journal when its turn comes. */
const HELD_BYTES = 32 * 1024 * 1024

export interface DeliveriesOptions {
  readonly hooks: HooksForBroker
  readonly journal: JournalForBroker
  readonly figures: Figures
  readonly limits: Limits
}

export class Deliveries {
  readonly #hooks: HooksForBroker
  readonly #figures: Figures
  readonly #rules: OutboxRules

  constructor({ hooks, journal, figures, limits }: DeliveriesOptions) {
    this.#hooks = hooks
    this.#figures = figures
    this.#rules = {
      get window() {
        return limits.maxInflight
      },
      get maxWaiting() {
        return limits.maxOffline
      },
      memory: { held: 0, limit: HELD_BYTES },
      load: (seq, topic) => {
        const event = journal.event(seq)
        if (event) return Outgoing.ofEvent(event, event)
        const retained = topic === undefined ? undefined : journal.retained(topic)
        return retained?.seq === seq ? Outgoing.ofMessage(retained) : undefined
      },
      dropped: (reason: DropReason) => figures.countDropped(reason),
    }
  }

  /** A new session, whose deliveries are told here. */
  session(clientid: string, clean: boolean, keep: (session: Session) => Promise<void>): Session {
    return new Session(clientid, clean, this.#rules, { sent: (session, entry) => this.#sent(session, entry), keep })
  }

  /** PUBACK or PUBCOMP came. */
  acknowledged({ clientid, acks }: Session, { message }: Entry): void {
    const { topic } = message
    if (!this.#hooks.wants('message.acked', topic)) return
    const { msgid, from } = message
    const position = acks.acknowledged(topic, msgid)
    const more = position === undefined ? { msgid, from } : { msgid, from, position }
    this.#hooks.record({ hook: 'message.acked', clientid, topic, more }, this.#recorded)
  }

  #sent(session: Session, { message, qos, retain }: Entry): void {
    const { topic } = message
    this.#figures.delivered++
    // A retained message comes out of its turn: it moves no position, unless a fetch finds its place (recall.ts).
    if (qos > 0 && !retain && this.#hooks.wants('message.acked', topic)) session.acks.delivered(topic, message.msgid)
    if (!this.#hooks.wants('message.delivered', topic)) return
    const more = { msgid: message.msgid, from: message.from }
    this.#hooks.record({ hook: 'message.delivered', clientid: session.clientid, topic, more }, this.#recorded)
  }

  readonly #recorded = (error: Error | null): void => {
    if (error) this.#figures.countDropped('event_lost')
  }
}
