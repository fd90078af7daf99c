// Users and rules by commands: they count at once, or with the commit, and passwords are seen nowhere.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { GatewayProcess } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { freePort } from '../helpers/ports.ts'

const PASSWORD = 'Zwiebelkuchen-7'
const gateway = new GatewayProcess()
const as = (username: string, password: string): Promise<Client> =>
  Client.connect(gateway.url, `of-${username}`, { username, password })
const refused = async (run: Promise<unknown>): Promise<string> => {
  try {
    await run
  } catch (error) {
    return (error as { stderr: string }).stderr
  }
  return assert.fail('not refused')
}

before(async () => {
  gateway.port = await freePort()
  gateway.configure({ conf: 'log.level = debug' })
  await gateway.start()
})
after(() => gateway.remove())

test('the first user ends those without a name; each change counts at once', async () => {
  const nameless = await Client.connect(gateway.url, 'nameless', { reconnectPeriod: 0 })
  assert.match(
    await gateway.holdfast('ctl', 'user', 'add', 'meter', '--dry-run'),
    /It is the first one: clients without/,
  )
  assert.deepEqual(await gateway.ctlAsked(PASSWORD, 'user', 'add', 'meter'), { name: 'meter', disconnected: 1 })
  await nameless.end()
  await assert.rejects(Client.connect(gateway.url, 'nameless'))
  await assert.rejects(as('meter', 'another'))
  const meter = await as('meter', PASSWORD)
  const [row] = await gateway.ctl('users')
  assert.deepEqual(row, { name: 'meter', clients: 1, rules: 0, admin: false })
  assert.deepEqual(await gateway.ctlAsked('another', 'user', 'passwd', 'meter'), { name: 'meter', disconnected: 1 })
  await meter.end()
  await assert.rejects(as('meter', PASSWORD))
  await (await as('meter', 'another')).end()
})

test('what is no user is refused, with what to do', async () => {
  assert.match(
    await refused(gateway.ctlAsked('x', 'user', 'add', 'meter')),
    /a user meter already\nhint: `user passwd`/,
  )
  assert.match(
    await refused(gateway.ctlAsked('x', 'user', 'passwd', 'nobody')),
    /no user nobody .*\nhint: users: meter/,
  )
  assert.match(await refused(gateway.ctlAsked('x', 'user', 'add', 'a:b')), /must not hold ':'/)
  assert.match(await refused(gateway.ctlAsked('', 'user', 'add', 'b')), /PASSWORD: expected a secret/)
  const typed = await refused(gateway.ctl('user', 'add', 'b', PASSWORD))
  assert.match(typed, /PASSWORD is asked for, and does not stand on the line/)
  assert.doesNotMatch(typed, new RegExp(PASSWORD))
  assert.deepEqual((await gateway.ctl('users')).length, 1)
})

test('a user who was taken away stays away when a commit is refused', async () => {
  await gateway.ctlAsked('secret', 'user', 'add', 'gone')
  await (await as('gone', 'secret')).end()
  await gateway.ctl('user', 'remove', 'gone')
  await assert.rejects(as('gone', 'secret'))
  await gateway.ctl('config', 'set', 'listener.tcp.more', `127.0.0.1:${gateway.port}`)
  assert.match(await refused(gateway.ctl('config', 'commit')), /EADDRINUSE/)
  await gateway.ctl('config', 'discard')
  await assert.rejects(as('gone', 'secret'))
  await (await as('meter', 'another')).end()
})

test('rules line by line: nothing changes before the commit, and then at once', async () => {
  const meter = await as('meter', 'another')
  assert.deepEqual(await gateway.ctl('acl'), [])
  await gateway.ctl('acl', 'add', 'write', 'site/a', '--user', 'meter')
  await gateway.ctl('acl', 'add', 'deny', 'site/#', '--user', 'meter')
  const { file, faults } = await gateway.ctl('acl', 'add', 'read', 'own/%c', '--user', 'meter')
  assert.deepEqual([file, faults.length, faults[0].line, faults[0].column], ['acl.conf', 1, 4, 12])
  assert.match(faults[0].message, /%c stands for itself in a topic line/)
  await gateway.ctl('acl', 'remove', '4')
  await gateway.ctl('acl', 'add', 'readwrite', 'own/%c')
  const rules = await gateway.ctl('acl')
  assert.deepEqual(rules[2], { line: 4, for: 'everybody', user: null, access: 'readwrite', filter: 'own/%c' })
  const may = async (...words: string[]): Promise<boolean> => (await gateway.ctl('acl', 'try', ...words)).allowed
  assert.equal(await may('publish', 'site/b', '--user', 'meter'), false)
  assert.equal(await may('publish', 'site/b'), true)
  assert.equal(await may('subscribe', 'site/#', '--user', 'meter'), false)
  await gateway.ctl('config', 'set', 'acl.nomatch', 'deny')
  assert.equal(await may('read', 'own/c1', '--client', 'c1'), true)
  assert.equal(await may('read', 'own/c2', '--client', 'c1'), false)
  assert.deepEqual(await meter.subscribe('free'), [1])
  const { changes } = await gateway.ctl('config', 'commit')
  assert.ok(changes.includes('Access rules change.'))
  assert.deepEqual(await meter.subscribe('free', 'own/of-meter'), [128, 1])
  await meter.end()
  const [row] = await gateway.ctl('users')
  assert.equal(row.rules, 2)
  assert.match(
    await gateway.holdfast('ctl', 'user', 'remove', 'meter', '--dry-run'),
    /It is the last one.*Lines of the/,
  )
})

test('a rule can not bring other lines along; what is no rule is not taken out', async () => {
  const before = readFileSync(join(gateway.etc, 'acl.conf'), 'utf8')
  for (const filter of ['a\ntopic b', 'a\ruser x', ' a', 'a\u2028b']) {
    assert.match(await refused(gateway.ctl('acl', 'add', 'read', filter)), /no control characters|no spaces|nor spaces/)
  }
  assert.match(await refused(gateway.ctl('acl', 'add', 'read', 'a', '--user', 'x\ntopic #')), /control characters/)
  assert.match(await refused(gateway.ctl('acl', 'add', 'read', 'a/#/b')), /'#' stands alone/)
  assert.match(await refused(gateway.ctl('acl', 'remove', '1')), /there is no rule in line 1\nhint: `acl`/)
  assert.match(await refused(gateway.ctl('acl', 'add', 'read', 'a', '--user', 'x', '--anonymous')), /not both/)
  assert.equal((await gateway.ctl('config', 'status')).candidate, null)
  assert.equal(readFileSync(join(gateway.etc, 'acl.conf'), 'utf8'), before)
})

test('rules that are elsewhere are said to be', async () => {
  await gateway.ctl('config', 'set', 'acl.file', '/elsewhere/rules')
  assert.match(await refused(gateway.ctl('acl')), /the rules are in \/elsewhere\/rules, which is no file/)
  await gateway.ctl('config', 'discard')
})

test('no password and no hash is in an answer, the log, or the data folder', async () => {
  const said = JSON.stringify([await gateway.ctl('users'), await gateway.ctl('log', 'tail'), gateway.output])
  assert.match(said, /user_set/)
  const files = readdirSync(gateway.data, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  for (const text of [said, ...files.map((one) => readFileSync(join(one.parentPath, one.name), 'latin1'))]) {
    assert.ok(!text.includes(PASSWORD) && !text.includes('$scrypt$'))
  }
})
