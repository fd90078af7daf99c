import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { SAMPLE_MS, Trend } from '../../src/gateway/trend.ts'
import { keepTrend } from '../../src/gateway/trend-file.ts'
import { createLogger } from '../../src/log/logger.ts'

const SAMPLE = { received: 0, delivered: 0, forwarded: 0, lagEvents: 7, lagSeconds: 1, freeBytes: 1000 }
const MINUTE_MS = 60_000
let dataDir: string
let warned: string[]

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'trend-'))
  warned = []
})
afterEach(() => rmSync(dataDir, { recursive: true }))

/** A gateway that says nothing but what it is asked for here. */
const source = ({ now = 1e12, monotonic = 1e6, boot = 'one' } = {}) =>
  ({
    dataDir,
    log: createLogger({ level: 'warn', pretty: false, destination: { write: (line) => void warned.push(line) } }),
    clock: { now: () => now, monotonic: () => monotonic, boot },
    broker: { stats: () => ({ received: [0, 0, 0], delivered: 0 }) },
    forward: { lanes: () => [] },
    journal: { stats: () => ({ freeBytes: 1000 }) },
  }) as unknown as Parameters<typeof keepTrend>[1]

/** Of so many steps, with a message more in each. */
function trendOf(steps: number): Trend {
  const trend = new Trend()
  for (let n = 0; n <= steps; n++) trend.take(n * SAMPLE_MS, { ...SAMPLE, received: n * n })
  return trend
}
function restarted(clock: Parameters<typeof source>[0]) {
  const trend = new Trend()
  const keeping = keepTrend(trend, source(clock))
  const series = trend.of('hour').received
  keeping.close()
  return series
}

test('rates of the steps, the worst of each; no more than an hour', () => {
  const { received, lagEvents, stepMs } = trendOf(3).of('hour')
  assert.deepEqual([received, lagEvents, stepMs], [[0.1, 0.3, 0.5], [7, 7, 7], SAMPLE_MS])
  assert.equal(trendOf(500).of('hour').received.length, 360)
  assert.equal(trendOf(500).of('day').received.length, 16)
})

test('kept over a restart, with a gap for the time that nobody looked', () => {
  keepTrend(trendOf(3), source()).close()
  const gap = [null, null, null, null, null, null]
  assert.deepEqual(restarted({ monotonic: 1e6 + MINUTE_MS, now: 5 }), [0.1, 0.3, 0.5, ...gap])
})

test('another start of the machine: by the wall clock; one that went back makes no gap, a long one a whole hour of it', () => {
  keepTrend(trendOf(3), source()).close()
  const file = readFileSync(join(dataDir, 'trend'))
  const after = (now: number) => {
    writeFileSync(join(dataDir, 'trend'), file)
    return restarted({ boot: 'two', monotonic: 5, now })
  }
  assert.deepEqual(after(1e12 + 2 * SAMPLE_MS), [0.1, 0.3, 0.5, null, null])
  assert.deepEqual(after(1e12 - MINUTE_MS), [0.1, 0.3, 0.5])
  assert.deepEqual(after(2e12), Array(360).fill(null))
})

test('a file that is none stops nothing, and is said', () => {
  const series = { hour: {}, day: {} }
  const json = (value: object): Buffer => gzipSync(JSON.stringify(value))
  for (const bytes of [
    Buffer.from('x'),
    json({}),
    json({ format: 1, at: 1, monotonic: 1, series }),
    gzipSync(Buffer.alloc(2 << 20)),
  ]) {
    writeFileSync(join(dataDir, 'trend'), bytes)
    warned = []
    assert.deepEqual(restarted({}), [])
    assert.match(warned.join(), /trend_not_read/)
  }
})

test('a day of it costs the card less than a megabyte', () => {
  const trend = new Trend()
  for (let n = 0; n < 9000; n++)
    trend.take(n * SAMPLE_MS, { ...SAMPLE, received: n * 13 * Math.random(), freeBytes: 1e9 * Math.random() })
  keepTrend(trend, source()).close()
  const { length } = readFileSync(join(dataDir, 'trend'))
  assert.ok(length * 96 < 1 << 20, `${length}`)
})
