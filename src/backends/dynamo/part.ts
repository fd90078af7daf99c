// A batch, cut into parts of whole events that each fit into one transaction: 100 items, 4 MB, no item twice.
//
// Invariant: what a part's transaction must hold — topics' ids, positions, states, retained messages, the mark — is counted
// before an event is let in. Rows that have an id of their own (messages, deliveries) may go outside it: nobody sees a
// message before its id is in the set of its topic.

import type { Message } from '../../model/event.ts'
import type { Mark, Operation, Write } from '../../model/operation.ts'
import { Merged } from '../merge.ts'
import { refused } from './errors.ts'
import { itemBytes, MAX_ITEM_BYTES, messageItem, storedBytes } from './items.ts'

/** Of a transaction, with the mark. */
const MAX_ITEMS = 100
/** DynamoDB counts 4 MB; the rest is for names and expressions. */
const MAX_BYTES = 3 << 20
/** Of an item without a payload, generously. */
const SMALL = 300
/** Of the first and the second part of a key. */
const HASH_BYTES = 2048
const RANGE_BYTES = 1024

export type Table = 'mqtt_client' | 'mqtt_msg' | 'mqtt_topic_msg_map' | 'mqtt_retain' | 'mqtt_acked' | 'mqtt_delivered'

/** An item that a write touches. */
interface Touch {
  readonly table: Table
  readonly hash: string
  readonly range?: string
  readonly bytes: number
  readonly message?: Message
}

/** Names an item. */
export function itemName(table: Table | 'holdfast_mark', hash: string, range = ''): string {
  return `${table} ${hash.length}:${hash}${range}`
}

function touches(write: Write): Touch[] {
  switch (write.do) {
    case 'client.online':
    case 'client.offline':
      return [{ table: 'mqtt_client', hash: write.clientid, bytes: SMALL }]
    case 'message.insert': {
      const { msgid, topic } = write.message
      const bytes = SMALL + storedBytes(write.message.payload)
      return [
        { table: 'mqtt_msg', hash: msgid, bytes, message: write.message },
        { table: 'mqtt_topic_msg_map', hash: topic, bytes: SMALL },
      ]
    }
    case 'message.delete':
      return [
        { table: 'mqtt_msg', hash: write.msgid, bytes: SMALL },
        { table: 'mqtt_topic_msg_map', hash: write.topic, bytes: SMALL },
        { table: 'mqtt_acked', hash: write.topic, range: write.clientid, bytes: SMALL },
      ]
    case 'retain.put': {
      const bytes = SMALL + storedBytes(write.message.payload)
      return [{ table: 'mqtt_retain', hash: write.message.topic, bytes, message: write.message }]
    }
    case 'retain.delete':
      return [{ table: 'mqtt_retain', hash: write.topic, bytes: SMALL }]
    case 'position.move':
    case 'position.delete':
      return [{ table: 'mqtt_acked', hash: write.topic, range: write.clientid, bytes: SMALL }]
    case 'delivered.insert':
      return [{ table: 'mqtt_delivered', hash: write.msgid, range: write.clientid, bytes: SMALL }]
    case 'subscription.publish':
      throw new Error('DynamoDB has no channels')
    case 'statements':
      return []
  }
}

const isLoose = ({ table }: Touch): boolean => table === 'mqtt_msg' || table === 'mqtt_delivered'

/** @throws BackendError, permanent, for what no item or key can hold */
function check(touch: Touch, operation: number): void {
  const { table, hash, range, message } = touch
  for (const [key, max] of [
    [hash, HASH_BYTES],
    [range, RANGE_BYTES],
  ] as const) {
    if (key === undefined) continue
    const bytes = Buffer.byteLength(key)
    if (bytes === 0) throw refused('TOO_LARGE', `a key of ${table} may not be empty`, operation)
    if (bytes > max) throw refused('TOO_LARGE', `a key of ${table} holds ${max} bytes, not ${bytes}`, operation)
  }
  if (!message || touch.bytes + 3 * (message.topic.length + message.from.length) < MAX_ITEM_BYTES) return
  const bytes = itemBytes(messageItem(message))
  if (bytes > MAX_ITEM_BYTES)
    throw refused('TOO_LARGE', `an item of ${table} holds ${MAX_ITEM_BYTES} bytes, not ${bytes}`, operation)
}

export class Part {
  readonly merged = new Merged()
  /** Messages of queues that go: msgid → topic. */
  readonly removals = new Map<string, string>()
  /** Which operations touch an item, by its name. */
  readonly operations = new Map<string, { readonly table: Table; readonly indexes: number[] }>()
  /** Event of the last operation. */
  last: Mark = { seq: 0, event: '' }
  #kept = { items: 0, bytes: 0 }
  #loose = { items: 0, bytes: 0 }

  /** Everything fits into one transaction, messages and all. */
  get isWhole(): boolean {
    const { items, bytes } = this.#kept
    return items + this.#loose.items < MAX_ITEMS && bytes + this.#loose.bytes <= MAX_BYTES
  }

  takes(event: readonly (readonly Touch[])[]): boolean {
    if (this.operations.size === 0) return true
    let { items, bytes } = this.#kept
    for (const touch of event.flat()) {
      if (isLoose(touch)) continue
      bytes += touch.bytes
      if (!this.operations.has(nameOf(touch))) items++
    }
    return items < MAX_ITEMS && bytes <= MAX_BYTES
  }

  add({ seq, id, write }: Operation, index: number, touched: readonly Touch[]): void {
    for (const touch of touched) {
      const name = nameOf(touch)
      const sum = isLoose(touch) ? this.#loose : this.#kept
      sum.bytes += touch.bytes
      const known = this.operations.get(name)
      if (known) known.indexes.push(index)
      else {
        sum.items++
        this.operations.set(name, { table: touch.table, indexes: [index] })
      }
    }
    this.last = { seq, event: id.toString() }
    if (write.do === 'statements') return
    this.merged.add(write)
    if (write.do !== 'message.delete') return
    const { clientid, topic, msgid } = write
    this.removals.set(msgid, topic)
    this.merged.add({ do: 'position.move', clientid, topic, msgid })
  }
}

function nameOf({ table, hash, range }: Touch): string {
  return itemName(table, hash, range)
}

/** @throws BackendError, permanent, with the operation, before anything is written */
export function cut(batch: readonly Operation[]): Part[] {
  const touched = batch.map(({ write }, index) => {
    if (write.do === 'statements') throw refused('NO_STATEMENTS', 'DynamoDB has no custom statements', index)
    const list = touches(write)
    for (const touch of list) check(touch, index)
    return list
  })
  const parts: Part[] = []
  for (let from = 0; from < batch.length; ) {
    let to = from
    while (batch[to]?.seq === batch[from]!.seq) to++
    let part = parts.at(-1)
    if (!part?.takes(touched.slice(from, to))) {
      part = new Part()
      parts.push(part)
    }
    for (; from < to; from++) part.add(batch[from]!, from, touched[from]!)
  }
  return parts
}
