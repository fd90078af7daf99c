// The journal's rows as stored messages: an event is a message of a pool when a binding that it was journalled with
// stores it there. What is bound now does not matter.

import type { Binding, PoolId } from '../model/binding.ts'
import type { HookEvent, Seq } from '../model/event.ts'
import { clearsRetained } from '../model/message.ts'
import type { Journal } from '../queue/journal.ts'
import { isCopy, readRecord } from '../queue/record.ts'
import { readingRows } from '../queue/salvage.ts'

export interface StoredEvent {
  readonly event: HookEvent
  /** Pools whose message table has it, or will. */
  readonly pools: readonly PoolId[]
}

const NOWHERE: readonly PoolId[] = []

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
    this.#rows = reader.prepare<[Seq], Row>('select seq, bindings, record from event where seq > ? order by seq').raw()
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

  /** The newest seq whose id is not above `msgid`; ids grow with seqs. Quick when it lies not far behind `near`. */
  seqOf(msgid: string, near: Seq = 0): Seq {
    let low = near > 0 && this.#reaches(near, msgid) ? near : 0
    let high = this.#journal.lastSeq
    for (let step = 1; low > 0 && low + step < high; step *= 2) {
      const reached = this.#reaches(low + step, msgid)
      if (!reached) high = low + step - 1
      else low = reached
    }
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const reached = this.#reaches(middle, msgid)
      if (reached) low = reached
      else high = middle - 1
    }
    return low
  }

  /** Asked with ids that grow, more or less: the seq of the event with that id; undefined when the journal does not hold it any more. */
  finder(): (msgid: string) => Seq | undefined {
    let near = 0
    return (msgid) => {
      near = this.seqOf(msgid, near)
      const [event] = near > 0 ? this.#journal.events(near - 1, 1) : []
      return event?.id.toString() === msgid ? event.seq : undefined
    }
  }

  /** @returns the seq of the first event from `seq` on, if its id is not above `msgid` */
  #reaches(seq: Seq, msgid: string): Seq | undefined {
    const [event] = this.#journal.events(seq - 1, 1)
    return event && event.id.toString() <= msgid ? event.seq : undefined
  }

  /** All events behind `after`, with their sets; without the copies that retries of dead letters made. */
  *behind(after: Seq): Generator<{ event: HookEvent; set: number }> {
    for (const [seq, set, record] of this.#rows.iterate(after)) {
      if (!isCopy(record)) yield { event: this.#decode(record, seq), set }
    }
  }

  #decode(record: Buffer, seq: Seq): HookEvent {
    return readingRows(this.#journal.reader.name, () => readRecord(record, seq))
  }
}

type Row = [seq: Seq, bindings: number, record: Buffer]

function functionOf({ action }: Binding): string {
  return 'function' in action ? action.function : ''
}
