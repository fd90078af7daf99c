import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace } from '../../src/broker/pace.ts'

test('a burst goes at once, the rest in order; nobody is held when the client has left', () => {
  const pace = new Pace(10)
  const gone: number[] = []
  const at = Array.from({ length: 100 }, (_, n) => pace.pass(() => void gone.push(n)))
  const burst = at.filter(Boolean).length
  assert.ok(burst >= 9 && burst < 50, `${burst} at once`)
  assert.deepEqual(
    gone,
    Array.from({ length: burst }, (_, n) => n),
  )
  pace.end()
  assert.deepEqual(
    gone,
    Array.from({ length: 100 }, (_, n) => n),
  )
})
