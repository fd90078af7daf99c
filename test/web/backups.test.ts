// Backups over HTTP: taken home, brought to another gateway and put back there; and what an attacker would try with them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { createGzip, gzipSync } from 'node:zlib'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { ask, Browser } from '../helpers/http.ts'
import { Client } from '../helpers/mqtt-client.ts'

const CONF = { conf: 'web.listen = 127.0.0.1:0' }
const [old, fresh] = [new GatewayProcess(CONF), new GatewayProcess(CONF)]
let browser: Browser
let made: string

async function firstAccount(gateway: GatewayProcess, name: string): Promise<Browser> {
  const { url, code } = await gateway.web()
  const found = new Browser(url)
  assert.equal((await found.post('/api/v1/setup', { code, name, password: `${name} of the gate` })).status, 200)
  return found
}
const folder = (gateway: GatewayProcess): string => join(gateway.data, 'backups')
/** Bytes as they are, both ways. */
const sent = (of: Browser, path: string, options: RequestInit & { duplex?: 'half' } = {}): Promise<Response> =>
  fetch(of.url + path, {
    ...options,
    headers: { origin: of.url, cookie: of.cookie!, 'content-type': 'application/gzip', ...options.headers },
  })
const put = (name: string, body: BodyInit, of = browser): Promise<Response> =>
  sent(of, `/api/v1/backups/${name}`, { method: 'PUT', body, duplex: 'half' })
const codeOf = async (response: Response): Promise<[number, string]> => [
  response.status,
  ((await response.json()) as { code: string }).code,
]

before(async () => {
  await Promise.all([old.start(), fresh.start()])
  browser = await firstAccount(old, 'ada')
  await browser.post('/api/v1/user/add', { name: 'meter', password: 'tick' })
  await browser.post('/api/v1/config/set', { key: 'mqtt.max_inflight', value: '7' })
  await browser.post('/api/v1/config/commit')
  const { json } = await browser.post('/api/v1/backup')
  made = json.result.file.split('/').at(-1)
})
after(() => Promise.all([old.remove(), fresh.remove()]))

test('taken home, and brought to another gateway: configuration, users, operators', async () => {
  const taken = await sent(browser, `/api/v1/backups/${made}`)
  assert.equal(taken.status, 200)
  assert.equal(taken.headers.get('content-type'), 'application/gzip')
  assert.match(taken.headers.get('content-disposition')!, /^attachment; filename="holdfast-127-0-0-1-20\d\d-/)
  assert.equal(taken.headers.get('cache-control'), 'no-store')
  const bytes = Buffer.from(await taken.arrayBuffer())
  assert.deepEqual(bytes, readFileSync(join(folder(old), made)))

  const there = await firstAccount(fresh, 'bob')
  const brought = await put(made, bytes, there)
  assert.deepEqual([brought.status, ((await brought.json()) as { node: string }).node], [200, 'holdfast@127.0.0.1'])
  // the listeners of a gateway in a test are its own
  const conf = readFileSync(join(fresh.etc, 'holdfast.conf'), 'utf8')
  const { json: will } = await there.post('/api/v1/restore?dry=1', { file: made })
  assert.match(will.will, /Makes configuration, users, operators, .* those of holdfast@127.0.0.1 on 20/)
  await old.stop()
  const { status, json } = await there.post('/api/v1/restore', { file: made })
  assert.equal(status, 200, JSON.stringify(json))
  assert.notEqual(readFileSync(join(fresh.etc, 'holdfast.conf'), 'utf8'), conf)
  assert.equal((await there.ask('/api/v1/session')).json.state, 'out') // bob is nobody there
  fresh.port = old.port
  const meter = await Client.connect(fresh.url, 'm', { username: 'meter', password: 'tick' })
  await meter.end()
  const [row] = await fresh.ctl('operators')
  assert.equal(row.name, 'ada')
  await fresh.stop()
  await old.start()
  browser = new Browser((await old.web()).url)
  assert.equal((await browser.post('/api/v1/session', { name: 'ada', password: 'ada of the gate' })).status, 200)
})

test('who has taken one home is in the log', async () => {
  await sent(browser, `/api/v1/backups/${made}`)
  const lines = (await old.ctl('log', 'tail')) as { message: string; fields: { who: string; from: string } }[]
  const { fields } = lines.find(({ message }) => message === 'backup_read')!
  assert.deepEqual([fields.who, fields.from], ['ada', 'http 127.0.0.1'])
})

test('not for who is nobody, may only read, or comes from another page', async () => {
  const path = `/api/v1/backups/${made}`
  assert.equal((await ask(browser.url + path)).status, 401)
  const { json } = await browser.post('/api/v1/token/create', { name: 'eyes', readOnly: true })
  const eyes = { authorization: `Bearer ${json.result.token}` }
  assert.deepEqual((await ask(browser.url + path, { headers: eyes })).json.code, 'FORBIDDEN')
  const foreign = await ask(browser.url + path, {
    headers: { cookie: browser.cookie!, 'sec-fetch-site': 'cross-site' },
  })
  assert.equal(foreign.json.code, 'CROSS_SITE')
  const noOrigin = await ask(browser.url + path, { method: 'PUT', headers: { cookie: browser.cookie! }, body: '{}' })
  assert.equal(noOrigin.json.code, 'CROSS_SITE')
})

test('names: nothing outside the folder, no links, nothing hidden', async () => {
  symlinkSync(join(old.etc, 'operators'), join(folder(old), 'link.tar.gz'))
  writeFileSync(join(folder(old), '.hidden'), 'x')
  const names = ['..%2f..%2fetc%2foperators', '%2e%2e%2fconfig', '.hidden', '%2fetc%2fpasswd', 'a%00b', 'x'.repeat(300)]
  for (const name of names) {
    assert.equal((await codeOf(await sent(browser, `/api/v1/backups/${name}`)))[0] >= 400, true, name)
    assert.equal((await codeOf(await put(name, 'x')))[0] >= 400, true, name)
  }
  assert.deepEqual(await codeOf(await sent(browser, '/api/v1/backups/link.tar.gz')), [404, 'NO_SUCH_BACKUP'])
  for (const file of ['/etc/passwd', '../operators', join(old.etc, 'operators')]) {
    assert.equal((await browser.post('/api/v1/restore?dry=1', { file })).json.code, 'BAD_FILE')
    assert.equal((await browser.post('/api/v1/backup/remove', { file })).json.code, 'BAD_FILE')
    assert.equal((await browser.post('/api/v1/backup', { file })).json.code, 'BAD_FILE')
  }
  assert.equal((await browser.post('/api/v1/backup/remove', { file: 'link.tar.gz' })).json.code, 'NO_SUCH_BACKUP')
})

test('what is brought is bounded, and a backup, or nothing of it stays', async () => {
  const before = readdirSync(folder(old))
  assert.deepEqual(await codeOf(await put('a', 'no gzip')), [422, 'BAD_BACKUP'])
  assert.deepEqual(await codeOf(await put('a', gzipSync('no tar'))), [422, 'BAD_BACKUP'])
  assert.deepEqual(await codeOf(await put(made, 'x')), [409, 'EXISTS'])
  const json = await browser.ask('/api/v1/backups/a', { method: 'PUT', body: {} })
  assert.equal(json.json.code, 'USAGE')
  // a gigabyte of zeros in one megabyte
  const zeros = createGzip({ level: 9 })
  const chunk = Buffer.alloc(1 << 20)
  const pump = async (): Promise<void> => {
    for (let n = 0; n < 1024 && !zeros.destroyed; n++) if (!zeros.write(chunk)) await once(zeros, 'drain')
    zeros.end()
  }
  void pump().catch(() => {})
  const bomb = await put('bomb', Readable.toWeb(zeros) as unknown as BodyInit).finally(() => zeros.destroy())
  assert.deepEqual(await codeOf(bomb), [422, 'BAD_BACKUP'])
  assert.deepEqual(readdirSync(folder(old)), before)
  assert.ok(!existsSync(join(folder(old), 'a')))
})

test('more bytes than a backup has are not taken, and half a backup is none', async () => {
  const before = readdirSync(folder(old))
  const socket = connect(Number(new URL(browser.url).port), '127.0.0.1').on('error', () => {})
  const head = (name: string, length: number): string =>
    `PUT /api/v1/backups/${name} HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: http://127.0.0.1\r\ncookie: ${browser.cookie}\r\n` +
    `content-type: application/gzip\r\ncontent-length: ${length}\r\n\r\n`
  socket.write(head('half', 1000))
  socket.write('x'.repeat(500))
  await until('it comes', () => readdirSync(folder(old)).length > before.length)
  assert.deepEqual(await codeOf(await put('meanwhile', 'x')), [503, 'BUSY'])
  socket.destroy()
  await until('nothing of it stays', () => readdirSync(folder(old)).length === before.length)
  const endless = connect(Number(new URL(browser.url).port), '127.0.0.1').on('error', () => {})
  const answered = once(endless, 'data')
  endless.write(head('large', 10 * 2 ** 30))
  const chunk = Buffer.alloc(1 << 20, 'x')
  const more = (): void => void (endless.write(chunk) && setImmediate(more))
  endless.on('drain', more)
  more()
  assert.match(String(await answered), /^HTTP\/1.1 413 /)
  endless.destroy()
  await until('nothing of it stays', () => readdirSync(folder(old)).length === before.length)
})

test('what restores have put aside is kept for the last five; and there are never more than fifty', async () => {
  await old.ctl('config', 'set', 'web.session_idle', '31m')
  await old.ctl('config', 'commit')
  await old.ctl('backup', 'before-update.tar.gz') // somebody's own
  for (let n = 0; n < 7; n++) await old.ctl('restore', made)
  const list = (await old.ctl('backups')) as { file: string }[]
  assert.equal(list.filter(({ file }) => file.startsWith('before-20')).length, 5)
  assert.ok(list.some(({ file }) => file === 'before-update.tar.gz'))
  for (let n = list.length; n < 50; n++) writeFileSync(join(folder(old), `filler-${n}`), '')
  await assert.rejects(old.ctl('backup', 'one-more'), /there are 50 backups already/)
  await old.ctl('backup', 'remove', 'filler-49')
  await old.ctl('backup', 'one-more')
})
