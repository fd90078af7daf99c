import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventId, EventIdSource, STEP_MICROS } from '../../src/model/event-id.ts'

test('the text is 20 base62 digits and reads back', () => {
  const id = new EventId(1_763_726_400_123_456, 0xfedc_ba98_7654, 0x1234)
  assert.match(id.toString(), /^[0-9A-Za-z]{20}$/)
  assert.deepEqual(EventId.parse(id.toString()), id)
})

test('the text is the 128-bit number in base62', () => {
  const id = new EventId(1_763_726_400_123_456, 0xfedc_ba98_7654, 0x1234)
  const value = (BigInt(id.micros) << 64n) | (BigInt(id.node) << 16n) | BigInt(id.sequence)
  const back = [...id.toString()].reduce((sum, digit) => {
    const index = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.indexOf(digit)
    return sum * 62n + BigInt(index)
  }, 0n)
  assert.equal(back, value)
})

test('bytes read back', () => {
  const bytes = Buffer.alloc(20)
  const id = new EventId(2 ** 52 + 1, 2 ** 48 - 1, 65535)
  id.write(bytes, 3)
  assert.deepEqual(EventId.read(bytes, 3), id)
})

test('old texts are not ours', () => {
  for (const text of ['53F98F80F66017005000004A60003', 'AAVEwm0la4RufgAABeIAAQ==', '', 'zzzzzzzzzzzzzzzzzzzz']) {
    assert.equal(EventId.parse(text), undefined)
  }
})

test('ids only grow, by a step of time: within a millisecond, over a clock that jumps back, over a restart', () => {
  const source = new EventIdSource(7)
  const texts: string[] = []
  for (let i = 0; i < 70_000; i++) texts.push(source.next(1_000_000).toString())
  texts.push(source.next(5).toString(), source.next(2_000_000).toString())
  for (let ms = 2_000_000; ms < 2_003_000; ms += 0.1) texts.push(source.next(ms).toString())
  const last = EventId.parse(texts.at(-1)!)!
  texts.push(new EventIdSource(3, last).next(12).toString())
  const micros = texts.map((text) => EventId.parse(text)!.micros)
  for (let i = 1; i < texts.length; i++) {
    assert.ok(texts[i - 1]! < texts[i]!, `${texts[i - 1]} < ${texts[i]}`)
    assert.ok(micros[i]! - micros[i - 1]! >= STEP_MICROS, `${micros[i]} is too near to ${micros[i - 1]}`)
  }
})

test('two sources with the same node bits do not make the same ids', () => {
  const [one, other] = [new EventIdSource(7), new EventIdSource(7)]
  const texts = new Set<string>()
  for (let ms = 1; ms <= 1000; ms++) texts.add(one.next(ms).toString()).add(other.next(ms).toString())
  assert.equal(texts.size, 2000)
})
