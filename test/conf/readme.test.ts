// The README's table of functions and databases is what the configuration takes.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { checkConfig } from '../../src/gateway/load.ts'
import { type BackendKind, FUNCTIONS, type FunctionName } from '../../src/model/binding.ts'
import { etcWith } from './etc-folder.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
/** The columns behind the function and its hook. */
const COLUMNS: readonly (readonly BackendKind[])[] = [
  ['pgsql', 'mysql', 'sqlite'],
  ['redis'],
  ['mongo'],
  ['cassa'],
  ['dynamo'],
]

function isTaken(kind: BackendKind, name: FunctionName): boolean {
  const line = `backend.${kind}.hook.${FUNCTIONS[name][0]}.1 = {"action": {"function": "${name}"}, "pool": "pool1"}`
  const pool = kind === 'cassa' ? 'backend.ecql.pool1.keyspace = mqtt' : `backend.${kind}.pool1.database = 1`
  const file = `${kind === 'dynamo' ? 'backend.dynamo.pool1.region = x' : pool}\n${line}\n`
  const { text } = checkConfig(etcWith({ [`plugins/emqx_backend_${kind}.conf`]: file }))
  assert.doesNotMatch(text, /^(?!.*function).*: error/m, text) // nothing else is wrong with it
  return text === ''
}

test('every function is in the table, for the databases that take it', () => {
  const rows = README.split('\n').filter((line) => line.startsWith('| `on_'))
  const told = rows.flatMap((row) => {
    const [names = '', , ...cells] = row.split(' | ')
    return [...names.matchAll(/`(on_\w+)`/g)].map(
      ([, name]) => [name, cells.map((cell) => cell.includes('✓'))] as const,
    )
  })
  assert.deepEqual(told.map(([name]) => name).sort(), Object.keys(FUNCTIONS).sort())
  for (const [name, taken] of told) {
    for (const [column, kinds] of COLUMNS.entries()) {
      for (const kind of kinds) assert.equal(isTaken(kind, name as FunctionName), taken[column], `${name} on ${kind}`)
    }
  }
})
