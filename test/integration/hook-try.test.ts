// `hook try`: the hooks of the candidate, of a file, of one line; and what is no hook. A bad answer ends ctl with 1.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { GatewayProcess } from '../helpers/gateway.ts'

const gateway = new GatewayProcess()
const EVENT = '{"hook": "message.publish", "clientid": "c1", "topic": "a/b", "payload": "21", "qos": 1}'
const HOOK = '{"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}'
const POOL = 'backend.pgsql.pool1.server = 127.0.0.1:1\nbackend.pgsql.pool1.username = me'

before(async () => {
  const pgsql = `${POOL}\nbackend.pgsql.hook.message.publish.1 = ${HOOK.replace('#', 'c/#')}\n`
  const sqlite = `backend.sqlite.pool2.database = mqtt.db\nbackend.sqlite.hook.message.publish.1 = ${HOOK.replace('pool1', 'pool2')}\n`
  gateway.configure({ plugins: { pgsql, sqlite } })
  await gateway.start()
})
after(() => gateway.remove())

const tried = async (...hooks: string[]): Promise<string[]> => {
  const found: { pool: string; action: string }[] = await gateway.ctl('hook', 'try', ...hooks, '--event', EVENT)
  return found.map(({ pool, action }) => `${pool} ${action}`)
}
const file = (...lines: string[]): string => {
  const path = join(gateway.root, 'hooks')
  writeFileSync(path, lines.join('\n'))
  return path
}

test('those of the candidate', async () => {
  assert.deepEqual(await tried(), ['sqlite.pool2 on_message_publish'])
})

test('one, as JSON: its pool says which plugin it is of', async () => {
  assert.deepEqual(await tried(HOOK), ['pgsql.pool1 on_message_publish'])
  assert.deepEqual(await tried(HOOK.replace('pool1', 'pool2')), ['sqlite.pool2 on_message_publish'])
  assert.deepEqual(await tried(HOOK.replace('#', 'x')), [])
  assert.match(
    await gateway.refusal('hook', 'try', HOOK.replace('pool1', 'pool3'), '--event', EVENT),
    /has a pool 'pool3'/,
  )
})

test('a file: with its pools, or hooks alone for the pools there are', async () => {
  const line = `backend.pgsql.hook.message.publish.1 = ${HOOK}`
  assert.deepEqual(await tried(file(line)), ['pgsql.pool1 on_message_publish'])
  const other = [POOL, line].join('\n').replaceAll('pool1', 'elsewhere')
  assert.deepEqual(await tried(file(other)), ['pgsql.elsewhere on_message_publish'])
})

test('faults are placed, and what is no hook is said', async () => {
  const bad = file(
    '# mine',
    `backend.pgsql.hook.message.publish.1 = ${HOOK.replace('on_message_publish', 'on_publish')}`,
  )
  const said = await gateway.refusal('hook', 'try', bad, '--event', EVENT)
  assert.match(said, /emqx_backend_pgsql.conf:2:\d+: unknown function on_publish/)
  for (const [text, why] of [
    ['{"topic": ', /no JSON/],
    [file('nothing of it'), /expected lines such as backend.pgsql/],
    [file('backend.oracle.hook.message.publish.1 = {}'), /expected lines such as backend.pgsql/],
    [join(gateway.root, 'nowhere'), /can't be read/],
  ] as const) {
    assert.match(await gateway.refusal('hook', 'try', text, '--event', EVENT), why)
  }
  assert.match(await gateway.refusal('hook', 'try', HOOK), /expected --event JSON/)
})

test('what was configured is at fault, or a pool does not answer: ctl ends with 1', async () => {
  assert.equal((await gateway.badAnswer('pool', 'test', 'pgsql.pool1')).ok, false)
  assert.equal((await gateway.ctl('pool', 'test', 'sqlite.pool2')).ok, true)
  await gateway.ctl('config', 'set', 'mqtt.max_inflight', 'many')
  assert.equal((await gateway.badAnswer('config', 'check')).errors, 1)
  await gateway.ctl('config', 'discard')
  assert.equal((await gateway.ctl('config', 'check')).errors, 0)
})
