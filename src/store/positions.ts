// Positions: up to where a client has acknowledged a topic. Two numbers, since what a client is told comes in two orders:
// `own`, the newest id of this journal within the acknowledged prefix, hides local rows and the remote's copies of them;
// `row`, the last row that it acknowledged in the remote's order, is where the remote goes on. Each only advances.
// There is nothing to cache: a fetch waits its turn behind the acks before it, and then the table has them.

import { hasWildcard, topicMatches } from '../model/topic.ts'
import type { Journal, LocalTables, LocalWrite } from '../queue/journal.ts'

export const POSITION_TABLES: LocalTables = {
  name: 'position',
  migrations: [
    `create table position (
       clientid text, topic text,
       own text, -- msgid
       row text, -- msgid
       primary key (clientid, topic)) without rowid`,
  ],
  statements: {
    move: `insert into position values (?, ?, ?, ?) on conflict do update set
             own = nullif(max(ifnull(own, ''), ifnull(excluded.own, '')), ''), row = ifnull(excluded.row, row)`,
    delete: 'delete from position where clientid = ? and topic = ?',
  },
}

export interface Position {
  readonly own: string | null
  /** '': the pool held nothing when the client came. */
  readonly row: string | null
}

interface TopicPosition extends Position {
  readonly topic: string
}

export class Positions {
  readonly #one
  readonly #all

  constructor(journal: Journal) {
    const select = 'select topic, own, row from position where clientid = ?'
    this.#one = journal.reader.prepare<[string, string], TopicPosition>(`${select} and topic = ?`)
    this.#all = journal.reader.prepare<[string], TopicPosition>(select)
  }

  /** The client's positions in the topics that the filter matches. */
  match(clientid: string, filter: string): ReadonlyMap<string, Position> {
    const rows = hasWildcard(filter)
      ? this.#all.all(clientid).filter(({ topic }) => topicMatches(filter, topic))
      : this.#one.all(clientid, filter)
    return new Map(rows.map((row) => [row.topic, row]))
  }

  /** For the transaction of an ack; null: this one stays. */
  move(clientid: string, topic: string, { own, row }: Position): LocalWrite {
    return { statement: 'position.move', values: [clientid, topic, own, row] }
  }

  delete(clientid: string, topic: string): LocalWrite {
    return { statement: 'position.delete', values: [clientid, topic] }
  }
}
