// Retained messages: all of them in memory, in their own table for the next start. The table's rows are copies of the
// events' records, made by the writer in the transaction of the event, so that no payload crosses to it twice.
// A deletion is a record too, with an empty payload: it hides the remote's row until the remote has heard of it.

import type { HookEvent, Message, Seq } from '../model/event.ts'
import { clearsRetained, messageOf } from '../model/message.ts'
import { TopicTrie } from '../model/topic-tries.ts'
import type { Journal, LocalTables, LocalWrite } from '../queue/journal.ts'
import { readRecord } from '../queue/record.ts'

export const RETAINED_TABLES: LocalTables = {
  name: 'retained',
  migrations: ['create table retained (topic text primary key, seq integer not null, record blob not null)'],
  statements: {
    put: 'insert or replace into retained select ?, seq, record from event order by seq desc limit 1',
    forget: 'delete from retained where topic = ? and seq = ?',
  },
}

export interface RetainedLimits {
  /** Topics, those of deletions that a database may not know yet included. */
  readonly count: number
  /** Of their names and payloads: they are all in memory. */
  readonly bytes: number
}

const NO_LIMITS: RetainedLimits = { count: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

export class Retained {
  limits: RetainedLimits
  readonly #journal: Journal
  #bytes = 0
  /** On their way to the disk. */
  readonly #coming = { count: 0, bytes: 0 }
  readonly #messages = new TopicTrie<Message>()
  readonly #deletions = new Map<string, Message>()

  constructor(journal: Journal, limits = NO_LIMITS) {
    this.#journal = journal
    this.limits = limits
    const rows = journal.reader.prepare('select seq, record from retained').raw().iterate()
    for (const [seq, record] of rows as Iterable<[Seq, Buffer]>) {
      const event = readable(record, seq)
      if (event) this.committed(event)
    }
  }

  /** Topics that have a retained message. */
  get size(): number {
    return this.#messages.size
  }

  /** Names and payloads of all of them. */
  get bytes(): number {
    return this.#bytes
  }

  hasRoom(topic: string, bytes: number): boolean {
    const known = this.newest(topic)
    const { count, bytes: coming } = this.#coming
    if (!known && this.#messages.size + this.#deletions.size + count >= this.limits.count) return false
    return this.#bytes - costOf(known) + coming + topic.length + bytes <= this.limits.bytes
  }

  /** A message is on its way to the disk. @returns to be called when it is there, before `committed`, or never will be */
  reserve(topic: string, payloadBytes: number): () => void {
    const count = this.newest(topic) ? 0 : 1
    const bytes = topic.length + payloadBytes
    this.#coming.count += count
    this.#coming.bytes += bytes
    return () => {
      this.#coming.count -= count
      this.#coming.bytes -= bytes
    }
  }

  /** For the transaction of a publish with the retain flag; `committed` follows when it is on disk. */
  write(topic: string): LocalWrite {
    return { statement: 'retained.put', values: [topic] }
  }

  committed(event: HookEvent): void {
    const { topic } = event
    this.#bytes -= costOf(this.newest(topic))
    if (clearsRetained(event)) {
      this.#messages.delete(topic)
      this.#deletions.set(topic, messageOf(event))
    } else {
      // its own bytes: what came from a socket is a slice of a chunk many times its size
      const message = messageOf(event)
      this.#messages.set(topic, { ...message, payload: Buffer.from(message.payload) })
      this.#deletions.delete(topic)
    }
    this.#bytes += costOf(this.newest(topic))
  }

  match(filter: string): Message[] {
    return this.#messages.match(filter)
  }

  /** The newest word on a topic: its message, or the deletion (payload empty) that a remote may not know yet. */
  newest(topic: string): Message | undefined {
    return this.#messages.get(topic) ?? this.#deletions.get(topic)
  }

  /** Forgets the deletions that every remote has, or had its time to get: those before the journal's oldest row. */
  sweep(oldest: Seq): void {
    for (const [topic, deletion] of this.#deletions) {
      const { seq } = deletion
      if (seq! >= oldest) continue
      this.#deletions.delete(topic)
      this.#bytes -= costOf(deletion)
      this.#journal.post({ statement: 'retained.forget', values: [topic, seq!] })
    }
  }
}

const costOf = (message: Message | undefined): number => (message ? message.topic.length + message.payload.length : 0)

/** Undefined for what a salvage could bring along but nobody can read: it is as if it had not been retained. */
function readable(record: Buffer, seq: Seq): HookEvent | undefined {
  try {
    return readRecord(record, seq)
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) return undefined
    throw error
  }
}
