// Hooks and journal in memory, for tests of the broker alone. Events are "on disk" one turn of the loop later, a batch
// at a time, or when the test says so.

import type {
  HooksForBroker,
  JournalForBroker,
  LateLookup,
  Later,
  Recorded,
  Skip,
} from '../../src/broker/hooks-for-broker.ts'
import type { EventDraft, HookEvent, HookName, Message, Subscription } from '../../src/model/event.ts'
import { EventIdSource } from '../../src/model/event-id.ts'
import { TopicTrie } from '../../src/model/topic-tries.ts'
import type { Done, Journal, LocalWrite } from '../../src/queue/journal.ts'
import { migrate } from '../../src/sqlite/migrate.ts'
import { openForWrite } from '../../src/sqlite/open.ts'
import { SESSION_TABLES, StoredSessions } from '../../src/store/stored-sessions.ts'

interface Pending {
  readonly done: Recorded
  /** Absent: it only keeps its turn. */
  readonly event?: HookEvent
  readonly local: readonly LocalWrite[]
}

/** Tables in memory, each write at once; its `done` comes a turn of the loop later. */
class FakeTables {
  readonly reader = openForWrite(':memory:')
  readonly #appended: () => number

  constructor(appended: () => number) {
    this.#appended = appended
    migrate(this.reader, SESSION_TABLES.name, SESSION_TABLES.migrations)
  }

  get appendedSeq(): number {
    return this.#appended()
  }

  post({ statement, values }: LocalWrite, done?: Done): void {
    this.reader.prepare(SESSION_TABLES.statements[statement.replace('session.', '')]!).run(...values)
    if (done) setImmediate(() => done(null))
  }
}

export class FakeHooks implements HooksForBroker {
  /** All events, in the order of `record`. */
  readonly events: HookEvent[] = []
  /** Messages that were committed. */
  readonly rows = new Map<number, HookEvent>()
  readonly wanted = new Set<HookName>(['message.delivered', 'message.acked'])
  readonly #ids = new EventIdSource(1)
  readonly #retained = new TopicTrie<Message>()
  #pending: Pending[] = []
  #held = false
  #scheduled = false
  #lastSeq = 0
  keepEvents = true
  mayRetain: HooksForBroker['mayRetain'] = () => true
  /** What `record` answers instead of committing. */
  failure: Error | null = null
  lookups = new Map<string, readonly Subscription[]>()
  /** Where the rest of a lookup goes. */
  readonly late = new Map<string, LateLookup>()
  /** What `messages` answers; null: nothing is bound. */
  fetch: HooksForBroker['messages'] | undefined
  readonly #tables = new FakeTables(() => this.#lastSeq)

  // ── the journal's part ──

  /** What is stored of the sessions right now. */
  get store(): StoredSessions {
    return new StoredSessions(this.#tables as unknown as Journal)
  }

  get journal(): JournalForBroker {
    return {
      lastSeq: this.#lastSeq,
      event: (seq) => this.rows.get(seq),
      events: (after, limit) => [...this.rows.values()].filter(({ seq }) => seq > after).slice(0, limit),
      retained: (topic) => this.#retained.match(topic)[0],
    }
  }

  /** Nothing is on disk until `commit`. */
  hold(): void {
    this.#held = true
  }

  commit(): void {
    this.#held = false
    this.#settle()
  }

  // ── hooks ──

  record(draft: EventDraft, done: Recorded, local: readonly LocalWrite[] = []): void {
    const event: HookEvent = {
      ...draft,
      seq: ++this.#lastSeq,
      id: this.#ids.next(Date.now()),
      at: Date.now(),
      trusted: true,
    }
    if (this.keepEvents) this.events.push(event)
    this.#push({ done, event, local })
  }

  inTurn(done: () => void): void {
    this.#push({ done, local: [] })
  }

  #push(pending: Pending): void {
    this.#pending.push(pending)
    if (this.#scheduled || this.#held) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (!this.#held) this.#settle()
    })
  }

  subscriptions(
    clientid: string,
    hook: 'client.connected' | 'session.created',
    late: LateLookup,
  ): Promise<readonly Subscription[]> | null {
    const found = hook === 'client.connected' ? this.lookups.get(clientid) : undefined
    if (found) this.late.set(clientid, late)
    return found ? Promise.resolve(found) : null
  }

  messages(clientid: string, filter: string, skip: Skip, later: Later): AsyncIterable<Message> | null {
    return this.fetch?.(clientid, filter, skip, later) ?? null
  }

  async retained(filter: string, isWanted: (message: Message) => boolean): Promise<Message[]> {
    return this.#retained.match(filter).filter(isWanted)
  }

  wants(hook: HookName): boolean {
    return this.wanted.has(hook)
  }

  // ── for the tests ──

  /** The recorded events as short texts, e.g. `client.connected c1`. */
  story(clientid?: string): string[] {
    return this.events
      .filter((event) => clientid === undefined || event.clientid === clientid)
      .map(({ hook, topic, more }) => [hook, topic, more?.reason].filter(Boolean).join(' '))
  }

  publishes(): HookEvent[] {
    return this.events.filter(({ hook }) => hook === 'message.publish')
  }

  #settle(): void {
    const batch = this.#pending
    this.#pending = []
    for (const { done, event, local } of batch) {
      if (this.failure && event?.hook === 'message.publish') {
        done(this.failure, null)
        continue
      }
      for (const write of local) this.#tables.post(write)
      if (event?.hook === 'message.publish') this.#keep(event)
      done(null, event ?? null)
    }
  }

  #keep(event: HookEvent): void {
    if (this.keepEvents) this.rows.set(event.seq, event)
    if (!event.retain) return
    if (event.payload!.length === 0) this.#retained.delete(event.topic)
    else this.#retained.set(event.topic, messageOf(event))
  }
}

export function messageOf(event: HookEvent): Message {
  return {
    msgid: event.id.toString(),
    topic: event.topic,
    payload: event.payload!,
    qos: event.qos!,
    retain: event.retain!,
    from: event.clientid,
    at: event.at,
    seq: event.seq,
  }
}
