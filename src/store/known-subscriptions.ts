// The last rows of mqtt_sub that each pool gave for a client, for the time that the pool is away.

import type { PoolId } from '../model/binding.ts'
import type { Subscription } from '../model/event.ts'
import type { Journal, LocalTables } from '../queue/journal.ts'

export const SUBSCRIPTION_TABLES: LocalTables = {
  name: 'subscription',
  migrations: [
    `create table subscription (
       clientid text, pool text, rows text not null, -- JSON: [{topic, qos}, …]
       primary key (clientid, pool)) without rowid`,
  ],
  statements: {
    put: 'insert or replace into subscription values (?, ?, ?)',
    delete: 'delete from subscription where clientid = ? and pool = ?',
  },
}

export class KnownSubscriptions {
  readonly #journal: Journal
  readonly #find

  constructor(journal: Journal) {
    this.#journal = journal
    this.#find = journal.reader
      .prepare<[string, PoolId], string>('select rows from subscription where clientid = ? and pool = ?')
      .pluck()
  }

  get(clientid: string, pool: PoolId): readonly Subscription[] {
    return JSON.parse(this.#find.get(clientid, pool) ?? '[]')
  }

  /** Remembers what the pool said; writes only what is new. */
  put(clientid: string, pool: PoolId, rows: readonly Subscription[]): void {
    const text = JSON.stringify(rows)
    if (text === (this.#find.get(clientid, pool) ?? '[]')) return
    this.#journal.post(
      rows.length > 0
        ? { statement: 'subscription.put', values: [clientid, pool, text] }
        : { statement: 'subscription.delete', values: [clientid, pool] },
    )
  }
}
