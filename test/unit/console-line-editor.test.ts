// The line editor as a person meets it: keys in, and what a terminal shows of it.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { History } from '../../src/console/history.ts'
import { Keys } from '../../src/console/keys.ts'
import { type EditorOptions, LineEditor, type Outcome } from '../../src/console/line-editor.ts'
import { charactersOf, widthOf } from '../../src/console/row.ts'
import { Random } from '../helpers/random.ts'
import { Screen } from '../helpers/screen.ts'

class Typist {
  readonly screen: Screen
  readonly editor: LineEditor
  readonly keys = new Keys()
  readonly outcomes: Outcome[] = []
  /** Bytes that the last key took on the line. */
  sent = 0

  constructor(options: Partial<EditorOptions> = {}) {
    this.editor = new LineEditor({ prompt: '> ', columns: 40, ...options })
    this.screen = new Screen(options.columns ?? 40, 5)
  }

  /** Paints behind every key. */
  async type(bytes: string | Buffer): Promise<this> {
    for (const key of this.keys.read(Buffer.from(bytes))) {
      const outcome = this.editor.press(key)
      if (outcome !== undefined) this.outcomes.push(outcome)
      const painted = this.editor.paint()
      this.sent = painted.length
      await this.screen.show(painted)
    }
    return this
  }

  /** The row, with | where the cursor is. */
  get row(): string {
    const { column, row } = this.screen.cursor
    assert.equal(row, 0)
    const cells = charactersOf(this.screen.visible.padEnd(column))
    const before = cells.findIndex((_, i) => widthOf(cells.slice(0, i).join('')) === column)
    return cells.toSpliced(before < 0 ? cells.length : before, 0, '|').join('')
  }
}

const typed = (bytes: string, options: Partial<EditorOptions> = {}): Promise<Typist> => new Typist(options).type(bytes)

const LEFT = '\x1b[D'
const UP = '\x1b[A'
const DOWN = '\x1b[B'

describe('editing', () => {
  const cases: Readonly<Record<string, readonly [keys: string, row: string]>> = {
    'what is typed stands there': ['status', '> status|'],
    'inserted in the middle': [`staus${LEFT}${LEFT}t`, '> stat|us'],
    'home and end': ['abc\x1b[Hx\x1b[Fy', '> xabcy|'],
    '^A and ^E': ['abc\x01x\x05y', '> xabcy|'],
    'backspace, both kinds': ['abcd\x7f\b', '> ab|'],
    'backspace at the beginning': ['ab\x01\x7f', '> |ab'],
    'delete, also by ^D': ['abcd\x01\x1b[3~\x04', '> |cd'],
    '^U takes what is before, ^Y brings it back': ['one two\x1b[D\x15\x05\x19', '> oone tw|'],
    '^K takes what is behind': [`one two\x1bb\x0b`, '> one |'],
    '^W takes a word and its spaces': ['one two  \x17', '> one |'],
    'words by Ctrl and Alt': ['one two three\x1bb\x1b[1;5Dx\x1bfy', '> one xtwoy| three'],
    'Alt-D': ['one two\x01\x1bd', '> | two'],
    'arrows at both ends': ['a\x1b[D\x1b[D\x1b[C\x1b[Cb', '> ab|'],
    'characters of two columns': [`世界${LEFT}x`, '> 世x|界'],
    'combined characters are one': ['e\u0301a\x1b[D\x7f', '> |a'],
    'a combining character that has nothing to combine with': ['\u0301a', '> ◌\u0301a|'],
    'keys that mean nothing': ['a\x1b[5~\x1b[2~\x1b\x1bOPb', '> ab|'],
  }
  for (const [name, [keys, row]] of Object.entries(cases)) {
    test(name, async () => assert.equal((await typed(keys)).row, row))
  }
})

test('what keys bring about', async () => {
  assert.deepEqual((await typed('status\r')).outcomes, [{ line: 'status' }])
  assert.deepEqual((await typed('a\x03')).outcomes, ['interrupt'])
  assert.deepEqual((await typed('\x04')).outcomes, ['end'])
  assert.deepEqual((await typed('a\t\x0c')).outcomes, ['complete', 'redraw'])
})

test('a line wider than the terminal scrolls in its row', async () => {
  const typist = await typed('the quick brown fox', { columns: 20 })
  assert.equal(typist.screen.visible.length <= 19, true)
  assert.match(typist.row, /fox\|$/)
  await typist.type('\x01')
  assert.equal(typist.row, '> |the quick brown f')
  await typist.type('\x05\r')
  assert.deepEqual(typist.outcomes, [{ line: 'the quick brown fox' }])
})

test('a slow line: one more character at the end takes one byte, one in the middle the rest of the row', async () => {
  const typist = await typed('statu')
  await typist.type('s')
  assert.equal(typist.sent, 1)
  await typist.type('\x01')
  assert.ok(typist.sent <= 4, `${typist.sent} bytes for a move`)
  await typist.type('x')
  assert.ok(typist.sent <= 12, `${typist.sent} bytes for one more`)
})

test('what is hidden is never on the line', async () => {
  const typist = await typed('secret\x1b[D\x7fx', { hidden: true })
  assert.equal(typist.row, '> |')
  await typist.type('\r')
  assert.deepEqual(typist.outcomes, [{ line: 'secrxt' }])
})

test('what noise may have changed is not taken with the first Enter', async () => {
  const typist = await new Typist().type(Buffer.from([0x6c, 0xff, 0x6e, 0x0d]))
  assert.deepEqual([typist.row, typist.outcomes], ['> ln|', ['bell']])
  await typist.type('\r')
  assert.deepEqual(typist.outcomes, ['bell', { line: 'ln' }])
})

test('a line has an end', async () => {
  const typist = new Typist()
  typist.editor.insert('x'.repeat(4096))
  assert.equal(typist.editor.insert('y'), 'bell')
  assert.equal(typist.editor.text, 'x'.repeat(4096))
})

describe('a marked paste', () => {
  const paste = (text: string): string => `\x1b[200~${text}\x1b[201~`
  test('of a word is typed', async () => {
    assert.equal((await typed(`a ${paste('b\tc')} d`)).row, '> a b c d|')
  })
  test('of one line waits for Enter', async () => {
    const typist = await typed(paste('status\r'))
    assert.deepEqual([typist.row, typist.outcomes], ['> status|', []])
  })
  test('of several lines is told', async () => {
    assert.deepEqual((await typed(paste('a\r\nb\r\n'))).outcomes, [{ pasted: 'a\nb\n' }])
  })
  test('is bounded', async () => {
    const typist = new Typist()
    typist.editor.press({ name: 'paste-begin' })
    for (let i = 0; i < 100; i++) typist.editor.press({ text: 'x'.repeat(10_000) })
    assert.equal(typist.editor.press({ name: 'paste-end' }), 'bell')
    assert.equal(typist.editor.text, '')
  })
})

describe('history', () => {
  const history = (): History => {
    const lines = new History()
    for (const line of ['lanes', 'status', 'lane pause a', 'status', 'status', ' hidden', '']) lines.add(line)
    return lines
  }
  test('keeps each line once in a row, and none that begins with a space', () => {
    assert.deepEqual(history().lines, ['lanes', 'status', 'lane pause a', 'status'])
  })
  test('up and down', async () => {
    const typist = await typed(`${UP}${UP}`, { history: history() })
    assert.equal(typist.row, '> lane pause a|')
    await typist.type(`${UP}${UP}${UP}${UP}`)
    assert.equal(typist.row, '> lanes|')
    await typist.type(`${DOWN}${DOWN}${DOWN}${DOWN}${DOWN}`)
    assert.equal(typist.row, '> |')
  })
  test('only what begins as what was typed, and that comes back', async () => {
    const typist = await typed(`lane${UP}`, { history: history() })
    assert.equal(typist.row, '> lane pause a|')
    await typist.type(UP)
    assert.equal(typist.row, '> lanes|')
    await typist.type(`${DOWN}${DOWN}`)
    assert.equal(typist.row, '> lane|')
  })
})

test('random keys: the terminal shows what the line is, and the cursor where it is', async () => {
  const random = new Random(4711)
  const pieces = ['a', 'word ', ' ', '世', 'é', 'e\u0301', '\x7f', '\x1b[3~', LEFT, LEFT, '\x1b[C', '\x1b[H', '\x1b[F']
  const more = [
    ...pieces,
    '\x1bb',
    '\x1bf',
    '\x17',
    '\x0b',
    '\x15',
    '\x19',
    '\x1bd',
    UP,
    DOWN,
    '\xff',
    '\x00',
    '\x1b[9',
  ]
  const history = new History()
  for (const line of ['status', 'messages 世界/#']) history.add(line)
  for (let round = 0; round < 30; round++) {
    const columns = random.pick([20, 33, 80])
    const typist = new Typist({ columns, history })
    for (let i = 0; i < 60; i++) await typist.type(random.pick(more))
    const fresh = new Screen(columns, 5)
    await fresh.show(typist.editor.repaint())
    assert.deepEqual([typist.screen.visible, typist.screen.cursor], [fresh.visible, fresh.cursor], `round ${round}`)
  }
})
