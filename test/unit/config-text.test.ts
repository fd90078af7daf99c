import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Faults, formatFault, sortFaults } from '../../src/config/fault.ts'
import { parseText } from '../../src/config/text.ts'

function parse(text: string | Buffer) {
  const faults = new Faults()
  const entries = parseText('a.conf', Buffer.from(text as string), faults)
  return { entries, faults: sortFaults(faults.list).map(formatFault) }
}

test('an entry knows where its key and its value stand', () => {
  const { entries, faults } = parse('## a comment\n\n  mqtt.max = 5 \n')
  assert.deepEqual(entries, [{ file: 'a.conf', line: 3, column: 3, key: 'mqtt.max', value: '5', valueColumn: 14 }])
  assert.deepEqual(faults, [])
})

test('blanks around = may be missing, and the value may hold = and #', () => {
  const { entries } = parse('a.b.1= {"topic": "#"}\npassword =x=y#z\nempty =\n')
  assert.deepEqual(
    entries.map(({ key, value, valueColumn }) => [key, value, valueColumn]),
    [
      ['a.b.1', '{"topic": "#"}', 8],
      ['password', 'x=y#z', 11],
      ['empty', '', 8],
    ],
  )
})

test('a byte order mark and CRLF line ends are no matter', () => {
  const { entries, faults } = parse('\uFEFFa = 1\r\n\r\n# c\r\nb = 2\r\n')
  assert.deepEqual(
    entries.map(({ key, value, line, column }) => [key, value, line, column]),
    [
      ['a', '1', 1, 1],
      ['b', '2', 4, 1],
    ],
  )
  assert.deepEqual(faults, [])
})

test('of two lines with one key the last counts, with a warning', () => {
  const { entries, faults } = parse('a = 1\nb = 2\na = 3\n')
  assert.deepEqual(
    entries.map(({ key, value }) => [key, value]),
    [
      ['b', '2'],
      ['a', '3'],
    ],
  )
  assert.deepEqual(faults, ['a.conf:3:1: warning: a is set twice (line 1 does not count: the last one wins)'])
})

test('every line that is nothing is a fault', () => {
  const { entries, faults } = parse(
    Buffer.concat([
      Buffer.from('# ä in latin1: \xe4\n  foo\n', 'latin1'),
      Buffer.from('a..b = 1\n= 2\nok = 1\nx = '),
      Buffer.from([0xff]),
    ]),
  )
  assert.deepEqual(
    entries.map(({ key }) => key),
    ['ok'],
  )
  assert.deepEqual(faults, [
    'a.conf:2:3: expected key = value (a comment begins with #)',
    "a.conf:3:1: expected a key whose parts are split by single dots, not 'a..b'",
    'a.conf:4:1: expected key = value (a comment begins with #)',
    'a.conf:6:5: expected UTF-8 text',
  ])
})

test('faults are sorted by file, then as one reads', () => {
  const faults = new Faults()
  for (const [file, line, column] of [
    ['b', 1, 1],
    ['a', 2, 1],
    ['a', 1, 9],
    ['a', 1, 2],
  ] as const) {
    faults.error({ file, line, column }, 'm')
  }
  assert.deepEqual(
    sortFaults(faults.list).map(({ file, line, column }) => `${file}${line}${column}`),
    ['a12', 'a19', 'a21', 'b11'],
  )
})
