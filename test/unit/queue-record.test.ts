import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventDraft } from '../../src/model/event.ts'
import { EventId } from '../../src/model/event-id.ts'
import {
  copyOf,
  isCopy,
  type Moment,
  readMoment,
  readRecord,
  recordBound,
  writeRecord,
} from '../../src/queue/record.ts'

const moment: Moment = { at: 1_795_000_000_123, trusted: true, boot: 7, monotonic: 12_345.678 }
const id = new EventId(1_795_000_000_123_456, 0xabcdef012345, 65_535)

function encode(draft: EventDraft, when = moment): Buffer {
  const more = draft.more === undefined ? '' : JSON.stringify(draft.more)
  const bytes = Buffer.alloc(recordBound(draft, more) + 3)
  return bytes.subarray(3, writeRecord(bytes, 3, draft, { id, moment: when }, more))
}

const drafts: EventDraft[] = [
  { hook: 'message.publish', clientid: 'c', topic: 'a/b', payload: Buffer.from([0, 255, 1]), qos: 2, retain: true },
  { hook: 'message.publish', clientid: '', topic: 'a', payload: Buffer.alloc(0), qos: 0, retain: false },
  { hook: 'message.publish', clientid: 'ü€😀', topic: 'ö/'.repeat(9000), payload: Buffer.alloc(200_000, 1), qos: 1 },
  {
    hook: 'client.connected',
    clientid: 'x'.repeat(39),
    topic: '',
    more: { username: null, clean: true, keepalive: 60 },
  },
  { hook: 'message.acked', clientid: 'x'.repeat(65_535), topic: 'é'.repeat(39), more: { msgid: 'ß', from: '😀' } },
  { hook: 'session.subscribed', clientid: 'c', topic: 'a/+/#', qos: 1 },
]

for (const [index, draft] of drafts.entries()) {
  test(`a record reads as it was written (${index}: ${draft.hook})`, () => {
    const event = readRecord(encode(draft), 42)
    assert.deepEqual(event, { ...draft, seq: 42, id: EventId.parse(id.toString()), at: moment.at, trusted: true })
  })
}

test('the moment is told without the rest', () => {
  const untrusted = { ...moment, trusted: false }
  assert.deepEqual(readMoment(encode(drafts[0]!, untrusted)), untrusted)
})

test('a copy is marked, and is the same event', () => {
  const record = encode(drafts[3]!)
  const copy = copyOf(record)
  assert.equal(isCopy(copy), true)
  assert.equal(isCopy(record), false)
  assert.deepEqual(readRecord(copy, 1), readRecord(record, 1))
})

test('a text that MQTT does not allow is refused', () => {
  assert.throws(() => encode({ hook: 'message.publish', clientid: 'c', topic: 'ü'.repeat(40_000) }), RangeError)
})

test('a record that was cut is no record', () => {
  const record = encode(drafts[0]!)
  for (let length = 0; length < record.length; length++) {
    assert.throws(() => readRecord(record.subarray(0, length), 1), RangeError)
  }
})
