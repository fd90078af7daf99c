// The newest lines of the log in memory: bounded, by level, and told to who follows.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { following } from '../../src/gateway/commands/following.ts'
import { createLogger } from '../../src/log/logger.ts'
import { LogRing } from '../../src/log/ring.ts'

function ringed(maxBytes: number) {
  const ring = new LogRing(maxBytes)
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  return {
    ring,
    lines,
    log: createLogger({ level: 'info', pretty: true, destination, seen: (json) => ring.add(json) }),
  }
}

test('what is written is in it, also when it is written as text; oldest first, by level', () => {
  const { ring, lines, log } = ringed(10_000)
  log.info({ pool: 'p' }, 'one')
  log.warn('two')
  log.debug('not at this level')
  log.level = 'debug'
  log.debug('three')
  const names = (...words: Parameters<LogRing['tail']>): string[] => ring.tail(...words).map(({ message }) => message)
  assert.deepEqual(names(10, 'trace'), ['one', 'two', 'three'])
  assert.deepEqual(names(2, 'trace'), ['two', 'three'])
  assert.deepEqual(names(1, 'info'), ['two'])
  assert.deepEqual(names(10, 'error'), [])
  assert.deepEqual(ring.tail(1, 'warn')[0]!.fields, {})
  assert.deepEqual(ring.tail(3, 'trace')[0]!.fields, { pool: 'p' })
  assert.equal(lines.length, 3)
})

test('it stays within its bytes, whatever comes', () => {
  const { ring, log } = ringed(2000)
  for (let i = 0; i < 1000; i++) log.info({ i }, 'line')
  assert.ok(ring.bytes <= 2000 && ring.bytes > 1800, String(ring.bytes))
  assert.equal(ring.tail(1, 'info')[0]!.fields.i, 999)
  log.info({ long: 'x'.repeat(5000) }, 'too long')
  assert.deepEqual([ring.bytes, ring.tail(9, 'trace')], [0, []])
  log.info('again')
  ring.maxBytes = 0
  assert.equal(ring.bytes, 0)
})

test('who follows hears what was and what comes, each once; who is too slow misses the oldest; the signal ends it', async () => {
  const { ring, log } = ringed(1_000_000)
  log.info('before')
  const end = new AbortController()
  const items = following(
    () => ring.tail(5, 'trace').map(({ message }) => message),
    (take) => ring.follow(({ message }) => take(message)),
    end.signal,
  )
  assert.equal((await items.next()).value, 'before')
  log.info('one')
  assert.equal((await items.next()).value, 'one')
  const later = items.next()
  log.info('two')
  assert.equal((await later).value, 'two')
  for (let i = 0; i < 1500; i++) log.info(String(i))
  assert.equal((await items.next()).value, '500')
  end.abort()
  let left = 0
  for await (const _ of items) left++
  assert.ok(left < 1000)
  log.info('nobody is told')
})

test('an error is logged without what the driver hung on it', () => {
  const { ring, log } = ringed(10_000)
  const cause = Object.assign(new Error('WRONGPASS'), { command: { name: 'auth', args: ['s3cret'] }, code: 'X' })
  log.error({ err: new Error('no', { cause }) }, 'pool_down')
  const text = JSON.stringify(ring.tail(1, 'error'))
  assert.ok(text.includes('WRONGPASS') && text.includes('"code":"X"') && !text.includes('s3cret'), text)
})

test('under systemd each line has its priority, elsewhere none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-log-'))
  const script = `import { createLogger } from ${JSON.stringify(new URL('../../src/log/logger.ts', import.meta.url).href)}
    const log = createLogger({ level: 'info', pretty: false })
    log.info('a'); log.warn('b'); log.error('c')`
  const written = (journal: boolean): string[] => {
    const file = join(folder, 'stderr')
    const stderr = openSync(file, 'w')
    const { dev, ino } = fstatSync(stderr, { bigint: true })
    const env = { ...process.env, JOURNAL_STREAM: journal ? `${dev}:${ino}` : '1:2' }
    spawnSync(process.execPath, ['--input-type=module', '--eval', script], { env, stdio: ['ignore', 'ignore', stderr] })
    closeSync(stderr)
    return readFileSync(file, 'utf8').trim().split('\n')
  }
  assert.deepEqual(
    written(true).map((line) => line.slice(0, 4)),
    ['<6>{', '<4>{', '<3>{'],
  )
  assert.deepEqual(
    written(false).map((line) => line[0]),
    ['{', '{', '{'],
  )
  rmSync(folder, { recursive: true })
})
