// Positions: up to where a client has acknowledged a topic. Two numbers, since what a client was told comes from two
// orders: `own`, the newest id of this journal within the acknowledged prefix, hides local rows and the remote's copies
// of them; `foreign`, the last acknowledged row of somebody else, is where the remote's order goes on. Each only advances.
// There is nothing to cache: a fetch waits its turn behind the acks before it, and then the table has them.

import { hasWildcard, topicMatches } from '../model/topic.ts'
import type { Journal, LocalTables, LocalWrite } from '../queue/journal.ts'
import type { OwnIds } from './own-ids.ts'

export const POSITION_TABLES: LocalTables = {
  name: 'position',
  migrations: [
    `create table position (
       clientid text, topic text,
       own text,     -- msgid
       "foreign" text, -- msgid
       primary key (clientid, topic)) without rowid`,
  ],
  statements: {
    own: `insert into position values (?, ?, ?, null)
          on conflict do update set own = max(ifnull(own, ''), excluded.own)`,
    foreign: 'insert into position values (?, ?, null, ?) on conflict do update set "foreign" = excluded."foreign"',
    start: `insert into position values (?, ?, ?, ?) on conflict do update set "foreign" = excluded."foreign"`,
    delete: 'delete from position where clientid = ? and topic = ?',
  },
}

export interface Position {
  readonly own: string | null
  readonly foreign: string | null
}

interface Row extends Position {
  readonly topic: string
}

export class Positions {
  readonly #ids: OwnIds
  readonly #one
  readonly #all

  constructor(journal: Journal, ids: OwnIds) {
    this.#ids = ids
    const select = 'select topic, own, "foreign" from position where clientid = ?'
    this.#one = journal.reader.prepare<[string, string], Row>(`${select} and topic = ?`)
    this.#all = journal.reader.prepare<[string], Row>(select)
  }

  /** The client's positions in the topics that the filter matches. */
  match(clientid: string, filter: string): ReadonlyMap<string, Position> {
    const rows = hasWildcard(filter)
      ? this.#all.all(clientid).filter(({ topic }) => topicMatches(filter, topic))
      : this.#one.all(clientid, filter)
    return new Map(rows.map((row) => [row.topic, row]))
  }

  /** For the transaction of the ack that moved the position to the message `msgid`. */
  move(clientid: string, topic: string, msgid: string): LocalWrite {
    return { statement: this.#ids.has(msgid) ? 'position.own' : 'position.foreign', values: [clientid, topic, msgid] }
  }

  /** A first position, for a client that wants only what is to come. `foreign` '': the pool holds nothing; null: not known. */
  start(clientid: string, topic: string, { own, foreign }: Position): LocalWrite {
    return { statement: 'position.start', values: [clientid, topic, own, foreign] }
  }

  delete(clientid: string, topic: string): LocalWrite {
    return { statement: 'position.delete', values: [clientid, topic] }
  }
}
