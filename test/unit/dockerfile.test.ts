import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { validate } from 'dockerfile-utils'

test('the linter finds nothing in Dockerfile.arm64, and would', () => {
  const text = readFileSync(join(import.meta.dirname, '../../Dockerfile.arm64'), 'utf8')
  assert.deepEqual(validate(text), [])
  for (const [right, wrong] of [
    ['USER ', 'USRE '],
    ['["run"]', "['run']"],
    ['--retries=3', '--retires=3'],
  ] as const) {
    assert.equal(validate(text.replace(right, wrong)).length, 1, wrong)
  }
})
