import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Knowledge, type Resumption, resume } from '../../src/forward/mark.ts'
import { EventId } from '../../src/model/event-id.ts'

const id = (seq: number, node = 7) => new EventId(1_000_000 + seq, node, 0)
const mark = (seq: number, node = 7) => ({ seq, event: id(seq, node).toString() })

// The journal of every case holds the rows 50…100, written by node 7; rows below were deleted by retention.
const journal = {
  lastSeq: 100,
  eventAt: (seq: number) => (seq >= 50 && seq <= 100 ? id(seq) : undefined),
  inherited: null,
}

const cases: [string, Partial<Knowledge>, Resumption][] = [
  [
    'no mark: first contact, from the local cursor',
    { mark: null, cursor: 60, marked: 0 },
    { from: 60, idempotentUpTo: 100, recovered: null },
  ],
  [
    'no mark although there was one (a changed or emptied server): from the local cursor',
    { mark: null, cursor: 60, marked: 60 },
    { from: 60, idempotentUpTo: 100, recovered: null },
  ],
  [
    'mark and cursor agree',
    { mark: mark(60), cursor: 60, marked: 60 },
    { from: 60, idempotentUpTo: 0, recovered: null },
  ],
  [
    'cursor behind the mark: an answer was lost, go on behind the mark',
    { mark: mark(70), cursor: 60, marked: 60 },
    { from: 70, idempotentUpTo: 0, recovered: 'answersLost' },
  ],
  [
    'cursor ahead because events of other pools were passed: nothing is sent again',
    { mark: mark(60), cursor: 90, marked: 60 },
    { from: 90, idempotentUpTo: 0, recovered: null },
  ],
  [
    'mark older than one it had: the remote went back, again from the mark',
    { mark: mark(60), cursor: 90, marked: 80 },
    { from: 60, idempotentUpTo: 90, recovered: 'remoteWentBack' },
  ],
  [
    'the remote went back further than the log reaches: what is still held',
    { mark: mark(20), cursor: 90, marked: 80 },
    { from: 20, idempotentUpTo: 90, recovered: 'remoteWentBack' },
  ],
  [
    'the row of the mark was deleted, nothing of ours between: from the local cursor',
    { mark: mark(40), cursor: 90, marked: 40 },
    { from: 90, idempotentUpTo: 0, recovered: null },
  ],
  [
    'the row of a mark ahead of the cursor is gone: from the local cursor, idempotently',
    { mark: mark(48), cursor: 45, marked: 45 },
    { from: 45, idempotentUpTo: 48, recovered: null },
  ],
  [
    'a seq never written: the journal went back, nothing is skipped',
    { mark: mark(120), cursor: 60, marked: 60 },
    { from: 60, idempotentUpTo: 100, recovered: 'journalWentBack' },
  ],
  [
    'another event at the seq of the mark: the journal went back',
    { mark: mark(70, 8), cursor: 60, marked: 60 },
    { from: 60, idempotentUpTo: 100, recovered: 'journalWentBack' },
  ],
  [
    'another event behind the cursor: the journal went back',
    { mark: mark(55, 8), cursor: 60, marked: 60 },
    { from: 60, idempotentUpTo: 100, recovered: 'journalWentBack' },
  ],
  [
    'a copied journal: on behind the mark of its parent when we hold the event that it names',
    { mark: null, cursor: 60, marked: 60, inherited: { mark: mark(70), upTo: 80 } },
    { from: 70, idempotentUpTo: 100, recovered: null },
  ],
  [
    'a copied journal: the mark of its parent is behind our cursor',
    { mark: null, cursor: 60, marked: 60, inherited: { mark: mark(55), upTo: 80 } },
    { from: 60, idempotentUpTo: 100, recovered: null },
  ],
  [
    'a copied journal: the mark of its parent names an event of the twin',
    { mark: null, cursor: 60, marked: 60, inherited: { mark: mark(70, 8), upTo: 65 } },
    { from: 60, idempotentUpTo: 100, recovered: null },
  ],
  [
    'a copied journal without a mark of its parent',
    { mark: null, cursor: 60, marked: 60, inherited: { mark: null, upTo: 80 } },
    { from: 60, idempotentUpTo: 100, recovered: null },
  ],
  [
    'a copied journal with a mark of its own: what it shares with its parent stays idempotent',
    { mark: mark(60), cursor: 60, marked: 60, inherited: { mark: mark(70), upTo: 80 } },
    { from: 60, idempotentUpTo: 80, recovered: null },
  ],
]

for (const [title, knowledge, expected] of cases) {
  test(title, () => {
    assert.deepEqual(resume({ ...journal, mark: null, cursor: 0, marked: 0, ...knowledge }), expected)
  })
}

test('an empty journal that meets a mark under its id went back', () => {
  const known = { mark: mark(5), cursor: 0, marked: 0, lastSeq: 0, eventAt: () => undefined, inherited: null }
  assert.deepEqual(resume(known), { from: 0, idempotentUpTo: 0, recovered: 'journalWentBack' })
})
