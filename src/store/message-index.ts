// Where in the journal the stored messages of a topic are. The tail is in memory; each generation of it becomes, in one
// statement, one row a topic: keyed by generation first, so that the table is only ever written at its end and cut at
// its beginning. At the start the tail is read again from the events behind the last generation.

import type { HookEvent, Seq } from '../model/event.ts'
import { hasWildcard, topicMatches } from '../model/topic.ts'
import type { Journal, LocalTables } from '../queue/journal.ts'
import type { StoredEvents } from './stored-events.ts'

export const INDEX_TABLES: LocalTables = {
  name: 'message_index',
  migrations: [
    `create table message_index (
       upto integer, -- seq that the generation ends at
       topic text,
       seqs text not null, -- JSON: the first seq, then the steps to the next ones
       primary key (upto, topic)) without rowid`,
  ],
  statements: {
    put: 'insert into message_index select ?, value ->> 0, value -> 1 from json_each(?)',
    forget: 'delete from message_index where upto < ?',
  },
}

/** A generation ends at so many messages, or so many events of any kind, so that a start reads little again; or when it takes much memory. */
export interface GenerationSize {
  readonly messages: number
  readonly events: number
  /** Characters of its topics: a topic may have 65,535, and every message another one. */
  readonly topicLength: number
}
const GENERATION: GenerationSize = { messages: 16_384, events: 32_768, topicLength: 2 << 20 }

/** The messages of one stretch of the journal, by topic; seqs ascend. */
interface Generation {
  readonly topics: Map<string, Seq[]>
  messages: number
  topicLength: number
  /** The stretch: behind `after`, up to `upTo`. */
  readonly after: Seq
  upTo: Seq
}

export class MessageIndex {
  readonly #journal: Journal
  readonly #stored: StoredEvents
  readonly #size: GenerationSize
  /** Ends of the generations on disk, ascending. */
  readonly #onDisk: Seq[]
  /** Generations that are not on disk yet, oldest first; the last one grows. */
  readonly #inMemory: Generation[]
  readonly #exact
  readonly #range

  constructor(journal: Journal, stored: StoredEvents, size: GenerationSize = GENERATION) {
    this.#journal = journal
    this.#stored = stored
    this.#size = size
    const { reader } = journal
    this.#onDisk = reader.prepare<[], Seq>(ENDS).pluck().all()
    this.#exact = reader
      .prepare<[Seq, string], string>('select seqs from message_index where upto = ? and topic = ?')
      .pluck()
    this.#range = reader
      .prepare<[Seq, string], [string, string]>('select topic, seqs from message_index where upto = ? and topic >= ?')
      .raw()
    this.#inMemory = [generationBehind(this.#onDisk.at(-1) ?? 0)]
    for (const { event, set } of stored.behind(this.#inMemory[0]!.after)) this.note(event, set)
  }

  /**
   * Called for each event as it is on disk, in order; `set` is what it was appended with.
   * @returns whether a generation ended: the time to sweep
   */
  note(event: HookEvent, set: number): boolean {
    const tail = this.#inMemory.at(-1)!
    tail.upTo = event.seq
    if (this.#stored.pools(set, event).length > 0) {
      const seqs = tail.topics.get(event.topic)
      if (seqs) seqs.push(event.seq)
      else {
        tail.topics.set(event.topic, [event.seq])
        tail.topicLength += event.topic.length
      }
      tail.messages++
    }
    const { messages, events, topicLength } = this.#size
    const ended = tail.messages >= messages || tail.topicLength >= topicLength || tail.upTo - tail.after >= events
    if (ended) this.#persist(tail)
    return ended
  }

  #persist(generation: Generation): void {
    this.#inMemory.push(generationBehind(generation.upTo))
    const values = [generation.upTo, rowsOf(generation)]
    this.#journal.post({ statement: 'message_index.put', values }, (error) => {
      if (error) return // the journal closes: the next start reads these events again
      this.#inMemory.shift()
      this.#onDisk.push(generation.upTo)
    })
  }

  /** Forgets the generations of which the journal holds nothing any more. */
  sweep(oldest: Seq): void {
    while (this.#onDisk[0] !== undefined && this.#onDisk[0] < oldest) this.#onDisk.shift()
    this.#journal.post({ statement: 'message_index.forget', values: [oldest] })
  }

  /** Seqs behind `after` of the messages in the topics that the filter matches; the rows of some may be gone. */
  *oldestFirst(filter: string, after: Seq): Generator<Seq> {
    for (const generation of this.#generations(after)) {
      for (const seq of this.#seqs(generation, filter)) if (seq > after) yield seq
    }
  }

  *newestFirst(filter: string, after: Seq): Generator<Seq> {
    for (const generation of this.#generations(after).reverse()) {
      for (const seq of this.#seqs(generation, filter).reverse()) if (seq > after) yield seq
    }
  }

  /** As it is now: what ends or is swept while somebody reads changes nothing for him. */
  #generations(after: Seq): (Seq | Generation)[] {
    return [...this.#onDisk.filter((upTo) => upTo > after), ...this.#inMemory.filter(({ upTo }) => upTo > after)]
  }

  #seqs(generation: Seq | Generation, filter: string): Seq[] {
    const lists = typeof generation === 'number' ? this.#read(generation, filter) : pick(generation, filter)
    return lists.length > 1 ? lists.flat().sort((a, b) => a - b) : [...(lists[0] ?? [])]
  }

  #read(upTo: Seq, filter: string): Seq[][] {
    if (!hasWildcard(filter)) {
      const steps = this.#exact.get(upTo, filter)
      return steps === undefined ? [] : [unpack(steps)]
    }
    const prefix = literalPrefix(filter)
    const lists: Seq[][] = []
    for (const [topic, steps] of this.#range.iterate(upTo, prefix)) {
      if (!topic.startsWith(prefix)) break
      if (topicMatches(filter, topic)) lists.push(unpack(steps))
    }
    return lists
  }
}

/** Each end is one step down the key, however many topics lie between. */
const ENDS = `
  with recursive ends (upto) as (
    select min(upto) from message_index
    union all select (select min(upto) from message_index where upto > ends.upto) from ends where ends.upto is not null)
  select upto from ends where upto is not null`

function generationBehind(seq: Seq): Generation {
  return { topics: new Map(), messages: 0, topicLength: 0, after: seq, upTo: seq }
}

function pick({ topics }: Generation, filter: string): Seq[][] {
  if (hasWildcard(filter)) return [...topics].filter(([topic]) => topicMatches(filter, topic)).map(([, seqs]) => seqs)
  const seqs = topics.get(filter)
  return seqs ? [seqs] : []
}

/** JSON [[topic, steps], …]. Also a generation without messages makes a row, of no topic, or the next start would read it again. */
function rowsOf({ topics }: Generation): string {
  const rows = [...topics].map(([topic, seqs]) => [topic, seqs.map((seq, index) => seq - (seqs[index - 1] ?? 0))])
  return JSON.stringify(rows.length > 0 ? rows : [['', []]])
}

function unpack(steps: string): Seq[] {
  let seq = 0
  return (JSON.parse(steps) as number[]).map((step) => {
    seq += step
    return seq
  })
}

/** What every topic that the filter matches begins with. */
function literalPrefix(filter: string): string {
  return filter.slice(0, filter.search(/[/]?[+#]/))
}
