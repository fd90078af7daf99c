import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AckTracker } from '../../src/broker/ack-tracker.ts'

test('the position goes over contiguous acknowledgements only', () => {
  const acks = new AckTracker()
  for (const msgid of ['1', '2', '3', '4', '5']) acks.delivered('t', msgid)
  assert.equal(acks.acknowledged('t', '1'), '1')
  assert.equal(acks.acknowledged('t', '5'), undefined)
  assert.equal(acks.acknowledged('t', '3'), undefined)
  assert.deepEqual([acks.isBeyond('5'), acks.isBeyond('2')], [true, false])
  assert.equal(acks.acknowledged('t', '2'), '3')
  assert.equal(acks.acknowledged('t', '4'), '5')
  assert.equal(acks.isBeyond('5'), false)
})

test('topics do not wait for each other, and what was never sent moves nothing', () => {
  const acks = new AckTracker()
  acks.delivered('a', '1')
  acks.delivered('b', '2')
  assert.equal(acks.acknowledged('b', '2'), '2')
  assert.equal(acks.acknowledged('b', '9'), undefined)
  assert.equal(acks.acknowledged('a', '1'), '1')
  assert.equal(acks.acknowledged('a', '1'), undefined)
})

test('a repeated message keeps its place', () => {
  const acks = new AckTracker()
  acks.delivered('t', '1')
  acks.delivered('t', '2')
  acks.delivered('t', '1')
  assert.equal(acks.acknowledged('t', '2'), undefined)
  assert.equal(acks.acknowledged('t', '1'), '2')
})

test('no position while older messages are missing', () => {
  const acks = new AckTracker()
  acks.hold('t/#')
  acks.delivered('t/1', '1')
  acks.delivered('u', '2')
  assert.equal(acks.acknowledged('t/1', '1'), undefined)
  assert.equal(acks.acknowledged('u', '2'), '2')
  acks.resume('t/#')
  acks.delivered('t/1', '3')
  assert.equal(acks.acknowledged('t/1', '3'), '3')
})
