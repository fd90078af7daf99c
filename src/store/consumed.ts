// Messages of a queue that somebody here acknowledged: gone for all, though the journal, and for a while the remote,
// still hold them. Keyed by msgid, which grows, so that the table is written at its end; kept as long as the journal
// may hold the message's own row (an ack comes behind its message, and rows go oldest first).

import type { Seq } from '../model/event.ts'
import type { Journal, LocalTables, LocalWrite } from '../queue/journal.ts'

export const CONSUMED_TABLES: LocalTables = {
  name: 'consumed',
  migrations: [
    `create table consumed (msgid text primary key, seq integer not null) without rowid;
     create index consumed_seq on consumed (seq)`,
  ],
  statements: {
    put: 'insert or ignore into consumed select ?, max(seq) from event',
    forget: 'delete from consumed where seq < ?',
  },
}

export class Consumed {
  readonly #journal: Journal
  readonly #find

  constructor(journal: Journal) {
    this.#journal = journal
    this.#find = journal.reader.prepare<[string], number>('select 1 from consumed where msgid = ?').pluck()
  }

  has(msgid: string): boolean {
    return this.#find.get(msgid) !== undefined
  }

  /** For the transaction of the ack. */
  write(msgid: string): LocalWrite {
    return { statement: 'consumed.put', values: [msgid] }
  }

  sweep(oldest: Seq): void {
    this.#journal.post({ statement: 'consumed.forget', values: [oldest] })
  }
}
