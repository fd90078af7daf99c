// The journal's rows as stored messages: an event is a message of a pool when a binding that it was journalled with
// stores it there. What is bound now does not matter.

import type { Binding, PoolId } from '../model/binding.ts'
import type { HookEvent, Seq } from '../model/event.ts'
import { clearsRetained } from '../model/message.ts'
import type { Journal } from '../queue/journal.ts'
import { isCopy, readRecord } from '../queue/record.ts'

export interface StoredEvent {
  readonly event: HookEvent
  /** Pools whose message table has it, or will. */
  readonly pools: readonly PoolId[]
}

const NOWHERE: readonly PoolId[] = []
const PAGE = 1024

interface StoringPools {
  readonly anyQos: readonly PoolId[]
  readonly qos12: readonly PoolId[]
}

export class StoredEvents {
  readonly #journal: Journal
  readonly #bySet = new Map<number, StoringPools>()
  readonly #definitions
  readonly #set
  readonly #rows

  constructor(journal: Journal) {
    const { reader } = journal
    this.#journal = journal
    this.#definitions = reader
      .prepare<[number], string>(
        `select definition from binding where id in (
           select value from binding_set, json_each(binding_set.bindings) where binding_set.id = ?)`,
      )
      .pluck()
    this.#set = reader.prepare<[Seq], number>('select bindings from event where seq = ?').pluck()
    this.#rows = reader
      .prepare<[Seq], Row>(`select seq, bindings, record from event where seq > ? order by seq limit ${PAGE}`)
      .raw()
  }

  /** Pools that store the event; `set` is what it was appended with. */
  pools(set: number, event: HookEvent): readonly PoolId[] {
    if (event.hook !== 'message.publish' || clearsRetained(event)) return NOWHERE
    const { anyQos, qos12 } = this.#bySet.get(set) ?? this.#load(set)
    return event.qos ? qos12 : anyQos
  }

  #load(set: number): StoringPools {
    const bindings = this.#definitions.all(set).map((text) => JSON.parse(text) as Binding)
    const anyQos = bindings.filter((binding) => /^on_message_store/.test(functionOf(binding))).map(({ pool }) => pool)
    const some = bindings.filter((binding) => functionOf(binding) === 'on_message_publish').map(({ pool }) => pool)
    const found = { anyQos, qos12: [...new Set([...anyQos, ...some])] }
    this.#bySet.set(set, found)
    return found
  }

  /** Undefined when the journal does not hold the row any more. */
  get(seq: Seq): StoredEvent | undefined {
    const event = this.#journal.event(seq)
    return event && { event, pools: this.pools(this.#set.get(seq)!, event) }
  }

  /** The newest seq whose id is not above `msgid`; ids grow with seqs. */
  seqOf(msgid: string): Seq {
    let low = 0
    let high = this.#journal.lastSeq
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const [event] = this.#journal.events(middle - 1, 1)
      if (event && event.id.toString() <= msgid) low = event.seq
      else high = middle - 1
    }
    return low
  }

  /** All events behind `after`, with their sets; without the copies that retries of dead letters made. */
  *behind(after: Seq): Generator<{ event: HookEvent; set: number }> {
    for (let page = this.#rows.all(after); page.length > 0; page = this.#rows.all(page.at(-1)![0])) {
      for (const [seq, set, record] of page) {
        if (!isCopy(record)) yield { event: readRecord(record, seq), set }
      }
    }
  }
}

type Row = [seq: Seq, bindings: number, record: Buffer]

function functionOf({ action }: Binding): string {
  return 'function' in action ? action.function : ''
}
