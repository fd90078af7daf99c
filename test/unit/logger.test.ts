import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { createLogger, type LogLevel } from '../../src/log/logger.ts'

function logger(level: LogLevel, pretty: boolean) {
  const lines: string[] = []
  return { lines, log: createLogger({ level, pretty, destination: { write: (line) => lines.push(line) } }) }
}

test('a line of JSON: time, level by name, fields, message', () => {
  const { lines, log } = logger('info', false)
  log.child({ pool: 'pgsql.pool1' }).warn({ downMs: 5 }, 'pool_up')
  log.debug('not at this level')
  assert.equal(lines.length, 1)
  const { time, ...rest } = JSON.parse(lines[0]!)
  assert.deepEqual(rest, { level: 'warn', pool: 'pgsql.pool1', downMs: 5, msg: 'pool_up' })
  assert.equal(new Date(time).toISOString(), time)
})

test('short text for a terminal', () => {
  const { lines, log } = logger('debug', true)
  log.debug({ pool: 'p', text: 'a b', list: [1] }, 'seen')
  log.error({ err: new Error('no route') }, 'pool_down')
  assert.match(lines[0]!, /^\d\d:\d\d:\d\d\.\d{3} debug seen pool=p text="a b" list=\[1\]\n$/)
  assert.match(lines[1]!, /^\S+ error pool_down error="no route"\nError: no route\n {4}at /)
})

test('what is logged right before a crash is not lost', () => {
  const script = `import { createLogger } from ${JSON.stringify(new URL('../../src/log/logger.ts', import.meta.url).href)}
    const log = createLogger({ level: 'info', pretty: false })
    for (let i = 0; i < 100; i++) log.info({ i }, 'line')
    process.kill(process.pid, 'SIGKILL')`
  const { stderr, signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  })
  assert.equal(signal, 'SIGKILL')
  assert.equal(stderr.trim().split('\n').length, 100)
})
