// The configuration over the API: refused as `check` refuses it, and the page's own listener changed under itself.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { ask, Browser } from '../helpers/http.ts'
import { freePort } from '../helpers/ports.ts'

const PLUGIN = 'plugins/emqx_backend_sqlite.conf'
const gateway = new GatewayProcess({ plugins: { sqlite: 'backend.sqlite.pool1.database = mqtt.db\n' } })
let browser: Browser

before(async () => {
  gateway.configure({
    conf: `web.listen = 127.0.0.1:${await freePort()}`,
    plugins: { sqlite: 'backend.sqlite.pool1.database = mqtt.db\n' },
  })
  await gateway.start()
  const { url, code } = await gateway.web()
  browser = new Browser(url)
  await browser.post('/api/v1/setup', { code, name: 'ada', password: 'correct horse' })
})
after(() => gateway.remove())

/** Posts a command. Its result, or the problem. */
async function done(command: string, input: object = {}) {
  const { status, json } = await browser.post(`/api/v1/${command.replaceAll(' ', '/')}`, input)
  return status === 200 ? json.result : json
}
const set = async (key: string, value: string) =>
  assert.equal((await done('config set', { key, value })).file, 'holdfast.conf')
const isThere = (url: string): Promise<boolean> =>
  ask(`${url}/healthz`).then(
    () => true,
    () => false,
  )

test('the API refuses what check refuses, with the same places', async () => {
  const bad = [
    'backend.sqlite.pool1.database = mqtt.db',
    'backend.sqlite.hook.message.publish.1 = {"topic": "a/#", "action": {"function": "on_message_publsh"}, "pool": "pool1"}',
    'backend.sqlite.hook.client.connected.1 = {"action": {"function": "on_client_connected"}, "pool": "pool9"}',
    '',
  ].join('\n')
  assert.equal((await done('config file put', { file: PLUGIN, content: bad })).faults.length, 2)
  await set('mqtt.max_inflight', 'many')
  const refused = await done('config commit')
  assert.deepEqual([refused.status, refused.code], [422, 'CONFIG'])
  const checked = await done('config check')
  assert.deepEqual(refused.faults, checked.faults)
  // the same files, by hand
  const other = new GatewayProcess({ conf: 'mqtt.max_inflight = many', plugins: { sqlite: bad } })
  try {
    const told: string = await other.holdfast('check').catch((error: { stdout: string }) => error.stdout)
    const inPlugin = told.split('\n').filter((line) => line.includes(PLUGIN))
    const places = refused.faults
      .filter(({ file }: { file: string }) => file.endsWith(PLUGIN))
      .map(
        ({ line, column, message }: Record<string, unknown>) =>
          `${join(other.etc, PLUGIN)}:${line}:${column}: ${message}`,
      )
    assert.equal(places.length, 2)
    for (const [i, place] of places.entries()) assert.ok(inPlugin[i]!.startsWith(place), `${inPlugin[i]} | ${place}`)
  } finally {
    await other.remove()
  }
  assert.doesNotMatch(readFileSync(join(gateway.etc, 'holdfast.conf'), 'utf8'), /many/)
  await done('config discard')
})

test('the history says who it was and from where', async () => {
  await set('mqtt.max_inflight', '17')
  await done('config commit', { comment: 'by the page' })
  const [newest] = await done('config history')
  assert.deepEqual([newest.who, newest.from, newest.comment], ['ada', 'http 127.0.0.1', 'by the page'])
})

test('another address: the answer still comes, the session goes on there; not confirmed, it comes back', async () => {
  const [here, there] = [browser.url, `http://127.0.0.1:${await freePort()}`]
  await set('web.listen', there.slice('http://'.length))
  const committed = await done('config commit', { confirm: '5s' })
  assert.deepEqual(committed.changes, ['web.listen changes.', 'The page opens anew; logins go on.'])
  const moved = new Browser(there)
  moved.cookie = browser.cookie
  await until('it is there', () => isThere(there))
  assert.equal((await moved.ask('/api/v1/status')).status, 200)
  await until('the former one is closed', async () => !(await isThere(here)))
  await until('it is back', () => isThere(here))
  assert.equal((await browser.ask('/api/v1/config/status')).json.toConfirm, null)
  await until('the other one is closed', async () => !(await isThere(there)))
})

test('another limit, or TLS, on the same port', async () => {
  await set('web.max_requests', '20')
  await done('config commit')
  await until(
    'the new limit counts',
    async () => (await ask(`${browser.url}/healthz`)).headers['x-ratelimit-limit'] === '20',
  )
  await set('web.max_requests', 'infinity')
  await set('web.tls', 'own')
  const committed = await done('config commit', { confirm: '6s' })
  assert.deepEqual(committed.changes, [
    'web.tls changes.',
    'web.max_requests changes.',
    'The page opens anew; logins go on.',
  ])
  const secure = browser.url.replace('http:', 'https:')
  await until('TLS is spoken', async () => (await ask(`${secure}/healthz`)).status === 200)
  await until('it is taken back', async () => (await ask(`${browser.url}/healthz`)).status === 200)
  assert.equal((await browser.ask('/api/v1/status')).status, 200)
})

for (const [what, port] of [
  ['of another port', () => freePort()],
  ['of the same port', async () => Number(new URL(browser.url).port)],
] as const) {
  test(`an address ${what} that is not ours is refused, and the former one goes on`, async () => {
    await set('web.listen', `192.0.2.1:${await port()}`)
    const refused = await done('config commit')
    assert.deepEqual([refused.status, refused.code], [409, 'LISTENER_ADDRESS'])
    assert.equal((await browser.ask('/api/v1/status')).status, 200)
    await done('config discard')
  })
}

test('off, and on again', async () => {
  await gateway.ctl('config', 'set', 'web.listen', 'off')
  await gateway.ctl('config', 'commit')
  await until('it is off', async () => !(await isThere(browser.url)))
  await gateway.ctl('config', 'set', 'web.listen', new URL(browser.url).host)
  await gateway.ctl('config', 'commit')
  await until('it is on', () => isThere(browser.url))
  assert.equal((await browser.ask('/api/v1/status')).status, 200)
})
