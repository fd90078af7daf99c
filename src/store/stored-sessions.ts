// Sessions that outlive their connections, on disk: what they subscribed to, how far they have come in the journal, which
// QoS 2 messages of theirs are half done; and the wills of those who are connected. What waits for a session is not stored:
// it is the journal's rows behind its cursor that match its filters.

import type { Qos, Seq, Subscription } from '../model/event.ts'
import type { Journal, LocalTables, LocalWrite } from '../queue/journal.ts'

export const SESSION_TABLES: LocalTables = {
  name: 'session',
  migrations: [
    `create table session (
       clientid text primary key, cursor integer not null, caught_up integer not null, progress text not null,
       ended real, -- uptime, ms
       properties text) without rowid;
     create table granted (
       clientid text, filter text, qos integer not null, since integer not null, options text,
       primary key (clientid, filter)) without rowid;
     create table receipt (clientid text, packetid integer, primary key (clientid, packetid)) without rowid;
     create table will (
       clientid text primary key, topic text not null, payload blob not null, qos integer not null, retain integer not null,
       properties text) without rowid;
     create table routed (one integer primary key check (one = 1), seq integer not null, uptime real not null);`,
    'alter table will add column username text',
    'alter table granted add column number integer not null default 0',
  ],
  statements: {
    put: 'insert or replace into session values (?, ?, ?, ?, ?, ?)',
    forget: 'delete from session where clientid = ?',
    // what was published while the QoS was 0 does not wait, so a higher one counts from now on
    grant: `insert into granted values (?, ?, ?, ?, ?, ?)
              on conflict do update set since = iif(qos = 0, excluded.since, since), qos = excluded.qos,
                options = excluded.options, number = excluded.number`,
    revoke: 'delete from granted where clientid = ? and filter = ?',
    'revoke-all': 'delete from granted where clientid = ?',
    receive: 'insert or ignore into receipt values (?, ?)',
    release: 'delete from receipt where clientid = ? and packetid = ?',
    'release-all': 'delete from receipt where clientid = ?',
    'put-will': 'insert or replace into will values (?, ?, ?, ?, ?, ?, ?)',
    'delete-will': 'delete from will where clientid = ?',
    routed: 'insert or replace into routed values (1, ?, ?)',
  },
}

/**
 * What MQTT 5 says of a session, a subscription or a will beyond version 3.1.1, as JSON (session expiry interval, no local,
 * retain as published, retain handling, subscription identifier, will delay, user properties). Kept and given back as it is.
 */
export type Properties = Readonly<Record<string, unknown>>

export interface SessionRow {
  readonly clientid: string
  /** Everything up to here was sent, or is named in `progress`. */
  readonly cursor: Seq
  /** Nothing waited: the cursor moves on with what is routed, until the row is written anew. */
  readonly caughtUp: boolean
  /** The broker's own words. */
  readonly progress: string
  /** The gateway's uptime when the connection ended, ms; null: it had not. */
  readonly ended: number | null
  readonly properties?: Properties
}

export interface StoredSession extends SessionRow {
  readonly subscriptions: readonly StoredSubscription[]
  /** Packet ids of QoS 2 messages between PUBLISH and PUBREL. */
  readonly receipts: readonly number[]
}

export interface StoredSubscription extends Subscription {
  /** Matches what is journalled behind it: what came before its row. */
  readonly since: Seq
  /** Counts what the session is granted. */
  readonly number: number
  readonly properties?: Properties
}

export interface StoredWill {
  readonly clientid: string
  /** Proven; null for an anonymous client. */
  readonly username: string | null
  readonly topic: string
  readonly payload: Buffer
  readonly qos: Qos
  readonly retain: boolean
  readonly properties?: Properties
}

/** What the broker wants of it. Posted writes are never refused, and take effect in the order in which they are made. */
export interface SessionStore {
  /** As of the start. */
  readonly sessions: readonly StoredSession[]
  /** ms, over all runs of the gateway, but for the seconds before a crash: what a session's age is counted in. */
  readonly uptime: number
  save(row: SessionRow, done?: () => void): void
  /** With all that belongs to it. */
  forget(clientid: string, done?: () => void): void
  /** Sessions that were caught up when they were saved are so up to `seq`. */
  routed(seq: Seq, uptime: number): void
  /** From `done` on it counts for what is told to be on disk, with the same boundary as after a restart. */
  grant(clientid: string, subscription: Omit<StoredSubscription, 'since'>, done?: () => void): void
  revoke(clientid: string, filter: string, done?: () => void): void
  /** For the transaction of a QoS 2 PUBLISH. */
  receive(clientid: string, packetId: number): LocalWrite
  release(clientid: string, packetId: number, done: () => void): void
  /** For the transaction of its client.connected. */
  putWill(will: StoredWill): LocalWrite
  /** For the transaction of the will's publication, or of the client.disconnected. */
  deleteWill(clientid: string): LocalWrite
}

export class StoredSessions implements SessionStore {
  readonly sessions: readonly StoredSession[]
  readonly uptime: number
  /** Of clients that were connected when the last run died. */
  readonly wills: readonly StoredWill[]
  readonly #journal: Journal

  constructor(journal: Journal) {
    this.#journal = journal
    const { reader } = journal
    const routed = reader.prepare<[], { seq: Seq; uptime: number }>('select seq, uptime from routed').get()
    this.uptime = routed?.uptime ?? 0
    this.sessions = readSessions(reader, routed?.seq ?? 0)
    this.wills = reader.prepare<[], WillColumns>('select * from will').all().map(willOf)
  }

  save({ clientid, cursor, caughtUp, progress, ended, properties }: SessionRow, done?: () => void): void {
    this.#post('put', [clientid, cursor, Number(caughtUp), progress, ended, jsonOf(properties)], done)
  }

  forget(clientid: string, done?: () => void): void {
    this.#post('revoke-all', [clientid])
    this.#post('release-all', [clientid])
    this.#post('forget', [clientid], done)
  }

  routed(seq: Seq, uptime: number): void {
    this.#post('routed', [seq, uptime])
  }

  grant(
    clientid: string,
    { topic, qos, number, properties }: Omit<StoredSubscription, 'since'>,
    done?: () => void,
  ): void {
    this.#post('grant', [clientid, topic, qos, this.#journal.appendedSeq, jsonOf(properties), number], done)
  }

  revoke(clientid: string, filter: string, done?: () => void): void {
    this.#post('revoke', [clientid, filter], done)
  }

  receive(clientid: string, packetId: number): LocalWrite {
    return { statement: 'session.receive', values: [clientid, packetId] }
  }

  release(clientid: string, packetId: number, done: () => void): void {
    this.#post('release', [clientid, packetId], done)
  }

  putWill({ clientid, username, topic, payload, qos, retain, properties }: StoredWill): LocalWrite {
    const values = [clientid, topic, payload, qos, Number(retain), jsonOf(properties), username]
    return { statement: 'session.put-will', values }
  }

  deleteWill(clientid: string): LocalWrite {
    return { statement: 'session.delete-will', values: [clientid] }
  }

  #post(statement: string, values: LocalWrite['values'], done?: () => void): void {
    // an error comes only at the end of all: until then a failed commit is tried again
    this.#journal.post({ statement: `session.${statement}`, values }, done && ((error) => error === null && done()))
  }
}

interface SessionColumns {
  clientid: string
  cursor: Seq
  caught_up: number
  progress: string
  ended: number | null
  properties: string | null
}

interface GrantColumns {
  clientid: string
  filter: string
  qos: Qos
  since: Seq
  options: string | null
  number: number
}

interface WillColumns {
  clientid: string
  username: string | null
  topic: string
  payload: Buffer
  qos: Qos
  retain: number
  properties: string | null
}

function readSessions(reader: Journal['reader'], routed: Seq): StoredSession[] {
  const grants = Map.groupBy(
    reader.prepare<[], GrantColumns>('select * from granted').all(),
    ({ clientid }) => clientid,
  )
  const receipts = Map.groupBy(
    reader.prepare<[], { clientid: string; packetid: number }>('select * from receipt').all(),
    ({ clientid }) => clientid,
  )
  return reader
    .prepare<[], SessionColumns>('select * from session')
    .all()
    .map(({ clientid, cursor, caught_up, progress, ended, properties }) => ({
      clientid,
      cursor: caught_up ? Math.max(cursor, routed) : cursor,
      caughtUp: caught_up === 1,
      progress,
      ended,
      ...propertiesOf(properties),
      subscriptions: (grants.get(clientid) ?? []).map(({ filter, qos, since, options, number }) => ({
        topic: filter,
        qos,
        since,
        number,
        ...propertiesOf(options),
      })),
      receipts: (receipts.get(clientid) ?? []).map(({ packetid }) => packetid),
    }))
}

const willOf = ({ clientid, username, topic, payload, qos, retain, properties }: WillColumns): StoredWill => ({
  clientid,
  username,
  topic,
  payload,
  qos,
  retain: retain === 1,
  ...propertiesOf(properties),
})

const jsonOf = (properties: Properties | undefined): string | null =>
  properties === undefined ? null : JSON.stringify(properties)

const propertiesOf = (json: string | null): { properties?: Properties } =>
  json === null ? {} : { properties: JSON.parse(json) as Properties }
