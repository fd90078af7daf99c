// TLS of the page: a certificate of its own, files, and what becomes of who comes without.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { ask, Browser } from '../helpers/http.ts'

const SHIPPED = new URL('../helpers/tls/', import.meta.url).pathname

describe('a certificate of its own', () => {
  const gateway = new GatewayProcess({ conf: 'web.listen = 127.0.0.1:0\nweb.tls = own' })
  let url: string
  before(async () => {
    await gateway.start()
    url = (await gateway.web()).url
  })
  after(() => gateway.remove())
  const file = (name: string) => join(gateway.data, 'tls', name)

  test('is made at the first start, for the names and addresses of the machine, and its fingerprint is in the log', () => {
    assert.match(url, /^https:/)
    const certificate = new X509Certificate(readFileSync(file('cert.pem')))
    for (const name of [`DNS:${hostname()}`, 'DNS:localhost', 'IP Address:127.0.0.1']) {
      assert.ok(certificate.subjectAltName!.includes(name), certificate.subjectAltName)
    }
    assert.equal(certificate.ca, false)
    const days = (+certificate.validToDate - +certificate.validFromDate) / 86_400_000
    assert.ok(days > 800 && days <= 825, `${days} days`)
    assert.ok(gateway.output.includes(`"fingerprint":"${certificate.fingerprint256}"`))
    assert.equal(statSync(file('key.pem')).mode & 0o777, 0o600)
  })

  test('browsers come in with a cookie that leaves by TLS only; none is told to insist on TLS', async () => {
    const { code } = await gateway.web()
    const browser = new Browser(url)
    const account = { code, name: 'ada', password: 'correct horse' }
    const answer = await browser.post('/api/v1/setup', account)
    assert.equal(answer.status, 200, answer.text)
    const [cookie] = answer.headers['set-cookie']!
    assert.match(cookie!, /^__Host-holdfast=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
    assert.equal((await browser.ask('/api/v1/status')).status, 200)
    assert.equal(answer.headers['strict-transport-security'], undefined)
  })

  test('who comes without TLS is sent there, if it only wants to read, and to no place but ours', async () => {
    const plain = url.replace('https:', 'http:')
    const sent = await ask(`${plain}/queue?x=1`)
    assert.deepEqual([sent.status, sent.headers.location], [308, `${url}/queue?x=1`])
    const headers = { authorization: 'Bearer hf_x' }
    for (const asked of [ask(`${plain}/api/v1/status`), ask(`${plain}/metrics`), ask(plain, { headers })]) {
      assert.equal((await asked).status, 400, 'a program that speaks in the clear is to notice')
    }
    const posted = await ask(`${plain}/api/v1/session`, { method: 'POST', body: { name: 'ada', password: 'x' } })
    assert.deepEqual([posted.status, posted.headers.location], [400, undefined])
    const lured = await ask(plain, { headers: { host: 'evil.example' } })
    assert.deepEqual([lured.status, lured.headers.location], [400, undefined])
  })

  test('TLS 1.1 is refused', async () => {
    const { port } = new URL(url)
    const socket = connectTls({
      ...{ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false },
      ...{ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    })
    const [error] = await once(socket, 'error')
    assert.match(String(error), /version|alert/i)
  })

  test('noise in the place of a handshake ends the connection, and nothing else', async () => {
    const { port } = new URL(url)
    for (const noise of [`\x16\x03\x01\xff\xff${'x'.repeat(600)}`, '\0\0\0\0\0\0', 'GET / HTTP/9\r\n\r\n', 'MQTT']) {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => {})
      socket.end(noise, 'latin1')
      socket.resume()
      await once(socket, 'close')
    }
    assert.equal((await ask(`${url}/healthz`)).status, 200)
  })

  test('stays over a restart; one whose key is not its own, or that ended, is made anew', async () => {
    const made = readFileSync(file('cert.pem'))
    await gateway.stop()
    await gateway.start()
    await gateway.web()
    assert.deepEqual(readFileSync(file('cert.pem')), made)
    await gateway.stop()
    copyFileSync(join(SHIPPED, 'key.pem'), file('key.pem'))
    await gateway.start()
    url = (await gateway.web()).url
    assert.notDeepEqual(readFileSync(file('cert.pem')), made)
    assert.equal((await ask(`${url}/healthz`)).status, 200)
  })
})

describe('files', () => {
  const gateway = new GatewayProcess()
  const certs = join(gateway.etc, 'certs')
  const conf = 'web.listen = 127.0.0.1:0\nweb.tls = files\n'
  before(() => {
    mkdirSync(certs)
    for (const name of ['cert.pem', 'key.pem']) copyFileSync(join(SHIPPED, name), join(certs, name))
  })
  after(() => gateway.remove())

  test('without their keys there is no start, and check says what is missing', async () => {
    gateway.configure({ conf })
    const told = await gateway.holdfast('check').catch((error: { stdout: string }) => error.stdout)
    assert.match(told, /web.tls = files needs a certificate and its key/)
  })

  test('are served, with the word to insist on them', async () => {
    gateway.configure({ conf: `${conf}web.certfile = certs/cert.pem\nweb.keyfile = certs/key.pem` })
    await gateway.start()
    const { url } = await gateway.web()
    const { headers } = await ask(`${url}/healthz`)
    assert.equal(headers['strict-transport-security'], 'max-age=31536000')
    assert.equal(existsSync(join(gateway.data, 'tls')), false)
  })

  test('that change are taken up without a restart; faulty ones are not', async () => {
    const { url } = await gateway.web()
    const served = () =>
      new Promise<string>((resolve, reject) => {
        const { port } = new URL(url)
        const socket = connectTls({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false }, () => {
          resolve(socket.getPeerX509Certificate()!.fingerprint256)
          socket.destroy()
        }).on('error', reject)
      })
    const first = await served()
    const { default: selfsigned } = await import('selfsigned')
    const fresh = await selfsigned.generate([{ name: 'commonName', value: 'fresh' }], {
      keyType: 'ec',
      algorithm: 'sha256',
    })
    writeFileSync(join(certs, 'key.pem'), fresh.private)
    await until('the log says that they do not belong together', () =>
      gateway.output.includes('certificate_not_reloaded'),
    )
    assert.equal(await served(), first)
    writeFileSync(join(certs, 'cert.pem'), fresh.cert)
    await until('the new one is served', async () => (await served()) !== first)
  })
})
