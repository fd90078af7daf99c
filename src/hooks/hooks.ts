// Both ways through the rooms begin here. The way out: `record` decides what is journalled, for which bindings, and which
// local truth changes in the same transaction. The way in: the lookups that are bound to an event.

import type { Fetch, Follow } from '../fetch/fetch.ts'
import type { LateLookup } from '../fetch/lookups.ts'
import type { Later, Skip } from '../fetch/messages.ts'
import type { Binding } from '../model/binding.ts'
import type { EventDraft, HookEvent, HookName, Message, Subscription } from '../model/event.ts'
import type { Journal, LocalWrite } from '../queue/journal.ts'
import type { Store } from '../store/store.ts'
import { Compiled, functionOf, isLookup, type Match } from './compile.ts'

/** `event` is null where nothing was journalled. */
export type Recorded = (error: Error | null, event: HookEvent | null) => void

export interface HooksOptions {
  readonly journal: Journal
  readonly store: Store
  readonly fetch: Fetch
  /** Wall time, ms. */
  readonly clock: { now(): number }
}

/** What is journalled, and the local truth that changes with it. */
interface Change {
  readonly draft: EventDraft
  readonly local: readonly LocalWrite[]
}

const NO_WRITES: readonly LocalWrite[] = []

export class Hooks {
  readonly #journal: Journal
  readonly #store: Store
  readonly #fetch: Fetch
  readonly #clock: HooksOptions['clock']
  #compiled = new Compiled({ writing: [], lookups: [], set: () => 0 })

  constructor({ journal, store, fetch, clock }: HooksOptions) {
    this.#journal = journal
    this.#store = store
    this.#fetch = fetch
    this.#clock = clock
    fetch.onFollow((to) => this.#follow(to))
  }

  /** From when this resolves, these bindings count. What is journalled keeps those that it was journalled with. */
  async replace(bindings: readonly Binding[]): Promise<void> {
    const lookups = bindings.filter(isLookup)
    const writing = bindings.filter((binding) => !isLookup(binding))
    const ids = await this.#journal.intern(writing)
    this.#compiled = new Compiled({
      writing: writing.map((binding, index) => ({ id: ids[index]!, binding })),
      lookups,
      set: (combination) => this.#journal.set(combination),
    })
  }

  /**
   * Journals the event if somebody wants it; a publish also if it has QoS above 0 or the retain flag. `done` is called
   * when that is on disk, or with the reason why it never will be; in the order of the calls, also where nothing is
   * journalled. `local` is written in the same transaction; where nothing is journalled, before `done`.
   */
  record(draft: EventDraft, done: Recorded, local = NO_WRITES): void {
    const match = this.#compiled.match(draft.hook, draft.topic)
    const isAck = draft.hook === 'message.acked'
    const change = isAck ? this.#acknowledged(draft, match) : { draft, local: this.#localTruth(draft, match) }
    const writes = local.length > 0 ? [...change.local, ...local] : change.local
    if (!isJournalled(draft, match.set)) {
      for (const write of writes) this.#journal.post(write)
      this.#journal.after(() => done(null, null))
      return
    }
    const arrived = draft.retain ? this.#store.retained.reserve(draft.topic, draft.payload!.length) : undefined
    const committed = (error: Error | null): void => {
      arrived?.()
      if (!error) this.#store.committed(event, match.set)
      done(error, error ? null : event)
    }
    const event: HookEvent = this.#journal.append(change.draft, match.set, committed, writes)
  }

  inTurn(done: () => void): void {
    this.#journal.after(done)
  }

  mayRetain(topic: string, bytes: number): boolean {
    return this.#store.retained.hasRoom(topic, bytes)
  }

  /** While the client is owed older messages by a pool, its position there stays where it is; here it moves. */
  #acknowledged(draft: EventDraft, match: Match): Change {
    const { clientid, topic, more = {} } = draft
    const { msgid, position, ...rest } = more
    if (msgid === undefined) return { draft, local: NO_WRITES }
    const local: LocalWrite[] = []
    if (match.consumes) local.push(this.#store.consumed.write(msgid))
    if (match.moves === 0) return { draft, local }
    const ack = this.#fetch.acknowledged({ clientid, topic, msgid, position })
    if (ack.position.own ?? ack.position.row) local.push(this.#store.positions.move(clientid, topic, ack.position))
    return { draft: ack.mayMove ? draft : { ...draft, more: { ...rest, msgid } }, local }
  }

  /** Only for the bindings that move positions: the acknowledgement itself was journalled for all of them. */
  #follow({ clientid, topic, position }: Parameters<Follow>[0]): void {
    const { moves } = this.#compiled.match('message.acked', topic)
    if (moves === 0) return
    const more = { msgid: position, position }
    this.#journal.append({ hook: 'message.acked', clientid, topic, more }, moves, () => {})
  }

  #localTruth({ hook, clientid, topic, retain }: EventDraft, match: Match): readonly LocalWrite[] {
    const { retained, positions } = this.#store
    switch (hook) {
      case 'message.publish':
        return retain ? [retained.write(topic)] : NO_WRITES
      case 'session.unsubscribed':
        if (!match.forgetsPosition) return NO_WRITES
        this.#fetch.forgotten(clientid, topic)
        return [positions.delete(clientid, topic)]
      case 'client.connected':
        // for the client.disconnected that the next run makes up, if this one dies
        return this.wants('client.disconnected', '')
          ? [{ statement: 'online.put', values: [clientid, this.#clock.now()] }]
          : NO_WRITES
      case 'client.disconnected':
        return match.set !== 0 ? [{ statement: 'online.delete', values: [clientid] }] : NO_WRITES
      default:
        return NO_WRITES
    }
  }

  /** Would anybody know of this event? A publish is recorded in any case. */
  wants(hook: HookName, topic: string): boolean {
    return this.#compiled.match(hook, topic).set !== 0
  }

  /**
   * Subscriptions to make for a client that came; null: no lookup is bound, nothing to wait for. `late` gets what a pool
   * that was away then has, when it is back.
   */
  subscriptions(
    clientid: string,
    hook: 'client.connected' | 'session.created',
    late?: LateLookup,
  ): Promise<readonly Subscription[]> | null {
    const bindings = this.#compiled.match(hook, '').lookups
    return bindings.length > 0 ? this.#fetch.subscriptions({ clientid, bindings, late }) : null
  }

  /**
   * Messages that a new or resumed subscription is owed, oldest first, less those that `skip` names; null: no fetch is
   * bound to the filter. Ends within the deadline; `later` gets what a pool that was away then has, when it is back.
   */
  messages(clientid: string, filter: string, skip: Skip, later?: Later): AsyncIterable<Message> | null {
    const bindings = this.#lookups(filter, 'on_message_fetch')
    return bindings.length > 0 ? this.#fetch.messages({ clientid, filter, bindings, skip, later }) : null
  }

  /** The retained messages of every topic that matches, one a topic, that are wanted. */
  retained(filter: string, isWanted: (message: Message) => boolean = () => true): Promise<Message[]> {
    return this.#fetch.retained({ filter, bindings: this.#lookups(filter, 'on_retain_lookup'), isWanted })
  }

  #lookups(filter: string, name: string): readonly Binding[] {
    const { lookups } = this.#compiled.match('session.subscribed', filter)
    return lookups.filter((binding) => functionOf(binding)!.startsWith(name))
  }
}

function isJournalled({ hook, qos, retain }: EventDraft, set: number): boolean {
  return set !== 0 || (hook === 'message.publish' && (retain === true || (qos ?? 0) > 0))
}
