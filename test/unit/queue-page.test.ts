import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventId } from '../../src/model/event-id.ts'
import { PageWriter, type Part, readPage, writesOf } from '../../src/queue/page.ts'
import { readRecord } from '../../src/queue/record.ts'
import { publish } from '../helpers/journal.ts'

const statements = new Map([
  ['t.put', 0],
  ['t.delete', 1],
])
const moment = { at: 1, trusted: false, boot: 1, monotonic: 2 }

function head(seq: number) {
  return { seq, set: 3, id: new EventId(seq, 1, 0), moment }
}

function entries(bytes: Buffer, part: Part = 'all'): unknown[] {
  const found: unknown[] = []
  readPage(bytes, part, {
    event: (seq, set, record) => found.push([seq, set, readRecord(record, seq).topic]),
    write: (statement, values) => found.push([statement, ...values]),
  })
  return found
}

function taken(page: PageWriter): Buffer {
  const { page: bytes, used } = page.take()
  return Buffer.from(bytes, 0, used)
}

test('entries come in their order, those of an event behind it', () => {
  const page = new PageWriter(statements)
  page.write({ statement: 't.put', values: ['ü', 1.5, null, Buffer.from([1, 2])] })
  page.event(head(2 ** 40), publish('a'), [{ statement: 't.delete', values: [''] }])
  page.write({ statement: 't.delete', values: [] })
  const bytes = taken(page)
  assert.deepEqual(entries(bytes), [[0, 'ü', 1.5, null, Buffer.from([1, 2])], [2 ** 40, 3, 'a'], [1, ''], [1]])
  assert.deepEqual(entries(bytes, 'writes'), [[0, 'ü', 1.5, null, Buffer.from([1, 2])], [1]])
  assert.deepEqual(entries(writesOf(bytes)), entries(bytes, 'writes'))
})

test('a page grows, and the next one begins empty', () => {
  const page = new PageWriter(statements)
  const large = 'x'.repeat(100_000)
  for (let seq = 1; seq <= 20; seq++) page.event(head(seq), publish(`t${seq}`, large), [])
  page.write({ statement: 't.put', values: [large.repeat(30)] })
  assert.equal(entries(taken(page)).length, 21)
  assert.equal(page.used, 0)
  page.event(head(1), publish('again'), [])
  assert.deepEqual(entries(taken(page)), [[1, 3, 'again']])
})

test('a statement that nobody declared is a programmer’s error', () => {
  const page = new PageWriter(statements)
  assert.throws(() => page.write({ statement: 't.none', values: [] }), TypeError)
})
