// The audit must be able to fail: each promise is broken on purpose and has to be reported.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { audit, type Row } from './audit.ts'
import { type Ledger, line, payloadOf, readLedger } from './ledger.ts'

/** Two publishers, `a` of QoS 1 and `b` of QoS 2; `a:3` and `b:3` were repeated, `b:4` was never acknowledged. */
function ledger(t: { after(done: () => void): void }): Ledger {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-ledger-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const lines: string[] = []
  for (let n = 0; n < 5; n++) {
    for (const publisher of ['a', 'b']) {
      const qos = publisher === 'a' ? 1 : 2
      lines.push(line('S', publisher, n, qos))
      if (n === 3) lines.push(line('R', publisher, 3, qos))
      if (publisher === 'a' || n < 4) lines.push(line('A', publisher, n, qos))
    }
  }
  writeFileSync(join(folder, 'ledger'), lines.join(''))
  return readLedger(join(folder, 'ledger'))
}

const row = (id: number, publisher: string, n: number): Row => ({
  msgid: String(id).padStart(20, '0'),
  payload: payloadOf(publisher, n),
})

/** Every acknowledged message once, in order; ids 0, 1, 2, … */
function complete(): Row[] {
  return [0, 1, 2, 3, 4].flatMap((n) => ['a', 'b'].map((publisher, i) => row(2 * n + i, publisher, n))).slice(0, 9)
}

test('a complete table passes', (t) => {
  assert.deepEqual(audit(ledger(t), complete()), [])
})

test('a lost message is found; one that was not acknowledged may be there or not', (t) => {
  const rows = complete()
  rows.splice(4, 1)
  assert.deepEqual(audit(ledger(t), rows), ['lost: a:2 was acknowledged and is not stored'])
  assert.deepEqual(audit(ledger(t), [...complete(), row(9, 'b', 4)]), [])
})

test('a message that was sent once and is stored twice is found; a repeated one may be twice, not three times', (t) => {
  assert.deepEqual(audit(ledger(t), [...complete(), row(20, 'a', 2)]), ['twice: a:2 was sent 1 ×, stored 2 ×'])
  assert.deepEqual(audit(ledger(t), [...complete(), row(20, 'a', 3)]), [])
  assert.deepEqual(audit(ledger(t), [...complete(), row(20, 'a', 3), row(21, 'a', 3)]), [
    'twice: a:3 was sent 2 ×, stored 3 ×',
  ])
  assert.deepEqual(audit(ledger(t), [...complete(), row(20, 'b', 3)]), ['twice: b:3 was sent 2 ×, stored 2 ×'])
  const twice = [...complete(), row(20, 'a', 2), row(21, 'b', 2)]
  assert.deepEqual(audit(ledger(t), twice, { received: 1 }), [])
  assert.deepEqual(audit(ledger(t), twice, { received: 2 }), ['twice: b:2 was sent 1 ×, stored 2 ×'])
})

test('an event that was sent to the database twice is found, also of a repeated message', (t) => {
  const again = [...complete(), row(6, 'a', 3)]
  assert.match(audit(ledger(t), again)[0]!, /^resent: event 0+6 \(a:3\) is stored again/)
  assert.deepEqual(audit(ledger(t), again, { resent: true }), [])
})

test('a payload that was cut, and a row that nobody sent, are found', (t) => {
  const rows = complete()
  rows[3] = { ...rows[3]!, payload: rows[3]!.payload.slice(0, -1) }
  const faults = audit(ledger(t), rows)
  assert.match(faults[0]!, /^foreign: /)
  assert.match(faults[1]!, /^lost: b:1 /)
})

test('disorder is found, of ids and of a publisher', (t) => {
  const rows = complete()
  ;[rows[2], rows[4]] = [rows[4]!, rows[2]!]
  const faults = audit(ledger(t), rows)
  assert.ok(faults.some((fault) => fault.startsWith('disorder: a:1 first appears after a:2')))
  assert.ok(faults.some((fault) => /^disorder: event 0+3 /.test(fault)))
  const others = audit(ledger(t), rows, { oneGateway: false })
  assert.deepEqual(others, ['disorder: a:1 first appears after a:2'])
})
