// A bundle over HTTP: brought whole or in pieces, looked into, installed, confirmed; and what is refused.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { ask } from '../helpers/http.ts'
import { atEnd } from '../helpers/journal.ts'
import { installMissing, RaucDevice, raucMissing } from '../helpers/rauc.ts'
import { setUp } from './visitor.ts'

const skip = raucMissing()

interface Api {
  readonly gateway: GatewayProcess
  readonly device: RaucDevice
  readonly url: string
  readonly token: string
  put(name: string, body: BodyInit, range?: string): Promise<[status: number, answer: unknown]>
  // biome-ignore lint/suspicious/noExplicitAny: the answer's shape is what tests look at
  post(path: string, body: object): Promise<any>
}

async function start(t: TestContext): Promise<Api> {
  const device = await RaucDevice.start(t)
  const gateway = new GatewayProcess({ conf: 'web.listen = 127.0.0.1:0' })
  atEnd(t, () => gateway.remove())
  gateway.env = device.env
  await gateway.start()
  const url = await setUp(gateway)
  const { token } = await gateway.ctl('token', 'create', 'updater')
  const authorization = `Bearer ${token}`
  return {
    ...{ gateway, device, url, token },
    async put(name, body, range) {
      const headers = { authorization, 'content-type': 'application/octet-stream' }
      const response = await fetch(`${url}/api/v1/updates/${name}`, {
        ...{ method: 'PUT', body },
        headers: range === undefined ? headers : { ...headers, 'content-range': range },
      })
      const answer = (await response.json()) as { code?: string }
      return [response.status, answer.code ?? answer]
    },
    post: async (path, body) =>
      (await ask(`${url}/api/v1${path}`, { method: 'POST', body, headers: { authorization } })).json,
  }
}

const kept = ({ data }: GatewayProcess): string[] =>
  existsSync(join(data, 'updates')) ? readdirSync(join(data, 'updates')) : []

test('brought, looked into, installed, confirmed', { skip: installMissing() }, async (t) => {
  const { gateway, device, url, token, put, post } = await start(t)
  const bytes = readFileSync(device.bundle({ version: '7.1.0' }))
  assert.deepEqual(await put('new.raucb', bytes), [200, { bytes: bytes.length, isWhole: true }])
  const { image } = await gateway.ctl('update', 'status')
  assert.equal(image.brought, 'new.raucb')
  const { will, asks } = await post('/update/install?dry=1', { file: 'new.raucb' })
  assert.match(will, /^Writes 7.1.0, for holdfast-test, to slot B\./)
  assert.equal(asks, true)
  const { result } = await post('/update/install', { file: 'new.raucb' })
  assert.deepEqual(result, { version: '7.1.0', slot: 'B' })
  const authorization = `Bearer ${token}`
  const steps = await ask(`${url}/api/v1/update/status?follow=1`, { headers: { authorization } })
  assert.match(steps.text, /^event: item\ndata: \{"percent":100,"step":"7.1.0 is installed: `reboot` starts it/m)
  assert.equal((await gateway.ctl('update', 'status')).image.next, 'B')
  await until('what was brought is gone', () => kept(gateway).length === 0)
  await device.boot('B')
  assert.match((await post('/update/confirm', {})).did, /knows slot B \(7.1.0\) as good/)
  assert.match((await post('/update/rollback', {})).did, /starts slot A \(\d/)
})

test('in pieces, in their order; one that breaks off is sent again', { skip }, async (t) => {
  const { gateway, device, url, token, put, post } = await start(t)
  const bytes = readFileSync(device.bundle({ version: '7.1.0' }))
  const total = bytes.length
  const piece = (from: number, to: number, name = 'a.raucb') =>
    put(name, bytes.subarray(from, to), `bytes ${from}-${to - 1}/${total}`)
  assert.deepEqual(await piece(0, 1000), [200, { bytes: 1000, isWhole: false }])
  assert.deepEqual(await piece(2000, 3000), [409, 'OUT_OF_STEP'])
  assert.deepEqual(await piece(1000, 2000, 'b.raucb'), [409, 'OUT_OF_STEP'])
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
  socket.write(
    `PUT /api/v1/updates/a.raucb HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\n` +
      `content-type: application/octet-stream\r\ncontent-range: bytes 1000-1999/${total}\r\ncontent-length: 1000\r\n\r\n`,
  )
  socket.write(bytes.subarray(1000, 1500))
  const coming = join(gateway.data, 'updates/.coming')
  await until('half of it comes', () => readFileSync(coming).length === 1500)
  assert.deepEqual(await piece(1000, 2000), [503, 'BUSY'])
  socket.destroy()
  await until('nothing of the half stays', () => readFileSync(coming).length === 1000)
  assert.deepEqual(kept(gateway), ['.coming'])
  assert.equal((await gateway.ctl('update', 'status')).image.brought, null)
  assert.deepEqual(await piece(1000, total), [200, { bytes: total, isWhole: true }])
  assert.deepEqual(readFileSync(join(gateway.data, 'updates/a.raucb')), bytes)
  assert.match((await post('/update/install?dry=1', { file: 'a.raucb' })).will, /^Writes 7.1.0/)
  // a start drops it
  await gateway.stop()
  await gateway.start()
  assert.deepEqual(kept(gateway), [])
})

test('what is refused, and leaves nothing', { skip }, async (t) => {
  const { gateway, device, url, token, put, post } = await start(t)
  const gigabytes = 2 ** 31
  for (const [name, range, refused] of [
    ['a', `bytes 0-9/${gigabytes}`, [413, 'TOO_LARGE']],
    ['a', 'bytes 5-1/10', [400, 'USAGE']],
    ['a', 'bytes 0-9/5', [400, 'USAGE']],
    ['a', 'everything', [400, 'USAGE']],
    ['a', 'bytes 0-4/100', [413, 'TOO_LARGE']], // ten come
    ['a', 'bytes 0-49/100', [409, 'NOT_TAKEN']],
    ['.hidden', undefined, [422, 'BAD_FILE']],
    ['..%2f..%2fetc%2fpasswd', undefined, [422, 'BAD_FILE']],
  ] as const) {
    assert.deepEqual(await put(name, '0123456789', range), refused, `${name} ${range}`)
  }
  assert.deepEqual(
    kept(gateway).filter((name) => name !== '.coming'),
    [],
  )
  await put('no.raucb', 'no bundle')
  assert.deepEqual((await post('/update/install', { file: 'no.raucb' })).code, 'BAD_BUNDLE')
  assert.deepEqual((await post('/update/install', { file: device.bundle({ version: '7.1.0' }) })).code, 'BAD_FILE')
  const all = { authorization: `Bearer ${token}` }
  const eyes = { authorization: `Bearer ${(await gateway.ctl('token', 'create', 'eyes', '--read-only')).token}` }
  const path = `${url}/api/v1/updates/no.raucb`
  for (const method of ['PUT', 'DELETE']) {
    assert.equal((await ask(path, { method, headers: eyes, body: {} })).json.code, 'FORBIDDEN')
    assert.equal((await ask(path, { method })).status, 401)
  }
  for (const command of ['install', 'confirm', 'rollback']) {
    const asked = { method: 'POST', headers: eyes, body: command === 'install' ? { file: 'no.raucb' } : {} }
    assert.equal((await ask(`${url}/api/v1/update/${command}`, asked)).json.code, 'FORBIDDEN')
  }
  assert.equal((await ask(path, { method: 'DELETE', headers: all })).status, 204)
  assert.equal((await ask(path, { method: 'DELETE', headers: all })).json.code, 'NO_FILE')
  assert.deepEqual(kept(gateway), [])
})

test("a bundle takes nothing of the queue's reserve", { skip }, async (t) => {
  const { gateway, put } = await start(t)
  await gateway.ctl('config', 'set', 'queue.reserve', '1000GB')
  await gateway.ctl('config', 'commit')
  assert.deepEqual(await put('a', 'x', 'bytes 0-0/1000'), [409, 'NO_ROOM'])
  assert.deepEqual(kept(gateway), [])
})

test('a power cut leaves nothing of a bundle that was coming', { skip }, async (t) => {
  const { gateway, put } = await start(t)
  await put('a', 'x', 'bytes 0-0/1000')
  await gateway.kill9()
  assert.deepEqual(kept(gateway), ['.coming'])
  mkdirSync(join(gateway.data, 'updates'), { recursive: true })
  writeFileSync(join(gateway.data, 'updates/b.raucb'), 'y')
  await gateway.start()
  assert.deepEqual(kept(gateway), [])
})
