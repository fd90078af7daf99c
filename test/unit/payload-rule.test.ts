import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromText, isPlainText, toTextBytes } from '../../src/backends/payload-rule.ts'

test('text stays text', () => {
  for (const text of ['', 'hello', 'ünï 💧', 'data:text/plain,x', '\ufeffbom']) {
    assert.equal(toTextBytes(Buffer.from(text)).toString(), text)
    assert.ok(fromText(text).equals(Buffer.from(text)))
  }
})

test('what is no text, or looks like our form of it, is a data URL', () => {
  for (const bytes of [
    Buffer.from([0xff]),
    Buffer.from('a\0'),
    Buffer.from('data:;base64,'),
    Buffer.from('data:;base64,QQ=='),
  ]) {
    const text = toTextBytes(bytes).toString()
    assert.match(text, /^data:;base64,/)
    assert.ok(fromText(text).equals(bytes))
  }
  assert.equal(isPlainText(Buffer.from('a\0')), false)
})

test('a text of somebody else that only begins like one is taken as it is', () => {
  for (const text of ['data:;base64,QQ', 'data:;base64,not base64!']) assert.equal(fromText(text).toString(), text)
})
