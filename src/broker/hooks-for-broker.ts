// What the broker wants of the rooms below it: a place to record what happens, and a way to ask what was.

import type { EventDraft, HookEvent, HookName, Message, Seq, Subscription } from '../model/event.ts'
import type { LocalWrite } from '../queue/journal.ts'

/** `event` is null where nothing was journalled. */
export type Recorded = (error: Error | null, event: HookEvent | null) => void

export interface HooksForBroker {
  /**
   * Records what happened. `done` is called when it is on disk, once, in the order of the calls, one after the other
   * in one turn of the loop; or with the reason (QueueFull, …) why it is not and never will be. An event that nobody
   * wants keeps its turn all the same. `local` changes in the event's own transaction, or not at all.
   */
  record(draft: EventDraft, done: Recorded, local?: readonly LocalWrite[]): void
  /** Calls back when what was recorded before has been settled, in the order of `record`'s calls. */
  inTurn(done: () => void): void
  /**
   * Subscriptions to make for a client that came; null: no lookup is bound, nothing to wait for. `late` gets what a
   * database that was away then has.
   */
  subscriptions(
    clientid: string,
    hook: 'client.connected' | 'session.created',
    late: LateLookup,
  ): Promise<readonly Subscription[]> | null
  /**
   * Messages that a new or resumed subscription is owed, oldest first, less those that `skip` names; null: no fetch is
   * bound to the filter. The iterable ends within its own deadline; `later` gets what a database that was away then has.
   */
  messages(clientid: string, filter: string, skip: Skip, later: Later): AsyncIterable<Message> | null
  /** The retained messages of every topic that matches, and that are wanted; in an array of the caller's own. */
  retained(filter: string, isWanted: (message: Message) => boolean): Promise<Message[]>
  /** Is there room to retain a message of this topic, with so many bytes of payload? */
  mayRetain(topic: string, bytes: number): boolean
  /** Is a hook bound to this event of this topic? Asked for every delivery and acknowledgement. */
  wants(hook: HookName, topic: string): boolean
}

/** Has the session this message already? Null: no, it is owed. Called once for each candidate, in the order of delivery. */
export type Skip = (msgid: string, seq?: number) => 'sent' | 'acknowledged' | null

/** Takes the rest of a lookup that could not be complete. */
export interface LateLookup {
  /** Aborted when the client leaves: nobody wants the rest then. */
  readonly gone: AbortSignal
  deliver(subscriptions: readonly Subscription[]): void
}

/** Takes the rest of a fetch that could not be complete. */
export interface Later {
  /** Aborted when the client leaves, unsubscribes or fetches anew: nobody wants the rest then. */
  readonly signal: AbortSignal
  /** Aborted when the client leaves. */
  readonly gone: AbortSignal
  /** Recalled messages that the client was sent and has not acknowledged, in the order of sending. */
  readonly inFlight: readonly { readonly topic: string; readonly msgid: string }[]
  deliver(messages: readonly Message[]): void
}

/** Where queued messages are read from. */
export interface JournalForBroker {
  /** Newest committed event. */
  readonly lastSeq: Seq
  event(seq: Seq): HookEvent | undefined
  /** Events behind `after`, oldest first. */
  events(after: Seq, limit: number): readonly HookEvent[]
  /** The retained message of a topic, which may outlive its row. */
  retained(topic: string): Message | undefined
}
