// Users and access rules of a whole gateway, from outside: the files, the commands, real clients.

import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { mosquittoMissing, mosquittoPub, mosquittoSub } from '../helpers/mosquitto.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { RawClient } from '../helpers/raw-client.ts'

const gateway = new GatewayProcess({ conf: 'acl.nomatch = deny' })
const users = join(gateway.etc, 'passwd')
const acl = join(gateway.etc, 'acl.conf')

const RULES = `
# for clients without a name
topic read public/#

user ada
topic readwrite plant/#
topic deny plant/keys/#

user grace
topic read plant/+/state

pattern readwrite own/%u/%c/#
pattern read public/#
`

before(async () => {
  writeFileSync(acl, RULES)
  await gateway.passwd('ada', 'lovelace')
  await gateway.passwd('grace', 'hopper')
  await gateway.start()
})
after(() => gateway.remove())

const connect = (username: string, password: string, clientId = `${username}-1`): Promise<Client> =>
  Client.connect(gateway.url, clientId, { username, password })

const refusal = async (options: { username?: string; password?: Buffer }): Promise<number> => {
  const client = await RawClient.connect(gateway.port, options)
  return client.connack!.returnCode!
}

test('the users file holds hashes and belongs to its owner alone', async () => {
  assert.match(readFileSync(users, 'utf8'), /^ada:\$scrypt\$ln=10,r=8,p=1\$\S+\ngrace:\$scrypt\$\S+\n$/)
  assert.equal(statSync(users).mode & 0o777, 0o600)
  assert.equal(await gateway.holdfast('passwd', '--list'), 'ada\ngrace\n')
})

test("mosquitto's clients get through with the right password, and are told of a wrong one", {
  skip: mosquittoMissing(),
}, async () => {
  const heard = await mosquittoSub(gateway.port, '-u', 'grace', '-P', 'hopper', '-t', '#', '-q', '1', '-C', '1', '-v')
  const publish = (topic: string, password: string): Promise<void> =>
    mosquittoPub(gateway.port, '-u', 'ada', '-P', password, '-t', topic, '-m', 'x', '-q', '1')
  await publish('plant/1/secret', 'lovelace') // not for grace
  await publish('plant/1/state', 'lovelace')
  assert.deepEqual(await heard.lines, ['plant/1/state x'])
  await assert.rejects(publish('plant/1/state', 'byron'), /bad user name or password/i)
})

test('who is refused is told why: 4 for a wrong name or password, 5 for none', async () => {
  assert.equal(await refusal({ username: 'ada', password: Buffer.from('byron') }), 4)
  assert.equal(await refusal({ username: 'eve', password: Buffer.from('lovelace') }), 4)
  assert.equal(await refusal({ username: 'ada' }), 4)
  assert.equal(await refusal({ username: '', password: Buffer.from('x') }), 4)
  assert.equal(await refusal({ username: 'ada', password: Buffer.alloc(65_535) }), 4)
  assert.equal(await refusal({ username: 'ada', password: Buffer.from('lovelace\0') }), 4)
  assert.equal(await refusal({}), 5)
  const { refused } = (await gateway.ctl('status')).clients
  assert.ok(refused.credentials >= 6 && refused.authorization >= 1, JSON.stringify(refused))
})

test('what is not allowed is acknowledged and dropped, not delivered, and refused as a subscription', async () => {
  const ada = await connect('ada', 'lovelace')
  assert.deepEqual(await ada.subscribe('plant/#', 'plant/keys/door', 'other/#'), [1, 128, 128])
  for (const qos of [0, 1, 2] as const) await ada.publish('plant/keys/door', 'x', qos)
  await ada.publish('plant/x', 'y', 2)
  await ada.hears(1)
  assert.deepEqual(ada.heard(), ['plant/x=y'])
  await ada.end()
})

test('a pattern is for each client its own; a name that would widen it has nothing', async () => {
  const own = await connect('ada', 'lovelace', 'c1')
  await own.subscribe('own/#')
  await own.publish('own/ada/c1/x', '1')
  await own.publish('own/ada/c2/x', '2')
  await own.publish('own/grace/c1/x', '3')
  const wide = await connect('ada', 'lovelace', '+')
  const deep = await connect('ada', 'lovelace', 'c1/x')
  await deep.publish('own/ada/c1/x', '4')
  await wide.publish('own/ada/c1/x', '5')
  await own.publish('own/ada/c1/x', '6')
  await own.hears(2)
  assert.deepEqual(own.heard(), ['own/ada/c1/x=1', 'own/ada/c1/x=6'])
  await Promise.all([own.end(), wide.end(), deep.end()])
})

test('a reload takes what is revoked from who is connected, and drops nobody who is still let in', async () => {
  const ada = await connect('ada', 'lovelace')
  const grace = await connect('grace', 'hopper')
  await grace.subscribe('plant/#')
  await ada.publish('plant/1/state', 'before')
  await grace.hears(1)

  writeFileSync(acl, 'user ada\ntopic plant/#\nuser grace\ntopic red plant/#\n')
  await assert.rejects(gateway.ctl('reload'), (error: { stderr: string }) => {
    assert.ok(error.stderr.includes(`${acl}:4:7: expected read, write, readwrite or deny, not 'red'`), error.stderr)
    return true
  })
  await ada.publish('plant/1/state', 'still')
  await grace.hears(2)

  writeFileSync(acl, RULES.replace('topic read plant/+/state', 'topic deny #'))
  await gateway.passwd('grace', 'murray')
  process.kill(gateway.pid!, 'SIGHUP')
  await until('grace to be gone', () => !grace.mqtt.connected)
  assert.ok(ada.mqtt.connected)
  const again = await connect('grace', 'murray')
  await ada.publish('plant/1/state', 'after')
  assert.deepEqual(await again.subscribe('plant/#'), [128])
  await Promise.all([ada.end(), again.end()])
  assert.deepEqual(grace.heard(), ['plant/1/state=before', 'plant/1/state=still'])
  assert.match(gateway.output, /"msg":"access_not_reloaded"/)

  writeFileSync(acl, RULES)
  await gateway.passwd('grace', 'hopper')
  assert.deepEqual(await gateway.ctl('reload'), { users: 2, aclLines: 6, disconnected: 0, certificateFaults: [] })
})

test('without users everybody is let in; the first user ends that, without a restart', async () => {
  const before = readFileSync(users)
  rmSync(users)
  await gateway.ctl('reload')
  const anonymous = await Client.connect(gateway.url, 'anonymous')
  const named = await connect('ada', 'whatever') // proves nothing, so she has what everybody has
  assert.deepEqual(await named.subscribe('plant/#', 'public/#'), [128, 1])
  writeFileSync(users, before)
  assert.equal((await gateway.ctl('reload')).disconnected, 2)
  await until('both to be gone', () => !anonymous.mqtt.connected && !named.mqtt.connected)
})

test('who guesses has to wait, and holds nobody up who was let in before', async () => {
  const ada = await connect('ada', 'lovelace')
  await ada.end()
  const guess = (name: string): Promise<number> => refusal({ username: name, password: Buffer.from('guess') })
  for (let count = 0; count < 5; count++) assert.equal(await guess('mallory'), 4)
  assert.equal(await guess('mallory'), 3)
  for (let count = 0; (await guess('ada')) === 4; count++) assert.ok(count < 5)
  const again = await connect('ada', 'lovelace')
  await again.end()
  const { access, clients } = await gateway.ctl('status')
  assert.ok(access.held.names >= 1 && clients.refused.tries >= 2, JSON.stringify([access, clients.refused]))
})

test('no password is in the log', () => {
  assert.doesNotMatch(gateway.output, /lovelace|hopper|murray|byron|scrypt/)
})

test('a will that a crash left behind is judged at the next start, by the rules of then', async () => {
  const dying = async (clientid: string, topic: string): Promise<void> => {
    const will = { topic, payload: Buffer.from('x'), qos: 1 as const, retain: true }
    const client = await Client.connect(gateway.url, clientid, { username: 'ada', password: 'lovelace', will })
    await client.publish('plant/x', 'y') // its will is on disk before this is
  }
  await dying('dying-1', 'plant/dying/1')
  await dying('dying-2', 'plant/dying/2')
  await gateway.kill9()
  writeFileSync(acl, `${RULES}\nuser ada\ntopic deny plant/dying/1\n`)
  await gateway.start()
  const ada = await connect('ada', 'lovelace')
  await ada.subscribe('plant/dying/#')
  await ada.hears(1)
  assert.deepEqual(ada.heard(), ['plant/dying/2!=x'])
  assert.deepEqual(await gateway.ctl('messages', 'plant/dying/1'), [])
  assert.match(
    gateway.output,
    /"action":"will","topic":"plant\/dying\/1","clientid":"dying-1","username":"ada","msg":"client_denied"/,
  )
  await ada.end()
})
