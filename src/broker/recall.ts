// The way in: what a subscription is owed when it is made or resumed. Retained messages first, then fetched ones;
// a message that is both, or that the session has already, is sent once.

import type { Message, Qos, Seq } from '../model/event.ts'
import type { Entry } from './backlog.ts'
import type { HooksForBroker, Later, Skip } from './hooks-for-broker.ts'
import { Outgoing } from './outgoing.ts'
import type { OwedRetained } from './run.ts'
import type { Session } from './session.ts'
import type { SystemMessages } from './system-messages.ts'

/** A subscription. */
export interface Owed {
  readonly filter: string
  readonly qos: Qos
}

export interface RecallContext {
  readonly hooks: HooksForBroker
  readonly system: SystemMessages
  /** Journalled messages behind this one are routed live, so they are not recalled. */
  readonly routedUpTo: Seq
  failed(error: unknown, filter: string): void
}

/** Begins what a SUBSCRIBE sets off. */
export function recallSubscribed(session: Session, granted: Owed, context: RecallContext): void {
  const { filter } = granted
  const owed = new Map([[filter, '']])
  session.owedRetained.delete(filter)
  session.outbox.recall({ filter, source: recalled(session, granted, owed, context), owed })
}

/**
 * Begins what a session is owed when its client is there: what a fetch brings, and retained messages that were cut short. These come
 * behind its queue, as when they were granted: what waits there may still be taken away with its own subscription.
 */
export function recallResumed(session: Session, context: RecallContext): void {
  const grants = [...session.subscriptions.values()]
  if (grants.length === 0) return
  const cutShort = session.takeOwedRetained()
  session.outbox.recall({ filter: undefined, source: fetchedAll(session, grants, context), owed: new Map() })
  for (const grant of grants) {
    const { filter } = grant
    const after = cutShort.get(filter)
    if (after === undefined) continue
    const owed = new Map([[filter, after]])
    session.outbox.recall({ filter, source: retained(session, grant, owed, context), owed })
  }
}

async function* recalled(
  session: Session,
  grant: Owed,
  owed: OwedRetained,
  context: RecallContext,
): AsyncGenerator<Entry, void> {
  const sent = new Map<string, string>() // msgid → topic of the retained messages
  for await (const entry of retained(session, grant, owed, context)) {
    sent.set(entry.message.msgid, entry.message.topic)
    yield entry
  }
  if (grant.qos > 0) yield* fetched(session, grant, sent, context)
}

async function* fetchedAll(
  session: Session,
  grants: readonly Owed[],
  context: RecallContext,
): AsyncGenerator<Entry, void> {
  for (const grant of grants) if (grant.qos > 0) yield* fetched(session, grant, new Map(), context)
}

async function* retained(
  session: Session,
  { filter, qos }: Owed,
  owed: OwedRetained,
  context: RecallContext,
): AsyncGenerator<Entry, void> {
  const after = owed.get(filter)!
  const isOwed = ({ msgid, seq, topic, qos: published }: Message): boolean =>
    !isRouted(seq, context) &&
    !session.outbox.hasSent(msgid, seq, lower(published, qos)) &&
    session.mayRead(topic) &&
    (after === '' || msgid > after)
  for (const message of await retainedNow(filter, isOwed, context)) {
    if (!isOwed(message)) continue // any more
    yield entryOf(message, qos, true)
    owed.set(filter, message.msgid) // the next one is asked for when this one is sent
  }
  owed.delete(filter)
}

/** In the order of their ids, so that those behind the last one that was sent are the rest. */
async function retainedNow(
  filter: string,
  isOwed: (message: Message) => boolean,
  { hooks, system, failed }: RecallContext,
): Promise<readonly Message[]> {
  try {
    const messages = await hooks.retained(filter, isOwed)
    messages.push(...system.match(filter).filter(isOwed))
    return messages.sort((a, b) => (a.msgid < b.msgid ? -1 : Number(a.msgid > b.msgid)))
  } catch (error) {
    failed(error, filter)
    return []
  }
}

async function* fetched(
  session: Session,
  { filter, qos }: Owed,
  retainedSent: ReadonlyMap<string, string>,
  context: RecallContext,
): AsyncGenerator<Entry, void> {
  const { acks, outbox } = session
  const skip: Skip = (msgid, seq) => {
    const topic = retainedSent.get(msgid)
    if (topic === undefined) {
      if (acks.isBeyond(msgid)) return 'acknowledged'
      return isRouted(seq, context) || outbox.knows(msgid, seq) ? 'sent' : null
    }
    // Sent out of its turn because it is retained: this is its place among the topic's messages.
    acks.delivered(topic, msgid)
    if (outbox.unacknowledged(msgid)) return 'sent'
    acks.acknowledged(topic, msgid)
    return 'acknowledged'
  }
  const later: Later = {
    signal: session.beginFetch(filter),
    gone: session.gone,
    inFlight: outbox.recalledInFlight(),
    deliver: (rest) => outbox.recall({ filter, source: entriesOf(rest, qos), owed: new Map() }),
  }
  const messages = context.hooks.messages(session.clientid, filter, skip, later)
  if (!messages) return
  try {
    for await (const message of messages) if (session.mayRead(message.topic)) yield entryOf(message, qos, false)
    acks.resume(filter)
  } catch (error) {
    acks.hold(filter)
    context.failed(error, filter)
  }
}

async function* entriesOf(messages: readonly Message[], granted: Qos): AsyncGenerator<Entry, void> {
  for (const message of messages) yield entryOf(message, granted, false)
}

const isRouted = (seq: Seq | undefined, { routedUpTo }: RecallContext): boolean => seq !== undefined && seq > routedUpTo

function entryOf(message: Message, granted: Qos, retain: boolean): Entry {
  return { message: Outgoing.ofMessage(message), qos: lower(message.qos, granted), retain, live: false }
}

/** [MQTT-3.8.4-6], aedes #7 */
const lower = (published: Qos, granted: Qos): Qos => (published < granted ? published : granted)
