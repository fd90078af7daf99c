// aedes-persistence's own suite over our stored sessions. aedes delivers nothing here (src/broker/DESIGN.md), so the product has no
// such interface; the adapter beside this file gives it one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Adapter, aedesRequire } from './adapter.ts'

type Run = (t: unknown) => Promise<void>

/** What of it can't be asked of ours, and why. */
const NOT_OURS: Readonly<Record<string, string>> = {
  'add outgoing packet as a string and stream': 'a payload is bytes, also where a string was put in',
  'update to publish w/ same messageId': 'an outbox never uses a packet id that is in use [MQTT-2.3.1-2]',
  'add incoming packet, get it, and clear with messageId':
    'of a QoS 2 message that was recorded only the packet id is kept; the message is a row of the journal by then',
}

const left = new Set(Object.keys(NOT_OURS))
let asked = 0

aedesRequire('aedes-persistence/abstract.js')({
  test(name: string, run: Run) {
    const skip = NOT_OURS[name]
    if (skip) left.delete(name)
    else asked++
    void test(name, { skip: skip ?? false }, run)
  },
  persistence: () => new Adapter(),
  testAsync: true,
})

test('the suite is there, and it has what is left out of it', () => {
  assert.ok(asked >= 40)
  assert.deepEqual([...left], [])
})
