import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JsonNode, parseJson } from '../../src/config/json.ts'

function plain(node: JsonNode): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'array') return node.items.map(plain)
  return Object.fromEntries(node.members.map(({ key, value }) => [key, plain(value)]))
}

test('it reads what the standard parser reads', () => {
  for (const text of [
    '{}',
    '[]',
    ' {"a" : [1, -2.5e3, true, false, null, "x\\"\\u00e9\\n"], "b": {"c": []}} ',
    '"text"',
    '0',
    '{"a":1,"a":2}',
  ]) {
    const parsed = parseJson(text)
    assert.ok('node' in parsed, text)
    assert.deepEqual(plain(parsed.node), JSON.parse(text))
  }
})

test('a node knows where it stands', () => {
  const parsed = parseJson('{"a": ["xy", 5]}')
  assert.ok('node' in parsed && parsed.node.kind === 'object')
  const [member] = parsed.node.members
  assert.equal(member?.keyStart, 1)
  assert.deepEqual([member.value.start, member.value.end], [6, 15])
  assert.deepEqual(member.value.kind === 'array' && member.value.items.map(({ start, end }) => [start, end]), [
    [7, 11],
    [13, 14],
  ])
})

test('a fault says where and what was expected', () => {
  const faults: Record<string, [offset: number, message: string, hint?: string]> = {
    '{"topic": "#", action": {}}': [15, "expected a double-quoted key, not 'action'", 'write "action"'],
    '{"a": 1': [7, "expected ',' or '}', not the end of the line"],
    '{"a" 1}': [5, "expected ':' after the key, not '1'"],
    '{"a": }': [6, `expected a value: a "text", a number, true, false, null, {…} or […], not '}'`],
    '{"a": tru}': [6, `expected a value: a "text", a number, true, false, null, {…} or […], not 'tru'`],
    '{"a": 1,}': [8, "expected a double-quoted key, not '}'"],
    '["a" "b"]': [5, `expected ',' or ']', not '"'`],
    '{"a": "b}': [6, 'expected a closing double quote for the text that begins here'],
    '{"a": 1} x': [9, "expected nothing behind the end of the value, not 'x'"],
    '': [0, 'expected a value: a "text", a number, true, false, null, {…} or […], not the end of the line'],
    "{'a': 1}": [1, `expected a double-quoted key, not '''`],
  }
  for (const [text, [offset, message, hint]] of Object.entries(faults)) {
    assert.deepEqual(parseJson(text), { fault: { offset, message, ...(hint === undefined ? {} : { hint }) } }, text)
  }
})

test('a bad escape and endless nesting are faults, too', () => {
  const badEscape = parseJson('{"a": "\\x"}')
  assert.ok('fault' in badEscape)
  assert.equal(badEscape.fault.offset, 6)
  assert.equal(badEscape.fault.message, 'expected a text with valid escapes')
  const deep = parseJson('['.repeat(100_000))
  assert.ok('fault' in deep)
  assert.match(deep.fault.message, /^expected at most 50 levels/)
})
