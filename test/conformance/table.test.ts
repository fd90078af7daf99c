// src/broker/CONFORMANCE.md names each statement of the standard's appendix B once, and each that is held has its test.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

/** Chapter and number of its statements, as appendix B has them, two slips of its numbering included. */
const APPENDIX_B: Readonly<Record<string, number>> = {
  ...{ '1.5.3': 3, '2.2.2': 2, '2.3.1': 7 },
  ...{ '3.1.0': 2, '3.1.2': 24, '3.1.3': 11, '3.1.4': 5, '3.2.0': 1, '3.2.2': 6 },
  ...{ '3.3.1': 12, '3.3.2': 3, '3.3.4': 1, '3.3.5': 2, '3.6.1': 1 },
  ...{ '3.8.1': 1, '3.8.3': 4, '3.8.4': 6, '3.9.3': 2, '3.10.1': 1, '3.10.3': 2, '3.10.4': 6 },
  ...{ '3.12.4': 1, '3.14.1': 1, '3.14.4': 3 },
  ...{ '4.1.0': 2, '4.3.1': 1, '4.3.2': 2, '4.3.3': 2, '4.4.0': 1, '4.5.0': 2, '4.6.0': 6 },
  ...{ '4.7.1': 3, '4.7.2': 1, '4.7.3': 4, '4.8.0': 2, '6.0.0': 4, '7.0.0': 2, '7.1.1': 1, '7.1.2': 1 },
}
const SLIPS: Readonly<Record<string, string>> = { '3.1.2-7': '3.1.2.7', '3.8.3-4': '3-8.3-4' }
const expected = Object.entries(APPENDIX_B).flatMap(([chapter, count]) =>
  Array.from({ length: count }, (_, index) => `${chapter}-${index + 1}`).map((number) => SLIPS[number] ?? number),
)

interface Row {
  readonly file: string
  readonly number: string
  readonly status: string
}

const page = readFileSync(join(import.meta.dirname, '../../src/broker/CONFORMANCE.md'), 'utf8')
const rows: Row[] = page.split(/^## /m).flatMap((section) => {
  const file = /`([\w-]+)`/.exec(section.split('\n')[0]!)?.[1] ?? ''
  return [...section.matchAll(/^\| (\d[\d.-]+) \|.*\| ([^|]+) \|$/gm)].map(([, number, status]) => ({
    file,
    number: number!,
    status: status!,
  }))
})

test('the table has every statement of the standard, once', () => {
  assert.deepEqual(rows.map(({ number }) => number).sort(), expected.toSorted())
})

test('each statement is held, or the table says why not', () => {
  for (const { number, status } of rows) assert.match(status, /^(held|client)\b/, number)
})

test('each statement that is held has its test, in the file that the table names, and no other has one', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'))
  const tested = files.flatMap((name) =>
    [...readFileSync(join(import.meta.dirname, name), 'utf8').matchAll(/^statement\(\s*'([^']+)'/gm)].map(
      ([, number]) => `${name.replace('.test.ts', '')} ${number}`,
    ),
  )
  const held = rows.filter(({ status }) => status.startsWith('held')).map(({ file, number }) => `${file} ${number}`)
  assert.deepEqual(tested.sort(), held.sort())
})
