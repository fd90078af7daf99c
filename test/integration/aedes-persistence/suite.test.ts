// aedes-persistence's own suite over our stored sessions. aedes delivers nothing here (src/broker/DESIGN.md), so the product has no
// such interface; the adapter beside this file gives it one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Adapter, aedesRequire } from './adapter.ts'

type Run = (t: unknown) => Promise<void>

let asked = 0

aedesRequire('aedes-persistence/abstract.js')({
  test(name: string, run: Run) {
    asked++
    void test(name, run)
  },
  persistence: () => new Adapter(),
  testAsync: true,
})

test('the suite is there', () => assert.ok(asked >= 50, `${asked} tests`))
