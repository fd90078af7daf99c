// Local truth, built over the journal. The parts are used by hooks (which writes) and fetch (which reads).

import type { HookEvent } from '../model/event.ts'
import type { Journal, LocalTables } from '../queue/journal.ts'
import { CONSUMED_TABLES, Consumed } from './consumed.ts'
import { KnownSubscriptions, SUBSCRIPTION_TABLES } from './known-subscriptions.ts'
import { type GenerationSize, INDEX_TABLES, MessageIndex } from './message-index.ts'
import { OwnIds } from './own-ids.ts'
import { POSITION_TABLES, Positions } from './positions.ts'
import { RETAINED_TABLES, Retained, type RetainedLimits } from './retained.ts'
import { StoredEvents } from './stored-events.ts'
import { SESSION_TABLES, StoredSessions } from './stored-sessions.ts'

/** For `openJournal`. */
export const LOCAL_TABLES: readonly LocalTables[] = [
  RETAINED_TABLES,
  POSITION_TABLES,
  CONSUMED_TABLES,
  SUBSCRIPTION_TABLES,
  INDEX_TABLES,
  SESSION_TABLES,
]

export interface StoreOptions {
  readonly retained?: RetainedLimits
  readonly generation?: GenerationSize | undefined
}

export class Store {
  readonly ids: OwnIds
  readonly retained: Retained
  readonly positions: Positions
  readonly consumed: Consumed
  readonly subscriptions: KnownSubscriptions
  readonly stored: StoredEvents
  readonly index: MessageIndex
  readonly sessions: StoredSessions
  readonly #journal: Journal

  /** Reads the retained messages, the sessions and the index's tail: milliseconds. */
  constructor(journal: Journal, { retained, generation }: StoreOptions = {}) {
    this.#journal = journal
    this.ids = new OwnIds(journal)
    this.retained = new Retained(journal, retained)
    this.positions = new Positions(journal)
    this.consumed = new Consumed(journal)
    this.subscriptions = new KnownSubscriptions(journal)
    this.stored = new StoredEvents(journal)
    this.index = new MessageIndex(journal, this.stored, generation)
    this.sessions = new StoredSessions(journal)
  }

  /** Called for each event as it is on disk, in order, before it is routed; `set` is what it was appended with. */
  committed(event: HookEvent, set: number): void {
    this.ids.committed(event)
    if (event.hook === 'message.publish' && event.retain) this.retained.committed(event)
    if (this.index.note(event, set)) this.#sweep()
  }

  /** What only made sense beside rows that are deleted now. */
  #sweep(): void {
    const oldest = this.#journal.events(0, 1)[0]?.seq
    if (oldest === undefined) return
    this.index.sweep(oldest)
    this.retained.sweep(oldest)
    this.consumed.sweep(oldest)
  }
}
