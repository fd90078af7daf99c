// Local truth over the remote: which rows of either a client is still owed. "Own" rows came through this gateway's
// journal; of them local truth knows what the remote may not know yet: that they are acknowledged, consumed, or on
// their way to the session as live messages. Pure, but for the look-ups in the store's tables.

import type { Message } from '../model/event.ts'
import type { RemoteMessage } from '../model/operation.ts'
import type { Horizon } from '../store/own-ids.ts'
import type { Position } from '../store/positions.ts'
import type { Store } from '../store/store.ts'
import type { StoredEvent } from '../store/stored-events.ts'
import type { Source } from './source.ts'

export interface Reader {
  readonly clientid: string
  readonly filter: string
  /** Where the journal stood when the subscription was made: what came behind it is delivered live. */
  readonly horizon: Horizon
}

export class Overlay {
  /** By topic. */
  readonly positions: ReadonlyMap<string, Position>
  readonly #store: Store
  /** Ids above this one are live messages. */
  readonly #newest: string

  constructor(store: Store, { clientid, filter, horizon }: Reader) {
    this.#store = store
    this.#newest = horizon.id?.toString() ?? ''
    this.positions = store.positions.match(clientid, filter)
  }

  /** The rows that a pool gave, less those that are not owed any more. */
  remote(source: Source, rows: readonly RemoteMessage[]): RemoteMessage[] {
    const acknowledged = source.shared ? undefined : this.#places(rows)
    return rows.filter((row, index) => {
      if (source.shared ? this.#store.consumed.has(row.msgid) : index <= (acknowledged!.get(row.topic) ?? -1))
        return false
      if (!this.#store.ids.has(row.msgid)) return true
      return row.msgid <= this.#newest && (source.shared || row.msgid > this.#own(row.topic))
    })
  }

  /** Where among the rows the last acknowledged one is, by topic: all before it are behind the position. */
  #places(rows: readonly RemoteMessage[]): Map<string, number> {
    const found = new Map<string, number>()
    for (const [index, { topic, msgid }] of rows.entries()) {
      if (this.positions.get(topic)?.row === msgid) found.set(topic, index)
    }
    return found
  }

  /** Is this journalled message owed, as far as the source goes? */
  local(source: Source, { event, pools }: StoredEvent): boolean {
    if (!pools.includes(source.pool) || event.at < (source.since ?? 0)) return false
    const msgid = event.id.toString()
    if (source.shared) return !this.#store.consumed.has(msgid)
    return this.positions.has(event.topic) ? msgid > this.#own(event.topic) : source.start === 'earliest'
  }

  #own(topic: string): string {
    return this.positions.get(topic)?.own ?? ''
  }
}

/** The newer of two retained messages of one topic. Ids of one journal tell it better than clocks. */
export function newer(store: Store, one: Message, other: Message): Message {
  if (store.ids.has(one.msgid) && store.ids.has(other.msgid)) return one.msgid >= other.msgid ? one : other
  return one.at >= other.at ? one : other
}
