import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Backoff } from '../../src/forward/backoff.ts'
import { BatchSize } from '../../src/forward/batch.ts'
import { Rate, Schedule } from '../../src/forward/pace.ts'

test('a back-off doubles its ceiling from half a second to the greatest, with full jitter', () => {
  const full = new Backoff(60_000, () => 1)
  const pauses = Array.from({ length: 9 }, () => full.next())
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  full.reset()
  assert.equal(full.next(), 500)
  assert.equal(new Backoff(60_000, () => 0.25).next(), 125)
})

test('a schedule tells how long it is closed', () => {
  const at = (hours: number, minutes: number, seconds = 0) => new Date(2026, 10, 21, hours, minutes, seconds).getTime()
  assert.equal(new Schedule('always').closedForMs(at(3, 0)), 0)
  const night = new Schedule('22:00-06:30, 12:00-13:00')
  assert.equal(night.closedForMs(at(23, 59)), 0)
  assert.equal(night.closedForMs(at(6, 29)), 0)
  assert.equal(night.closedForMs(at(6, 30)), 5.5 * 3_600_000)
  assert.equal(night.closedForMs(at(11, 59, 30)), 30_000)
  assert.equal(night.closedForMs(at(12, 30)), 0)
  assert.equal(night.closedForMs(at(13, 0)), 9 * 3_600_000)
  for (const wrong of ['', 'never', '1:00-2:00', '24:00-01:00']) assert.throws(() => new Schedule(wrong), RangeError)
})

test('a rate lets through what it should, a second at most at once', () => {
  const rate = new Rate(100)
  assert.equal(rate.burst, 100)
  assert.equal(rate.waitMs(0), 0)
  rate.sent(100, 0)
  assert.equal(rate.waitMs(400), 600)
  assert.equal(rate.waitMs(1000), 0)
  const slow = new Rate(0.5)
  slow.sent(1, 0)
  assert.equal(slow.burst, 1)
  assert.equal(slow.waitMs(0), 2000)
  const free = new Rate(Number.POSITIVE_INFINITY)
  free.sent(1e6, 0)
  assert.equal(free.waitMs(0), 0)
})

/** Writes full batches, each a transaction of four round trips, until the size settles. */
function settle(size: BatchSize, roundTripMs: number, perEventMs: number): number {
  size.answered(roundTripMs)
  for (let i = 0; i < 50; i++) size.written(size.limit, 4 * roundTripMs + size.limit * perEventMs)
  return size.limit
}

test('batches grow to their greatest on a quick server and on a far one', () => {
  assert.equal(settle(new BatchSize(1000, 5000), 1, 0.01), 5000)
  assert.equal(settle(new BatchSize(1000, 5000), 300, 0.05), 5000)
})

test('batches shrink on a server that is slow by the event', () => {
  const limit = settle(new BatchSize(1000, 5000), 1, 10)
  assert.ok(limit <= 25 && limit >= 10, `${limit}`)
})

test('batches are not grown by writes that were not full', () => {
  const size = new BatchSize(100, 5000)
  for (let i = 0; i < 50; i++) size.written(1, 1)
  assert.equal(size.limit, 100)
})

test('a batch that failed is halved until one event is left', () => {
  const size = new BatchSize(100, 5000)
  for (let events = 100; events > 1; events = size.limit) size.failed(events)
  assert.equal(size.limit, 1)
  size.failed(1)
  assert.equal(size.limit, 1)
})
