// What an attacker would try at the page's listener; the table in src/web/SECURITY.md names these tests.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { appendFileSync, readFileSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { ask, Browser } from '../helpers/http.ts'

const SECRET = 'planted-secret-7731'
const PASSWORD = 'correct horse'
const gateway = new GatewayProcess({
  conf: 'web.listen = 127.0.0.1:0\nweb.hosts = gate.example.com\nweb.max_connections = 60\nweb.max_connections_per_address = 50',
  plugins: {
    sqlite: 'backend.sqlite.pool1.database = mqtt.db\n',
    pgsql: `backend.pgsql.pool1.server = 127.0.0.1:1\nbackend.pgsql.pool1.password = ${SECRET}\n`,
  },
})
let url: string
let port: number
let browser: Browser

before(async () => {
  await gateway.start()
  const page = await gateway.web()
  url = page.url
  port = Number(new URL(url).port)
  browser = new Browser(url)
  assert.equal((await browser.post('/api/v1/setup', { code: page.code, name: 'ada', password: PASSWORD })).status, 200)
})
after(() => gateway.remove())

const login = (name: string, password: string) => new Browser(url).post('/api/v1/session', { name, password })

async function raw(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** What comes until the other side ends. */
async function untilEnd(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  await once(socket, 'close')
  return text
}

describe('guessing', () => {
  test('a name that nobody has gets the same answer as a wrong password', async () => {
    const [nobody, wrong] = [await login('nobody', 'guess one'), await login('ada', 'guess one')]
    assert.deepEqual([nobody.status, nobody.text], [wrong.status, wrong.text])
    assert.equal(wrong.status, 401)
  })

  test('many wrong passwords for one account, and for many from one address: one has to wait', async () => {
    const held = async (name: (i: number) => string, most: number): Promise<void> => {
      for (let i = 0; i < most; i++) {
        const { status, json } = await login(name(i), `guess ${i}`)
        if (status === 429) return assert.equal(json.code, 'TRIES')
      }
      assert.fail(`${most} tries were let through`)
    }
    await held(() => 'ada', 20)
    await held((i) => `name${i}`, 60)
    assert.equal((await login('ada', PASSWORD)).status, 429, 'the right one has to wait, too')
    assert.equal((await browser.ask('/api/v1/status')).status, 200, 'who is logged in stays so')
  })

  test('the log says who tried, in few lines, and no password', () => {
    const lines = gateway.output.split('\n').filter((line) => line.includes('"login_refused"'))
    assert.ok(lines.length > 0 && lines.length <= 20, String(lines.length))
    assert.ok(lines[0]!.includes('"from":"127.0.0.1"'))
    assert.doesNotMatch(gateway.output, /guess \d|correct horse/)
  })
})

describe('sessions', () => {
  test('fixation: the cookie that came along is worth nothing after a login', async () => {
    const other = new GatewayProcess({ conf: 'web.listen = 127.0.0.1:0' })
    try {
      await other.start()
      const page = await other.web()
      const victim = new Browser(page.url)
      victim.cookie = `holdfast=${'A'.repeat(43)}`
      await victim.post('/api/v1/setup', { code: page.code, name: 'ada', password: PASSWORD })
      const first = victim.cookie
      assert.notEqual(first, `holdfast=${'A'.repeat(43)}`)
      await victim.post('/api/v1/session', { name: 'ada', password: PASSWORD })
      assert.notEqual(victim.cookie, first)
      for (const cookie of [first, `holdfast=${'A'.repeat(43)}`, 'holdfast=', 'holdfast=../../x']) {
        assert.equal((await ask(`${page.url}/api/v1/status`, { headers: { cookie } })).status, 401)
      }
      const second = victim.cookie!
      await victim.ask('/api/v1/session', { method: 'DELETE' })
      assert.equal(victim.cookie, undefined)
      assert.equal((await ask(`${page.url}/api/v1/status`, { headers: { cookie: second } })).status, 401)
    } finally {
      await other.remove()
    }
  })

  test('another password ends all sessions of its account but the one that set it', async () => {
    const other = new GatewayProcess({ conf: 'web.listen = 127.0.0.1:0' })
    try {
      await other.start()
      const page = await other.web()
      const [here, there] = [new Browser(page.url), new Browser(page.url)]
      await here.post('/api/v1/setup', { code: page.code, name: 'ada', password: PASSWORD })
      await there.post('/api/v1/session', { name: 'ada', password: PASSWORD })
      const wrong = await here.post('/api/v1/password', { current: 'not it', password: 'battery staple' })
      assert.equal(wrong.status, 401)
      assert.equal((await here.post('/api/v1/password', { current: PASSWORD, password: 'battery staple' })).status, 200)
      assert.equal((await here.ask('/api/v1/status')).status, 200)
      assert.equal((await there.ask('/api/v1/status')).status, 401)
    } finally {
      await other.remove()
    }
  })

  test('an account that is taken away by another hand is out at once', async () => {
    const made = await browser.post('/api/v1/operator/set', { name: 'eve', password: 'eavesdropping' })
    assert.equal(made.status, 200)
    assert.equal(statSync(join(gateway.etc, 'operators')).mode & 0o777, 0o600)
    await gateway.ctl('operator', 'remove', 'eve', '--yes')
    assert.deepEqual((await browser.ask('/api/v1/operators')).json, [{ name: 'ada' }])
  })

  test('who is logged in is listed, and can be logged out', async () => {
    const other = new Browser(url)
    other.cookie = browser.cookie // the same login
    const [own] = (await browser.ask('/api/v1/logins')).json
    assert.deepEqual([own.operator, own.from], ['ada', '127.0.0.1'])
    assert.ok(!browser.cookie!.includes(own.id), 'it is no part of the cookie')
    assert.equal((await browser.post('/api/v1/login/end', { login: 'nix' })).json.code, 'NO_SUCH_LOGIN')
    const { token } = (await browser.post('/api/v1/token/create', { name: 'keeper' })).json.result
    const headers = { authorization: `Bearer ${token}` }
    const ended = await ask(`${url}/api/v1/login/end`, { method: 'POST', headers, body: { login: own.id } })
    assert.equal(ended.json.did, '1 login has ended.')
    assert.equal((await other.ask('/api/v1/status')).status, 401)
    await until('the tries are forgotten, one may log in', async () => {
      await browser.post('/api/v1/session', { name: 'ada', password: PASSWORD })
      return (await browser.ask('/api/v1/status')).status === 200
    })
  })

  test('a faulty file of operators lets nobody in by a new code, and who was known stays', async () => {
    const file = join(gateway.etc, 'operators')
    const good = readFileSync(file, 'utf8')
    appendFileSync(file, 'nonsense\n')
    assert.deepEqual((await new Browser(url).ask('/api/v1/session')).json, { state: 'out' })
    assert.equal((await browser.ask('/api/v1/status')).status, 200)
    await until('the log says so', () => gateway.output.includes('"operators_faulty"'))
    assert.match(
      await gateway.holdfast('check'),
      /operators:2:1: warning: expected name:hash \(holdfast passwd --operator/,
    )
    const { writeFileSync } = await import('node:fs')
    writeFileSync(file, good)
  })
})

describe('other sites', () => {
  const pause = { method: 'POST', body: { pool: 'sqlite.pool1' } }
  const cookie = () => ({ cookie: browser.cookie! })
  const refused: readonly [what: string, headers: Record<string, string>][] = [
    ['no Origin', {}],
    ["another site's page", { origin: 'http://evil.example' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['another scheme', { origin: 'https://127.0.0.1' }],
    ['what the browser calls cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['what the browser calls same-site, which another port is', { 'sec-fetch-site': 'same-site' }],
  ]
  for (const [what, headers] of refused) {
    test(`a change with the cookie: ${what}`, async () => {
      const answer = await ask(`${url}/api/v1/lane/pause`, { ...pause, headers: { ...cookie(), ...headers } })
      assert.deepEqual([answer.status, answer.json.code], [403, 'CROSS_SITE'])
    })
  }
  test('they are in the log, in few lines', () => {
    const lines = gateway.output.split('\n').filter((line) => line.includes('"request_refused"'))
    assert.ok(lines.length > 0 && lines.length <= 20)
    const { from, code, what } = JSON.parse(lines[0]!)
    assert.deepEqual([from, code, what], ['127.0.0.1', 'CROSS_SITE', 'POST /api/v1/lane/pause'])
  })

  test('none of them has changed anything', async () => {
    const lanes = (await browser.ask('/api/v1/lanes')).json as { pool: string; mode: string }[]
    assert.notEqual(lanes.find(({ pool }) => pool === 'sqlite.pool1')!.mode, 'paused')
  })

  test('what a form can send is no request of ours', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const headers = { ...cookie(), origin: url, 'content-type': type }
      const answer = await ask(`${url}/api/v1/lane/pause`, { method: 'POST', body: '{"pool":"sqlite.pool1"}', headers })
      assert.deepEqual([answer.status, answer.json.code], [415, 'NOT_JSON'])
    }
  })

  test('reading with the cookie from another site, and logging somebody in from there', async () => {
    const cross = { 'sec-fetch-site': 'cross-site' }
    assert.equal((await ask(`${url}/api/v1/status`, { headers: { ...cookie(), ...cross } })).status, 403)
    assert.equal((await ask(`${url}/api/v1/events`, { headers: { ...cookie(), ...cross } })).status, 403)
    const forced = { method: 'POST', headers: { origin: 'http://evil.example' }, body: { name: 'ada', password: 'x' } }
    assert.equal((await ask(`${url}/api/v1/session`, forced)).status, 403)
  })

  test('no answer lets another site read it, frame it or run something in it', async () => {
    for (const path of ['/', '/api/v1/session', '/api/v1/status', '/nix', '/openapi.json', '/healthz']) {
      const { headers } = await browser.ask(path)
      assert.equal(headers['access-control-allow-origin'], undefined)
      assert.equal(headers['x-frame-options'], 'DENY', path)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/)
      assert.doesNotMatch(policy, /unsafe|\*|http|data:/)
    }
    assert.equal((await browser.ask('/api/v1/status')).headers['cache-control'], 'no-store')
  })

  test('names that are not ours: DNS rebinding', async () => {
    const asked = (host: string) => ask(`${url}/api/v1/session`, { headers: { host } })
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', 'localhost.evil', 'a b']) {
      const { status } = await asked(host)
      assert.ok(status === 421 || status === 400, `${host}: ${status}`)
    }
    for (const host of ['localhost', `127.0.0.1:${port}`, '[::1]:8080', 'gate.example.com', 'GATE.example.com.']) {
      assert.equal((await asked(host)).status, 200, host)
    }
  })
})

describe('paths', () => {
  const escapes = [
    ...['/../etc/passwd', '/..%2f..%2fetc%2fpasswd', '/%2e%2e/%2e%2e/package.json', '/..\\..\\package.json'],
    ...[
      '/....//package.json',
      '/%00',
      '/index.html%00.js',
      '//etc/passwd',
      '/%c0%ae%c0%ae/package.json',
      '/.git/config',
    ],
  ]
  for (const path of escapes) {
    test(`out of the folder by ${path}`, async () => {
      const socket = await raw()
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
      const text = await untilEnd(socket)
      assert.match(text, /^HTTP\/1\.1 (400|404) /)
      assert.doesNotMatch(text, /root:|"dependencies"|\[core\]/)
    })
  }
})

describe('too much', () => {
  test('headers', async () => {
    const { status } = await ask(`${url}/healthz`, { headers: { 'x-long': 'x'.repeat(20_000) } })
    assert.equal(status, 431)
  })

  test('a body, said to be and really', async () => {
    const said = await raw()
    said.write(
      `POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n`,
    )
    assert.match(await untilEnd(said), /^HTTP\/1\.1 413 .*"code":"TOO_LARGE"/s)
    const really = await raw()
    really.write(
      `POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    const answer = untilEnd(really)
    for (let sent = 0; sent < 8 && !really.destroyed; sent++) {
      really.write(`100000\r\n${'x'.repeat(2 ** 20)}\r\n`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    assert.match(`${await answer}reset`, /^(HTTP\/1\.1 413|reset)/)
  })

  test('of who has not logged in: no more than a name and a password', async () => {
    for (const path of ['session', 'setup', 'password']) {
      const answer = await browser.ask(`/api/v1/${path}`, { method: 'POST', body: { name: 'x'.repeat(40_000) } })
      assert.equal(answer.status, 413, path)
    }
  })

  test('JSON a hundred thousand deep', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const answer = await browser.ask('/api/v1/complete', { method: 'POST', body: deep })
    assert.ok(answer.status === 400 || answer.status === 422, String(answer.status))
  })

  test('requests that contradict themselves', async () => {
    const both = await raw()
    both.write(
      'POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
    )
    assert.match(await untilEnd(both), /^HTTP\/1\.1 400 /)
    const hosts = await raw()
    hosts.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n')
    assert.match(await untilEnd(hosts), /^HTTP\/1\.1 400 .*more than one Host/s)
  })

  test('methods that nothing answers to', async () => {
    for (const method of ['TRACE', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const { status, headers, text } = await browser.ask('/api/v1/status', { method, headers: { 'x-echo': 'me' } })
      assert.deepEqual([status, headers.allow], [404, undefined], method)
      assert.ok(!text.includes('echo'))
    }
    const connecting = await raw()
    connecting.write('CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: localhost\r\n\r\n')
    assert.equal(await untilEnd(connecting), '')
  })

  test('headers that never end, and a body that never comes: closed, and others are served meanwhile', async () => {
    const slow = await raw()
    slow.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n')
    const dripping = setInterval(() => slow.write('X-A: b\r\n'), 500)
    assert.equal((await ask(`${url}/healthz`)).status, 200)
    assert.match(await untilEnd(slow), /^HTTP\/1\.1 408 /)
    clearInterval(dripping)
  })

  test('connections from one address', async () => {
    const sockets = await Promise.all(Array.from({ length: 55 }, raw))
    await until('some are closed', () =>
      sockets.some((socket) => socket.closed || socket.destroyed || socket.readableEnded),
    )
    for (const socket of sockets) socket.destroy()
    await until('the others are served again', async () => (await ask(`${url}/healthz`)).status === 200)
  })
})

describe('readers of events', () => {
  const events = () => `GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nCookie: ${browser.cookie}\r\n\r\n`

  test('more than there may be are told so', async () => {
    const sockets: Socket[] = []
    for (let i = 0; i < 30; i++) {
      const socket = await raw()
      socket.write(events())
      await once(socket, 'data')
      sockets.push(socket)
    }
    const more = await browser.ask('/api/v1/events')
    assert.deepEqual([more.status, more.json.code], [503, 'BUSY'])
    for (const socket of sockets) socket.destroy()
    await until('there is a place again', async () => {
      const socket = await raw()
      socket.write(events())
      const [chunk] = await once(socket, 'data')
      socket.destroy()
      return String(chunk).startsWith('HTTP/1.1 200')
    })
  })
})

describe('secrets', () => {
  test('of the configuration and of accounts are in no answer, and not in the log', async () => {
    const { json: commands } = await browser.ask('/api/v1/commands')
    const paths = (commands as { path: string; changes: boolean; parameters: { required: boolean }[] }[])
      .filter(({ changes, parameters }) => !changes && parameters.every(({ required }) => !required))
      .map(({ path }) => path)
    assert.ok(paths.length > 5)
    const hash = /\$scrypt\$\S+/.exec(readFileSync(join(gateway.etc, 'operators'), 'utf8'))![0]
    for (const path of paths) {
      const { text } = await browser.ask(`/api/v1${path}`)
      assert.ok(!text.includes(SECRET) && !text.includes(hash), path)
    }
    assert.ok(!gateway.output.includes(SECRET) && !gateway.output.includes(hash))
  })

  test('a token is kept as a hash, and shown once', async () => {
    const { token } = (await browser.post('/api/v1/token/create', { name: 'once' })).json.result
    assert.match(token, /^hf_[\w-]{43}$/)
    const kept = readFileSync(join(gateway.etc, 'tokens'), 'utf8')
    assert.ok(!kept.includes(token.slice(3)))
    assert.equal(statSync(join(gateway.etc, 'tokens')).mode & 0o777, 0o600)
    assert.ok(!(await browser.ask('/api/v1/tokens')).text.includes(token))
    assert.ok(!gateway.output.includes(token))
  })
})
