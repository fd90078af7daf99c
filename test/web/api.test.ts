// The API from outside: the commands as resources, who may ask, how faults come back.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import mqtt from 'mqtt'
import { COMMANDS } from '../../src/gateway/commands.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { ask, Browser } from '../helpers/http.ts'
import { findProgram } from '../helpers/processes.ts'

const run = promisify(execFile)

const gateway = new GatewayProcess({
  conf: 'web.listen = 127.0.0.1:0',
  plugins: { sqlite: 'backend.sqlite.pool1.database = mqtt.db\n' },
})
let url: string
let token: string
let browser: Browser
const asked = (path: string) => ask(url + path, { headers: { authorization: `Bearer ${token}` } })
const posted = (path: string, body?: unknown) =>
  ask(url + path, { method: 'POST', body, headers: { authorization: `Bearer ${token}` } })

before(async () => {
  await gateway.start()
  const page = await gateway.web()
  url = page.url
  browser = new Browser(url)
  assert.deepEqual((await browser.ask('/api/v1/session')).json, { state: 'setup' })
  assert.equal((await browser.ask('/api/v1/status')).json.code, 'SETUP')
  const account = { name: 'ada', password: 'correct horse' }
  assert.equal((await browser.post('/api/v1/setup', { ...account, code: 'aaaa-aaaa' })).status, 401)
  assert.equal((await browser.post('/api/v1/setup', { ...account, code: page.code })).status, 200)
  const made = await browser.post('/api/v1/token/create', { name: 'test' })
  token = made.json.result.token
})
after(() => gateway.remove())

test('the first account is made once', async () => {
  const { code } = await gateway.web()
  const again = await browser.post('/api/v1/setup', { code, name: 'eve', password: 'eavesdropping' })
  assert.deepEqual([again.status, again.json.code], [409, 'SETUP_DONE'])
  assert.deepEqual((await asked('/api/v1/operators')).json, [{ name: 'ada' }])
})

test('a command that reads: its result, by GET and by POST', async () => {
  const { status, json } = await asked('/api/v1/pools')
  assert.equal(status, 200)
  assert.equal(json[0].pool, 'sqlite.pool1')
  assert.deepEqual((await asked('/api/v1/clients?all=true')).json, [])
  const { result, did } = (await posted('/api/v1/clients', { all: true })).json
  assert.deepEqual([result, did], [[], null])
})

test('a command that changes: what it will do, and that it has done it', async () => {
  const will = await posted('/api/v1/lane/pause?dry=1', { pool: 'pool1' })
  assert.match(will.json.will, /^Sends nothing more to sqlite.pool1/)
  assert.equal(will.json.asks, false)
  assert.equal((await asked('/api/v1/lanes')).json[0].mode === 'paused', false)
  assert.deepEqual((await posted('/api/v1/lane/pause', { pool: 'pool1' })).json.result, {
    pool: 'sqlite.pool1',
    mode: 'paused',
  })
  await until('it is paused', async () => (await asked('/api/v1/lanes')).json[0].mode === 'paused')
  const get = await asked('/api/v1/lane/pause?pool=pool1')
  assert.deepEqual([get.status, get.headers.allow, get.json.code], [405, 'POST', 'METHOD'])
})

const REFUSED: readonly [path: string, body: unknown, status: number, code: string, says: RegExp][] = [
  ['/lane/pause', {}, 400, 'USAGE', /expected POOL: a pool's name/],
  ['/lane/pause', { pool: 'nix' }, 404, 'NO_SUCH_POOL', /there is no pool 'nix'/],
  ['/lane/pause', { pool: ['pool1'] }, 400, 'USAGE', /POOL: expected a pool's name/],
  ['/lane/pause', { pool: 'pool1', now: true }, 400, 'USAGE', /has no parameter 'now'/],
  ['/lane/pause', [], 400, 'USAGE', /expected a JSON object/],
  ['/lane/pause', '{', 400, 'BAD_REQUEST', /JSON/],
  ['/lane/pause', '{"__proto__": {}}', 400, 'BAD_REQUEST', /JSON|proto/],
  ['/lane/pause?pool=pool1', {}, 400, 'USAGE', /belongs into the body/],
  ['/lane/skip', { pool: 'pool1', to: 1.5 }, 400, 'USAGE', /--to: expected a whole number from 1 on, not '1.5'/],
  ['/lane', {}, 404, 'NOT_FOUND', /there is no POST \/api\/v1\/lane/],
  ['/operator/set', { name: 'a:b', password: 'long enough' }, 422, 'BAD_USER', /must not hold ':'/],
  ['/operator/set', { name: 'eve', password: 'short' }, 422, 'BAD_PASSWORD', /at least 8 characters/],
  ['/operator/remove', { name: 'ada' }, 409, 'LAST_OPERATOR', /ada is the only operator/],
  ['/complete', { words: 'lane' }, 400, 'USAGE', /words: expected a list/],
]
for (const [path, body, status, code, says] of REFUSED) {
  test(`POST ${path} ${JSON.stringify(body)}: ${status} ${code}`, async () => {
    const answer = await posted(`/api/v1${path}`, body)
    assert.deepEqual([answer.status, answer.json.code, answer.json.type], [status, code, `urn:holdfast:${code}`])
    assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
    assert.match(answer.json.detail, says)
  })
}

test('a token that may read only', async () => {
  const made = await posted('/api/v1/token/create', { name: 'grafana', readOnly: true })
  const headers = { authorization: `Bearer ${made.json.result.token}` }
  assert.equal((await ask(`${url}/api/v1/status`, { headers })).status, 200)
  const pause = await ask(`${url}/api/v1/lane/pause`, { method: 'POST', headers, body: { pool: 'pool1' } })
  assert.deepEqual([pause.status, pause.json.detail], [403, 'token grafana may only read'])
  await posted('/api/v1/token/revoke', { name: 'grafana' })
  assert.equal((await ask(`${url}/api/v1/status`, { headers })).status, 401)
})

test('every command has its path and its description', async () => {
  const { json } = await ask(`${url}/openapi.json`)
  const { json: commands } = await asked('/api/v1/commands')
  assert.equal(commands.length, COMMANDS.length)
  for (const { path, changes, result } of commands) {
    const { get, post } = json.paths[path]
    assert.equal(get === undefined, changes, path)
    assert.equal(post.operationId, `post_${path.slice(1).replaceAll('/', '_')}`)
    if (get) assert.deepEqual(get.responses['200'].content['application/json'].schema, result)
  }
})

test('the words of the console, completed', async () => {
  const { json } = await posted('/api/v1/complete', { words: ['lane', 'pause', ''] })
  assert.equal(json[0].word, 'sqlite.pool1')
})

test('events: the status, again and again, and nothing more when the session is over', async () => {
  const watcher = new Browser(url)
  await watcher.post('/api/v1/session', { name: 'ada', password: 'correct horse' })
  const stream = await fetch(`${url}/api/v1/events`, { headers: { cookie: watcher.cookie! } })
  assert.equal(stream.headers.get('content-type'), 'text/event-stream')
  let text = ''
  let out = false
  for await (const chunk of stream.body!) {
    text += Buffer.from(chunk)
    if (out || text.split('event: status\n').length < 3) continue
    out = true
    await watcher.ask('/api/v1/session', { method: 'DELETE' })
  }
  assert.equal(JSON.parse(/^data: (.*)$/m.exec(text)![1]!).node, 'holdfast@127.0.0.1')
})

test('what comes: each new line of the log, and the messages of a topic as they are published', async () => {
  const lines: string[] = []
  const watcher = new Browser(url)
  await watcher.post('/api/v1/session', { name: 'ada', password: 'correct horse' })
  const opened = (path: string) => fetch(url + path, { headers: { cookie: watcher.cookie! } })
  const read = async (stream: Response): Promise<void> => {
    for await (const chunk of stream.body!) lines.push(...Buffer.from(chunk).toString().split('\n'))
  }
  const [events, messages] = await Promise.all([
    opened('/api/v1/events'),
    opened('/api/v1/messages?topic=live/%23&follow=1'),
  ])
  const reading = Promise.all([read(events), read(messages)])
  const client = await mqtt.connectAsync(gateway.url)
  await client.publishAsync('live/1', 'now', { qos: 1 })
  await client.endAsync()
  await posted('/api/v1/operator/set', { name: 'bob', password: 'battery staple' })
  const itemOf = (event: string, holds: string) =>
    lines.some((line, i) => line === `event: ${event}` && lines[i + 1]?.includes(holds))
  await until('the message', () => itemOf('item', '"topic":"live/1"'))
  await until('the line', () => itemOf('log', '"message":"operator_set"'))
  await watcher.ask('/api/v1/session', { method: 'DELETE' })
  await reading
  await posted('/api/v1/operator/remove', { name: 'bob' })
  const nothing = await asked('/api/v1/status?follow=1')
  assert.deepEqual([nothing.status, nothing.json.detail], [400, "nothing follows 'status'"])
})

test('healthz', async () => {
  const { status, json } = await ask(`${url}/healthz`)
  assert.deepEqual([status, json], [200, { state: 'ok' }])
})

const curl = findProgram('curl') ? false : 'there is no curl'
test('the examples of the README, by curl', { skip: curl }, async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [, block] = /```sh\n(URL=.*?)```/s.exec(readme)!
  const script = block!.replace('http://127.0.0.1:8080', url).replaceAll('curl ', 'curl -sS -w "\\n=%{http_code}\\n" ')
  const options = { env: { ...process.env, TOKEN: token }, cwd: gateway.root }
  const { stdout } = await run('sh', ['-c', script], options).catch(
    (error: { stdout: string }) => error, // curl ends the streams with 28
  )
  const statuses = [...stdout.matchAll(/^=(\d+)$/gm)].map(([, status]) => status)
  assert.deepEqual(statuses, Array(13).fill('200').with(6, '422'))
  assert.match(stdout, /"faults":\[\{"file":"[^"]*holdfast.conf","line":\d+,"column":\d+/)
  assert.match(stdout, /^event: status$/m)
})
