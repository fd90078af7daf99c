// Certificates that change while the broker runs, and what TLS refuses.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import type { ListenerOptions } from '../../src/broker/broker.ts'
import { HoldfastError } from '../../src/model/errors.ts'
import { type OurBroker, startOurs } from '../helpers/brokers.ts'
import { type CertificateFiles, makeCertificate } from '../helpers/certificates.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { temporaryFolder } from '../helpers/journal.ts'
import { freePort } from '../helpers/ports.ts'
import { RawClient } from '../helpers/raw-client.ts'

const host = '127.0.0.1'

async function startTls(t: TestContext, options: Partial<ListenerOptions>): Promise<OurBroker> {
  const ours = await startOurs({
    listeners: [{ kind: 'ssl', name: 'a', host, port: 0, ...options }],
    limits: { connectTimeoutMs: 500 },
  })
  t.after(() => ours.close())
  return ours
}

async function secure({ port }: { readonly port: number }, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ host, port, rejectUnauthorized: false, ...options })
  await once(socket, 'secureConnect')
  return socket
}

const endOf = (socket: TLSSocket): Promise<void> =>
  new Promise((resolve) =>
    socket
      .on('error', () => {})
      .once('close', () => resolve())
      .resume(),
  )

async function shownBy(ours: { readonly port: number }): Promise<string> {
  const socket = await secure(ours)
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}

const copy = (from: CertificateFiles, to: CertificateFiles): void => {
  copyFileSync(from.certfile, to.certfile)
  copyFileSync(from.keyfile, to.keyfile)
}

test('new certificates are for new connections; those that are there stay', async (t) => {
  const folder = temporaryFolder(t)
  const [used, fresh] = [makeCertificate(folder, 'old'), makeCertificate(folder, 'new')]
  const ours = await startTls(t, used)
  const client = await RawClient.connect(await secure(ours))
  copy(fresh, used)
  ours.broker.reloadCertificates()
  assert.equal(await shownBy(ours), 'new')
  await client.publish('t', 'x', { qos: 1 })
  await client.disconnect()
})

test('what is wrong with new certificates is said, and the old ones stay in use', async (t) => {
  const folder = temporaryFolder(t)
  const [used, kept, other] = ['old', 'kept', 'other'].map((name) => makeCertificate(folder, name)) as [
    CertificateFiles,
    CertificateFiles,
    CertificateFiles,
  ]
  copy(used, kept)
  const ours = await startTls(t, used)
  const { certificates } = ours.broker.listeners[0]!
  for (const [spoil, why] of [
    [() => writeFileSync(used.certfile, ''), /PEM|no start line|certificate/i],
    [() => copyFileSync(other.keyfile, used.keyfile), /mismatch/i],
    [() => rmSync(used.keyfile), /ENOENT/],
    [() => writeFileSync(used.certfile, readFileSync(used.certfile).subarray(0, 300)), /PEM|end/i],
  ] as const) {
    spoil()
    ours.broker.reloadCertificates()
    assert.match(certificates!.fault!, why)
    assert.equal(await shownBy(ours), 'old')
    copy(kept, used)
    ours.broker.reloadCertificates()
    assert.equal(certificates!.fault, undefined)
  }
})

test('files that change are noticed, also when they are replaced one after the other', async (t) => {
  const folder = temporaryFolder(t)
  const [used, fresh] = [makeCertificate(folder, 'old'), makeCertificate(folder, 'new')]
  const ours = await startTls(t, { ...used, kind: 'wss' })
  renameSync(fresh.certfile, used.certfile)
  renameSync(fresh.keyfile, used.keyfile)
  await until('the new certificate', async () => (await shownBy(ours)) === 'new')
  assert.equal(ours.broker.listeners[0]!.certificates!.fault, undefined)
})

test('a key with a password', async (t) => {
  const locked = makeCertificate(temporaryFolder(t), 'locked', { keyPassword: 'open sesame' })
  assert.equal(await shownBy(await startTls(t, { ...locked, keyPassword: 'open sesame' })), 'locked')
  for (const keyPassword of ['guess', undefined]) {
    await assert.rejects(startTls(t, { ...locked, keyPassword }), isTlsFault)
  }
})

const isTlsFault = (error: unknown): boolean => error instanceof HoldfastError && error.code === 'LISTENER_TLS'

test('clients: one that its CA signed comes in; one of another CA, and one without, do not', async (t) => {
  const folder = temporaryFolder(t)
  const [own, ca, otherCa] = ['own', 'ca', 'other'].map((name) => makeCertificate(folder, name)) as [
    CertificateFiles,
    CertificateFiles,
    CertificateFiles,
  ]
  const signed = (name: string, by: CertificateFiles): ConnectionOptions => {
    const { certfile, keyfile } = makeCertificate(folder, name, { by })
    return { cert: readFileSync(certfile), key: readFileSync(keyfile) }
  }
  await assert.rejects(startTls(t, { ...own, verify: true }), isTlsFault) // by whom would they be signed?
  const ours = await startTls(t, { ...own, cafile: ca.certfile, verify: true })
  const client = await RawClient.connect(await secure(ours, signed('device', ca)))
  await client.disconnect()
  for (const options of [{}, signed('stranger', otherCa)]) {
    await endOf(await secure(ours, options)) // with TLS 1.3 the client hears of it afterwards
  }
  await until('both to be counted', () => ours.broker.stats().refused.handshake === 2)
})

test('clients of a WebSocket listener are asked for their certificates, too', async (t) => {
  const folder = temporaryFolder(t)
  const [own, ca] = [makeCertificate(folder, 'own'), makeCertificate(folder, 'ca')]
  const ours = await startTls(t, { ...own, kind: 'wss', cafile: ca.certfile, verify: true, identityAsUsername: true })
  const { certfile, keyfile } = makeCertificate(folder, 'device', { by: ca })
  const options = { ca: readFileSync(own.certfile), reconnectPeriod: 0 }
  const { url } = ours.broker.listeners[0]!
  await assert.rejects(mqtt.connectAsync(url, options))
  const device = { cert: readFileSync(certfile), key: readFileSync(keyfile) }
  const client = await mqtt.connectAsync(url, { ...options, ...device })
  assert.equal(ours.broker.clients()[0]!.username, 'device')
  await client.endAsync()
})

for (const kind of ['ssl', 'wss'] as const) {
  test(`${kind}: whose signer is gone from the file is disconnected, and comes in no more, not by a session of before either`, async (t) => {
    const folder = temporaryFolder(t)
    const [own, stays, goes] = ['own', 'stays', 'goes'].map((name) => makeCertificate(folder, name)) as [
      CertificateFiles,
      CertificateFiles,
      CertificateFiles,
    ]
    const between = makeCertificate(folder, 'between', { by: stays })
    const cafile = join(folder, 'all.pem')
    const trust = (...those: CertificateFiles[]): void =>
      writeFileSync(cafile, those.map(({ certfile }) => readFileSync(certfile, 'utf8')).join('a comment\n'))
    trust(goes, stays, between)
    const { broker, port } = await startTls(t, { ...own, kind, cafile, verify: true })
    const device = (name: string, by: CertificateFiles): ConnectionOptions => {
      const { certfile, keyfile } = makeCertificate(folder, name, { by })
      return { cert: readFileSync(certfile), key: readFileSync(keyfile) }
    }
    const connect = (options: ConnectionOptions): Promise<MqttClient> =>
      mqtt.connectAsync(broker.listeners[0]!.url, {
        ...options,
        rejectUnauthorized: false,
        reconnectPeriod: 0,
      } as IClientOptions)
    const going = device('going', goes)
    const clients = await Promise.all([connect(device('staying', stays)), connect(device('by-another', between))])
    const revoked = await connect(going)
    const closed = new Promise<void>((resolve) => revoked.once('close', resolve))
    const old = await secure({ port }, { ...going, maxVersion: 'TLSv1.2' })
    const session = old.getSession()
    old.destroy()

    trust(between, stays, goes) // nothing that counts
    broker.reloadCertificates()
    assert.equal(broker.review(), 0)
    trust(stays, between)
    broker.reloadCertificates()
    assert.equal(broker.review(), 1)
    await closed
    assert.deepEqual(
      clients.map(({ connected }) => connected),
      [true, true],
    )
    await endOf(await secure({ port }, going)) // with TLS 1.3 the client hears of it afterwards
    await assert.rejects(secure({ port }, { ...going, maxVersion: 'TLSv1.2', session }))
    await Promise.all(clients.map((client) => client.endAsync()))
  })
}

test('a signer that is gone is noticed without a reload, too', async (t) => {
  const folder = temporaryFolder(t)
  const [own, ca, other] = ['own', 'ca', 'other'].map((name) => makeCertificate(folder, name)) as [
    CertificateFiles,
    CertificateFiles,
    CertificateFiles,
  ]
  const { certfile, keyfile } = makeCertificate(folder, 'device', { by: ca })
  const ours = await startTls(t, { ...own, cafile: ca.certfile, verify: true })
  const device = await secure(ours, { cert: readFileSync(certfile), key: readFileSync(keyfile) })
  const client = await RawClient.connect(device)
  copyFileSync(other.certfile, ca.certfile)
  await client.until(() => client.closed, 'its end', 30_000)
})

test('a whole gateway: ctl reload and SIGHUP take new certificates up, and say what is wrong with them', async (t) => {
  const folder = temporaryFolder(t)
  const names = ['first', 'second', 'third']
  const [used, second, third] = names.map((name) => makeCertificate(folder, name)) as [
    CertificateFiles,
    CertificateFiles,
    CertificateFiles,
  ]
  const port = await freePort()
  const conf = `listener.ssl.a = ${host}:${port}\nlistener.ssl.a.certfile = ${used.certfile}\nlistener.ssl.a.keyfile = ${used.keyfile}`
  const gateway = new GatewayProcess({ conf })
  t.after(() => gateway.remove())
  await gateway.start()
  assert.equal(await shownBy({ port }), 'first')
  copy(second, used)
  assert.deepEqual((await gateway.ctl('reload')).certificateFaults, [])
  assert.equal(await shownBy({ port }), 'second')
  writeFileSync(used.keyfile, '')
  const { certificateFaults } = await gateway.ctl('reload')
  assert.match(certificateFaults[0], /^listener.ssl.a: /)
  const { certificate } = (await gateway.ctl('status')).listeners.find(({ name }: { name: string }) => name === 'ssl:a')
  assert.equal(certificate.fault, certificateFaults[0])
  assert.equal(await shownBy({ port }), 'second')
  copy(third, used)
  gateway.signal('SIGHUP')
  await until('the third one', async () => (await shownBy({ port })) === 'third')
})

test('TLS 1.1 and suites without forward secrecy are refused; by key, TLS 1.2 too, or an old suite taken', async (t) => {
  const own = makeCertificate(temporaryFolder(t), 'own')
  const old: ConnectionOptions = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
  const cbc: ConnectionOptions = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }
  const ours = await startTls(t, own)
  for (const options of [old, cbc]) await assert.rejects(secure(ours, options))
  assert.equal((await secure(ours, { maxVersion: 'TLSv1.2' })).getProtocol(), 'TLSv1.2')
  const strict = await startTls(t, { ...own, minVersion: 'TLSv1.3' })
  await assert.rejects(secure(strict, { maxVersion: 'TLSv1.2' }))
  const kind = await startTls(t, { ...own, ciphers: 'ECDHE-ECDSA-AES128-SHA' })
  assert.equal((await secure(kind, cbc)).getCipher().name, 'ECDHE-ECDSA-AES128-SHA')
})

test('a handshake that stands still ends in time, and is counted; so is one that is none', async (t) => {
  const ours = await startTls(t, makeCertificate(temporaryFolder(t), 'own'))
  for (const bytes of ['', '\x16\x03\x01\x02\x00', 'GET / HTTP/1.1\r\n\r\n']) {
    const socket = connectSocket(ours.port, host)
    socket.on('error', () => {})
    socket.write(bytes)
    socket.resume()
    await once(socket, 'close')
  }
  assert.equal(ours.broker.stats().refused.handshake, 3)
  assert.equal(ours.broker.listeners[0]!.places.sockets, 0)
  const silent = await secure(ours) // and then no CONNECT
  await once(silent, 'close')
  assert.equal(ours.broker.stats().overLimit.connect_timeout, 1)
})
