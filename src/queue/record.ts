// The bytes of one event in the journal. All numbers little endian, but for the id, whose bytes sort.
//
//   0  hook       u8   index in HOOKS
//   1  flags      u8   see below
//   2  id         16   model/event-id.ts
//  18  at         f64  wall time, ms
//  26  boot       u32  number of the boot (table `boot`)
//  30  monotonic  f64  ms since that boot
//  38  clientid   u16 length, UTF-8
//      topic      u16 length, UTF-8
//      payload    u32 length, bytes
//      more       the rest: JSON, or nothing

import { type EventDraft, type EventMore, HOOKS, type HookEvent, type Qos, type Seq } from '../model/event.ts'
import { EventId } from '../model/event-id.ts'

const QOS = 0b11
const HAS_QOS = 1 << 2
const HAS_RETAIN = 1 << 3
const RETAIN = 1 << 4
const HAS_PAYLOAD = 1 << 5
/** The wall clock was set when the event happened. */
const TRUSTED = 1 << 6
/** Made by the retry of a dead letter: for its lane only, not news. */
const COPY = 1 << 7

/** Where the texts begin; all that `readMoment` needs. */
export const HEAD_BYTES = 38
/** Longest clientid and topic, in bytes: MQTT's. */
const MAX_TEXT = 0xffff

/** When something happened, by both clocks. */
export interface Moment {
  readonly at: number
  readonly trusted: boolean
  readonly boot: number
  readonly monotonic: number
}

const HOOK_INDEX = new Map(HOOKS.map((hook, index) => [hook, index]))

/** Bytes that are surely enough for the record of `draft`. `more` must be what `draft.more` is as JSON. */
export function recordBound(draft: EventDraft, more: string): number {
  return HEAD_BYTES + 8 + 3 * (draft.clientid.length + draft.topic.length + more.length) + (draft.payload?.length ?? 0)
}

/** Writes the record at `start`. @returns the offset behind it */
export function writeRecord(
  bytes: Buffer,
  start: number,
  draft: EventDraft,
  head: { id: EventId; moment: Moment },
  more: string,
): number {
  const { moment, id } = head
  bytes[start] = HOOK_INDEX.get(draft.hook)!
  bytes[start + 1] = flagsOf(draft, moment.trusted)
  id.write(bytes, start + 2)
  bytes.writeDoubleLE(moment.at, start + 18)
  bytes.writeUInt32LE(moment.boot, start + 26)
  bytes.writeDoubleLE(moment.monotonic, start + 30)
  const topicStart = writeText(bytes, start + HEAD_BYTES, draft.clientid)
  const sizeAt = writeText(bytes, topicStart, draft.topic)
  const size = draft.payload?.length ?? 0
  bytes.writeUInt32LE(size, sizeAt)
  if (size > 0) bytes.set(draft.payload!, sizeAt + 4)
  const end = sizeAt + 4 + size
  return more === '' ? end : end + bytes.write(more, end)
}

function flagsOf({ qos, retain, payload }: EventDraft, trusted: boolean): number {
  return (
    (qos === undefined ? 0 : HAS_QOS | qos) |
    (retain === undefined ? 0 : retain ? HAS_RETAIN | RETAIN : HAS_RETAIN) |
    (payload === undefined ? 0 : HAS_PAYLOAD) |
    (trusted ? TRUSTED : 0)
  )
}

function writeText(bytes: Buffer, at: number, text: string): number {
  const length = text.length < SHORT ? writeShort(bytes, at + 2, text) : bytes.write(text, at + 2)
  if (length > MAX_TEXT) throw new RangeError(`a text of ${length} bytes is longer than MQTT allows`)
  bytes[at] = length & 0xff
  bytes[at + 1] = length >>> 8
  return at + 2 + length
}

/** Up to here a loop is cheaper than the call into the encoder. */
const SHORT = 40

function writeShort(bytes: Buffer, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return bytes.write(text, at)
    bytes[at + i] = code
  }
  return text.length
}

/** Reads a record; the event's bytes are shared with `bytes`. Throws RangeError on bytes that are no record. */
export function readRecord(bytes: Buffer, seq: Seq): HookEvent {
  const hook = HOOKS[bytes[0]!]
  if (!hook || bytes.length < HEAD_BYTES) throw new RangeError(`the row ${seq} holds no event`)
  const flags = bytes[1]!
  const clientidEnd = HEAD_BYTES + 2 + bytes.readUInt16LE(HEAD_BYTES)
  const topicEnd = clientidEnd + 2 + bytes.readUInt16LE(clientidEnd)
  const payloadEnd = topicEnd + 4 + bytes.readUInt32LE(topicEnd)
  if (payloadEnd > bytes.length) throw new RangeError(`the row ${seq} is cut short`)
  const event: { -readonly [K in keyof HookEvent]: HookEvent[K] } = {
    seq,
    id: EventId.read(bytes, 2),
    at: bytes.readDoubleLE(18),
    trusted: (flags & TRUSTED) !== 0,
    hook,
    clientid: bytes.toString('utf8', HEAD_BYTES + 2, clientidEnd),
    topic: bytes.toString('utf8', clientidEnd + 2, topicEnd),
  }
  if (flags & HAS_PAYLOAD) event.payload = bytes.subarray(topicEnd + 4, payloadEnd)
  if (flags & HAS_QOS) event.qos = (flags & QOS) as Qos
  if (flags & HAS_RETAIN) event.retain = (flags & RETAIN) !== 0
  if (payloadEnd < bytes.length) event.more = JSON.parse(bytes.toString('utf8', payloadEnd)) as EventMore
  return event
}

/** The moment of a record, without decoding the rest. */
export function readMoment(bytes: Buffer): Moment {
  return {
    at: bytes.readDoubleLE(18),
    trusted: (bytes[1]! & TRUSTED) !== 0,
    boot: bytes.readUInt32LE(26),
    monotonic: bytes.readDoubleLE(30),
  }
}

export function isCopy(bytes: Buffer): boolean {
  return (bytes[1]! & COPY) !== 0
}

/** The record of a dead letter's retry: the same event, marked as a copy. */
export function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy[1]! |= COPY
  return copy
}
