// From a topic to the sessions that subscribed to it. A client whose filters overlap gets one copy, with the highest
// of the granted QoS [MQTT-3.3.5-1]. Called in journal order, so every subscriber sees that order.

import type { EventDraft, HookEvent, Qos, Seq } from '../model/event.ts'
import { FilterTrie } from '../model/topic-tries.ts'
import { Outgoing } from './outgoing.ts'
import type { Grant, Session } from './session.ts'

/** Topics whose targets are remembered between two changes of subscriptions. */
const REMEMBERED_TOPICS = 4096
/** Longer ones are not remembered: they may have 65,535 characters. Nor those of the gateway itself: one a client. */
const REMEMBERED_LENGTH = 256

interface Target {
  readonly session: Session
  qos: Qos
}

export class Router {
  readonly #grants = new FilterTrie<Grant>()
  readonly #targets = new Map<string, readonly Target[]>()
  #lastSeq: Seq

  /** @param lastSeq the newest event of the journal at the start */
  constructor(lastSeq: Seq) {
    this.#lastSeq = lastSeq
  }

  /** What is journalled up to here has been routed; what comes later is yet to be. */
  get lastSeq(): Seq {
    return this.#lastSeq
  }

  /** @param event null where nothing was journalled */
  deliver(draft: EventDraft, event: HookEvent | null): void {
    if (event) this.#lastSeq = event.seq
    const targets = this.#targets.get(draft.topic) ?? this.#match(draft.topic)
    if (targets.length === 0) return
    const message = Outgoing.ofEvent(draft, event)
    const qos = draft.qos ?? 0
    for (const target of targets) target.session.outbox.push(message, lower(target.qos, qos))
  }

  /** Adds a subscription, or changes the QoS of one that is there. */
  subscribe(session: Session, filter: string, qos: Qos): void {
    const known = session.subscriptions.get(filter)
    if (known?.qos === qos) return
    const grant: Grant = { session, filter, qos }
    if (known) this.#grants.remove(filter, known)
    session.subscriptions.set(filter, grant)
    this.#grants.add(filter, grant)
    this.#targets.clear()
  }

  /** @returns whether there was such a subscription */
  unsubscribe(session: Session, filter: string): boolean {
    const grant = session.subscriptions.get(filter)
    if (!grant) return false
    session.subscriptions.delete(filter)
    this.#grants.remove(filter, grant)
    this.#targets.clear()
    return true
  }

  forget(session: Session): void {
    for (const filter of [...session.subscriptions.keys()]) this.unsubscribe(session, filter)
  }

  /** Who may read what is no longer as it was. */
  forgetTargets(): void {
    this.#targets.clear()
  }

  #match(topic: string): readonly Target[] {
    const found = new Map<Session, Target>()
    for (const { session, qos } of this.#grants.match(topic)) {
      if (!session.mayRead(topic)) continue
      const target = found.get(session)
      if (!target) found.set(session, { session, qos })
      else if (target.qos < qos) target.qos = qos
    }
    const targets = [...found.values()]
    if (topic.length > REMEMBERED_LENGTH || topic.startsWith('$')) return targets
    if (this.#targets.size >= REMEMBERED_TOPICS) this.#targets.clear()
    this.#targets.set(topic, targets)
    return targets
  }
}

const lower = (a: Qos, b: Qos): Qos => Math.min(a, b) as Qos
