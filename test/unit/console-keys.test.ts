// Keys as terminals send them: recorded, one by one, cut anywhere, with noise around.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Key, Keys } from '../../src/console/keys.ts'
import { Random } from '../helpers/random.ts'

/** `k3 left k5`: as short as one can look at. */
function shown(keys: readonly Key[]): string {
  return keys
    .map((key) => ('name' in key ? key.name : 'text' in key ? `'${key.text}'` : `${key.row};${key.column}`))
    .join(' ')
}

const read = (...chunks: (string | Buffer)[]): string => {
  const keys = new Keys()
  return shown(chunks.flatMap((chunk) => keys.read(Buffer.from(chunk))))
}

/** What each terminal sends, as `infocmp` and a recording have it. */
const RECORDED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'xterm, picocom in it': {
    ...{ up: '\x1b[A', down: '\x1b[B', right: '\x1b[C', left: '\x1b[D', home: '\x1b[H', end: '\x1b[F' },
    ...{ delete: '\x1b[3~', insert: '\x1b[2~', 'page-up': '\x1b[5~', 'page-down': '\x1b[6~', backspace: '\x7f' },
    ...{ 'word-left': '\x1b[1;5D', 'word-right': '\x1b[1;5C', backtab: '\x1b[Z', enter: '\r', tab: '\t' },
  },
  'with application cursor keys (vt100, screen)': {
    ...{
      up: '\x1bOA',
      down: '\x1bOB',
      right: '\x1bOC',
      left: '\x1bOD',
      home: '\x1bOH',
      end: '\x1bOF',
      enter: '\x1bOM',
    },
  },
  'the Linux console, PuTTY': { home: '\x1b[1~', end: '\x1b[4~', backspace: '\x7f', delete: '\x1b[3~' },
  rxvt: { home: '\x1b[7~', end: '\x1b[8~', delete: '\x1b[3~' },
  'minicom and old terminals': { backspace: '\b', enter: '\n' },
  'Alt in most': {
    'word-left': '\x1bb',
    'word-right': '\x1bf',
    'delete-word-right': '\x1bd',
    'delete-word-left': '\x1b\x7f',
  },
  'Alt with arrows': { 'word-left': '\x1b[1;3D', 'word-right': '\x1b[1;3C' },
  'with Ctrl': {
    'ctrl-a': '\x01',
    'ctrl-c': '\x03',
    'ctrl-d': '\x04',
    'ctrl-k': '\x0b',
    'ctrl-l': '\x0c',
    'ctrl-u': '\x15',
    'ctrl-w': '\x17',
  },
}

describe('the keys of', () => {
  for (const [terminal, keys] of Object.entries(RECORDED)) {
    test(terminal, () => {
      for (const [name, bytes] of Object.entries(keys)) {
        assert.equal(read(bytes), name)
        assert.equal(read(...bytes), name, `${name}, byte by byte`)
      }
      const all = Object.values(keys).join('x')
      assert.equal(read(all), Object.keys(keys).join(" 'x' "))
    })
  }
})

test('text comes in whole characters, wherever its bytes are cut', () => {
  assert.equal(read('grün 世界'), "'grün 世界'")
  const bytes = Buffer.from('ü世')
  const pieces = [...bytes].map((byte) => Buffer.from([byte]))
  assert.equal(read(...pieces), "'ü' '世'")
})

test('CR LF is one Enter', () => {
  assert.equal(read('a\r\nb\rc\nd\n\ne'), "'a' enter 'b' enter 'c' enter 'd' enter enter 'e'")
  assert.equal(read('\r', '\n'), 'enter')
})

test('where the cursor is', () => {
  assert.equal(read('\x1b[24;80R'), '24;80')
})

test('a lone ESC is a key when nothing comes behind it', () => {
  const keys = new Keys()
  assert.deepEqual(keys.read(Buffer.from('\x1b')), [])
  assert.equal(keys.unsettled, true)
  assert.deepEqual(keys.settle(), [{ name: 'escape' }])
  assert.equal(keys.unsettled, false)
  assert.equal(shown(keys.read(Buffer.from('[A'))), "'[A'")
})

test('a marked paste is text, with its line ends and without its keys', () => {
  assert.equal(
    read('\x1b[200~one\r\ntwo\x1b[A\tthree\x1b[201~\r'),
    "paste-begin 'one' '\n' 'two' '\t' 'three' paste-end enter",
  )
  assert.equal(read('\x1b[201~a'), "'a'", 'an end without a beginning')
})

test('a paste whose end got lost ends with ^C, or when nothing comes any more', () => {
  assert.equal(read('\x1b[200~one\x03\r'), "paste-begin 'one' paste-end ctrl-c enter")
  const keys = new Keys()
  keys.read(Buffer.from('\x1b[200~one'))
  assert.deepEqual(keys.settle(), [{ name: 'paste-end' }])
})

test('what is no key of any terminal is noise, or nothing', () => {
  assert.equal(read('a\x00\xff\x1b[99~\x1b[38;5;1mb\x1b[[A\x1b[?1;2cc'), "'a' 'ÿ' 'b' 'c'")
  assert.equal(read(Buffer.from([0xff, 0x1f, 0xc3, 0x28])), "noise noise noise '('", 'not UTF-8')
  assert.equal(read('\x9bA\x80'), "noise 'A' noise", 'control characters of eight bits')
  assert.equal(read(`\x1b[${'1'.repeat(100)}`, 'A.'), "'A.'", 'a sequence without an end')
  assert.equal(read('\x1b[12\x03'), 'ctrl-c', 'a sequence that is cut off')
})

test('random bytes: nothing is thrown or kept for long, and a line behind them is read', () => {
  const random = new Random(20_261_121)
  for (let round = 0; round < 300; round++) {
    const keys = new Keys()
    const noise = Buffer.from(Array.from({ length: random.between(1, 400) }, () => random.between(0, 255)))
    for (let from = 0; from < noise.length; ) {
      const to = from + random.between(1, 20)
      for (const key of keys.read(noise.subarray(from, to))) {
        if ('text' in key) assert.doesNotMatch(key.text, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
      }
      from = to
    }
    keys.settle()
    assert.match(shown(keys.read(Buffer.from('\r\rstatus\r'))), /'status' enter$/)
  }
})
