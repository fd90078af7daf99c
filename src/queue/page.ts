// The page: one batch of events and local writes as bytes, on its way from the main thread to the writer. It is
// transferred, not cloned: what one message costs must not depend on how many events it brings.
//
// An entry is
//   EVENT  u8 = 1, seq f64, set u32, length u32, record, writes u16, then so many writes (local truth of this event)
//   WRITE  u8 = 2, write
// and a write is
//   statement u16, values u8, then so many values: NULL | NUMBER f64 | TEXT u32 length, UTF-8 | BYTES u32 length, bytes

import type { EventDraft, Seq } from '../model/event.ts'
import type { EventId } from '../model/event-id.ts'
import type { LocalWrite } from './journal.ts'
import { type Moment, recordBound, writeRecord } from './record.ts'

const EVENT = 1
const WRITE = 2

const NULL = 0
const NUMBER = 1
const TEXT = 2
const BYTES = 3

const FIRST_SIZE = 1 << 18
/** Larger pages are not kept for the next batch. */
const KEEP_SIZE = 1 << 22
const EVENT_HEAD = 17

export type Value = string | number | null | Buffer

export class PageWriter {
  readonly #statements: ReadonlyMap<string, number>
  #bytes = Buffer.from(new ArrayBuffer(FIRST_SIZE))
  #used = 0
  #spare: ArrayBuffer[] = []

  /** @param statements names of the local writes' statements, with their numbers */
  constructor(statements: ReadonlyMap<string, number>) {
    this.#statements = statements
  }

  get used(): number {
    return this.#used
  }

  event(head: { seq: Seq; set: number; id: EventId; moment: Moment }, draft: EventDraft, local: readonly LocalWrite[]) {
    const more = draft.more === undefined ? '' : JSON.stringify(draft.more)
    this.#reserve(EVENT_HEAD + recordBound(draft, more) + 2)
    const start = this.#used + EVENT_HEAD
    const end = writeRecord(this.#bytes, start, draft, head, more)
    this.#finishEvent(head, start, end, local)
  }

  /** An event whose record is ready. */
  record(head: { seq: Seq; set: number }, record: Buffer, local: readonly LocalWrite[]): void {
    this.#reserve(EVENT_HEAD + record.length + 2)
    const start = this.#used + EVENT_HEAD
    this.#bytes.set(record, start)
    this.#finishEvent(head, start, start + record.length, local)
  }

  write(write: LocalWrite): void {
    this.#reserve(1 + boundOf(write))
    this.#bytes[this.#used++] = WRITE
    this.#local(write)
  }

  /** The page so far; a new one is begun. */
  take(): { page: ArrayBuffer; used: number } {
    const taken = { page: this.#bytes.buffer as ArrayBuffer, used: this.#used }
    this.#bytes = Buffer.from(this.#spare.pop() ?? new ArrayBuffer(FIRST_SIZE))
    this.#used = 0
    return taken
  }

  /** A page that the writer is done with. */
  giveBack(page: ArrayBuffer): void {
    if (page.byteLength <= KEEP_SIZE) this.#spare.push(page)
  }

  #finishEvent(head: { seq: Seq; set: number }, start: number, end: number, local: readonly LocalWrite[]): void {
    const bytes = this.#bytes
    const at = this.#used
    bytes[at] = EVENT
    bytes.writeDoubleLE(head.seq, at + 1)
    bytes.writeUInt32LE(head.set, at + 9)
    bytes.writeUInt32LE(end - start, at + 13)
    bytes.writeUInt16LE(local.length, end)
    this.#used = end + 2
    for (const write of local) {
      this.#reserve(boundOf(write))
      this.#local(write)
    }
  }

  #local(write: LocalWrite): void {
    const number = this.#statements.get(write.statement)
    if (number === undefined) throw new TypeError(`no statement is called '${write.statement}'`)
    const bytes = this.#bytes
    bytes.writeUInt16LE(number, this.#used)
    bytes[this.#used + 2] = write.values.length
    this.#used += 3
    for (const value of write.values) this.#used = writeValue(bytes, this.#used, value)
  }

  #reserve(need: number): void {
    const size = this.#bytes.length
    if (this.#used + need <= size) return
    const larger = Buffer.from(new ArrayBuffer(Math.max(2 * size, this.#used + need)))
    larger.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = larger
  }
}

function boundOf({ values }: LocalWrite): number {
  let bound = 3
  for (const value of values)
    bound += 9 + (typeof value === 'string' ? 3 * value.length : Buffer.isBuffer(value) ? value.length : 0)
  return bound
}

function writeValue(bytes: Buffer, at: number, value: Value): number {
  if (value === null) {
    bytes[at] = NULL
    return at + 1
  }
  if (typeof value === 'number') {
    bytes[at] = NUMBER
    return bytes.writeDoubleLE(value, at + 1)
  }
  bytes[at] = typeof value === 'string' ? TEXT : BYTES
  const length = typeof value === 'string' ? bytes.write(value, at + 5) : value.length
  if (typeof value !== 'string') bytes.set(value, at + 5)
  bytes.writeUInt32LE(length, at + 1)
  return at + 5 + length
}

/** What is done with the entries of a page, in their order. */
export interface PageTarget {
  event(seq: Seq, set: number, record: Buffer): void
  write(statement: number, values: Value[]): void
}

/** What of a page counts: all, or without its events (there is no room for them) and what belongs to them. */
export type Part = 'all' | 'writes'

export function readPage(bytes: Buffer, part: Part, target: PageTarget): void {
  const reader = new PageReader(bytes, target)
  while (reader.at < bytes.length) reader.entry(part)
}

/** The page's entries without its events: what has to be tried again when the commit failed. Copied. */
export function writesOf(bytes: Buffer): Buffer {
  const kept: Buffer[] = []
  const reader = new PageReader(bytes, { event() {}, write() {} })
  while (reader.at < bytes.length) {
    const start = reader.at
    const isWrite = bytes[start] === WRITE
    reader.entry('all')
    if (isWrite) kept.push(bytes.subarray(start, reader.at))
  }
  return Buffer.concat(kept)
}

class PageReader {
  readonly #bytes: Buffer
  readonly #target: PageTarget
  at = 0

  constructor(bytes: Buffer, target: PageTarget) {
    this.#bytes = bytes
    this.#target = target
  }

  entry(part: Part): void {
    const bytes = this.#bytes
    const start = this.at
    if (bytes[start] === WRITE) {
      this.at = start + 1
      this.#write(true)
      return
    }
    const record = start + EVENT_HEAD
    const end = record + bytes.readUInt32LE(start + 13)
    const wanted = part === 'all'
    if (wanted) {
      this.#target.event(bytes.readDoubleLE(start + 1), bytes.readUInt32LE(start + 9), bytes.subarray(record, end))
    }
    this.at = end + 2
    for (let left = bytes.readUInt16LE(end); left > 0; left--) this.#write(wanted)
  }

  #write(wanted: boolean): void {
    const statement = this.#bytes.readUInt16LE(this.at)
    const count = this.#bytes[this.at + 2]!
    this.at += 3
    const values: Value[] = []
    for (let i = 0; i < count; i++) values.push(this.#value())
    if (wanted) this.#target.write(statement, values)
  }

  #value(): Value {
    const bytes = this.#bytes
    const kind = bytes[this.at]
    const start = this.at + 1
    if (kind === NULL) {
      this.at = start
      return null
    }
    if (kind === NUMBER) {
      this.at = start + 8
      return bytes.readDoubleLE(start)
    }
    this.at = start + 4 + bytes.readUInt32LE(start)
    return kind === TEXT ? bytes.toString('utf8', start + 4, this.at) : bytes.subarray(start + 4, this.at)
  }
}
