// Lines as people write them → words.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quoted, wordsOf } from '../../src/console/words.ts'

const CASES: Readonly<Record<string, readonly string[]>> = {
  'lane skip pool1 --to 7': ['lane', 'skip', 'pool1', '--to', '7'],
  '  two   spaces ': ['two', 'spaces', ''],
  '': [''],
  "messages 'a b/#'": ['messages', 'a b/#'],
  'say "it\'s" \'so "it" is\'': ['say', "it's", 'so "it" is'],
  'a\\ b \\\'c "d\\"e" \'f\\g\'': ['a b', "'c", 'd"e', 'f\\g'],
  "'' x": ['', 'x'],
  'one\'two\'"three"': ['onetwothree'],
  'hook try {"hook": "message.publish", "topic": "a b", "payload": "}\\"{"} --json': [
    ...['hook', 'try', '{"hook": "message.publish", "topic": "a b", "payload": "}\\"{"}', '--json'],
  ],
  'config set k [1, {"a": [2]}] x': ['config', 'set', 'k', '[1, {"a": [2]}]', 'x'],
  'hook try {"open": ': ['hook', 'try', '{"open": '],
  'grün 世界': ['grün', '世界'],
}
for (const [line, words] of Object.entries(CASES)) {
  test(`words of ${line}`, () => assert.deepEqual(wordsOf(line).words, words))
}

test('a quote that is open is told', () => {
  assert.deepEqual(wordsOf("a 'b c"), { words: ['a', 'b c'], open: "'", lastAt: 2 })
  assert.equal(wordsOf('a "b\'').open, '"')
})

test('a word that is written as one would is that word', () => {
  for (const word of ['pool1', 'a b', "it's", 'so "x"', 'back\\slash', '{"a": 1}', '', '\'"\\']) {
    assert.deepEqual(wordsOf(`x ${quoted(word)}`).words, ['x', word])
  }
})
