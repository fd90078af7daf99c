// What the broker makes of the rules: every way a message can take, also when they change while it is on its way.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { Message } from '../../src/model/event.ts'
import { accessBy, type TestRules } from '../helpers/access.ts'
import { type OurBroker, startOurs } from '../helpers/brokers.ts'
import { messageOf } from '../helpers/fake-hooks.ts'
import { connectPacket, publishPacket, RawClient } from '../helpers/raw-client.ts'

const QUIET_MS = 100

let ours: OurBroker
/** `read alice secret`: forbidden. A user that is gone: `gone alice`. */
const forbidden = new Set<string>()
const rules: TestRules = {
  allows: ({ username }, action, topic) => !forbidden.has(`${action} ${username} ${topic}`),
  holds: ({ username }) => !forbidden.has(`gone ${username}`),
}
before(async () => {
  ours = await startOurs({ access: accessBy(rules), limits: { maxInflight: 2 } })
})
after(() => ours.close())
beforeEach(() => forbidden.clear())

function forbid(...what: string[]): void {
  for (const one of what) forbidden.add(one)
  ours.broker.review()
}

const connect = (username: string, options: object = {}): Promise<RawClient> =>
  RawClient.connect(ours.port, { username, password: Buffer.from('x'), ...options })

const topics = (client: RawClient): string[] => client.publishes.map(({ topic }) => topic)

async function publishAll(client: RawClient, ...all: string[]): Promise<void> {
  for (const topic of all) await client.publish(topic, 'x', { qos: 1 })
}

test('a denied PUBLISH is acknowledged in its turn, whatever its QoS, and goes nowhere', async () => {
  const before = ours.hooks.publishes().length
  const publisher = await connect('alice')
  forbid('publish alice secret')
  ours.hooks.hold()
  publisher.send(
    publishPacket('open', '1', { qos: 1, messageId: 1 }),
    publishPacket('secret', '2', { qos: 1, messageId: 2 }),
    publishPacket('secret', '3', { qos: 2, messageId: 3 }),
    publishPacket('open', '4', { qos: 1, messageId: 4 }),
    publishPacket('secret', '5', { qos: 0 }),
  )
  await sleep(QUIET_MS)
  assert.deepEqual(publisher.packets.length, 1)
  ours.hooks.commit()
  await publisher.received('puback', 3)
  await publisher.received('pubrec')
  const acked = publisher.packets.filter(({ cmd }) => cmd === 'puback').map(({ messageId }) => messageId)
  assert.deepEqual(acked, [1, 2, 4])
  publisher.send(publishPacket('secret', '3', { qos: 2, messageId: 3, dup: true }))
  await publisher.received('pubrec', 2)
  publisher.send({ cmd: 'pubrel', messageId: 3 })
  await publisher.received('pubcomp')
  assert.equal(ours.hooks.publishes().length, before + 2)
  await publisher.disconnect()
})

test('a topic that begins with $ ends the connection all the same', async () => {
  const publisher = await connect('alice')
  publisher.send(publishPacket('$SYS/x', 'x'))
  await publisher.until(() => publisher.closed)
})

test('with deny_action = disconnect a denied PUBLISH ends the connection, without an acknowledgement', async () => {
  const strict = await startOurs({ access: accessBy({ ...rules, denyAction: 'disconnect' }) })
  forbid('publish alice secret')
  const publisher = await RawClient.connect(strict.port, { username: 'alice' })
  publisher.send(publishPacket('secret', 'x', { qos: 1, messageId: 1 }))
  await publisher.until(() => publisher.closed)
  assert.deepEqual([publisher.packets.length, strict.hooks.publishes().length], [1, 0])
  assert.deepEqual(strict.hooks.story().at(-1), 'client.disconnected error')
  await strict.close()
})

test('a will is judged when it is published, by the rules of then', async () => {
  const wills = async (name: string): Promise<boolean> => {
    const options = { will: { topic: `will/${name}`, payload: Buffer.from('x'), qos: 1 as const, retain: false } }
    const client = await connect(name, { clientId: `dying-${name}`, ...options })
    if (name === 'late') forbid('publish late will/late')
    await client.drop()
    await sleep(QUIET_MS)
    return ours.hooks.publishes().some(({ topic }) => topic === `will/${name}`)
  }
  forbid('publish early will/early')
  assert.deepEqual([await wills('early'), await wills('late'), await wills('free')], [false, false, true])
  assert.equal(ours.broker.stats().denied.will, 2)
})

test('a live message is sent to those who may read it, and the rules count from one message to the next', async () => {
  const [alice, bob, publisher] = await Promise.all([connect('alice'), connect('bob'), connect('eve')])
  for (const client of [alice, bob]) {
    client.acknowledgeAll()
    await client.subscribe(['live/#', 1])
  }
  await publishAll(publisher, 'live/1')
  forbid('read alice live/1')
  await publishAll(publisher, 'live/1', 'live/2')
  forbidden.clear()
  ours.broker.review()
  await publishAll(publisher, 'live/1')
  await alice.received('publish', 3)
  await bob.received('publish', 4)
  assert.deepEqual(topics(alice), ['live/1', 'live/2', 'live/1'])
  await Promise.all([alice, bob, publisher].map((client) => client.disconnect()))
})

test('what waits for a client that reads slowly, and what was in flight, is not sent any more', async () => {
  const options = { clientId: 'slow', clean: false }
  const slow = await connect('alice', options)
  const publisher = await connect('eve')
  await slow.subscribe(['q/#', 1])
  await publishAll(publisher, 'q/1', 'q/2', 'q/3', 'q/4') // two of them in flight, two wait
  await slow.received('publish', 2)
  forbid('read alice q/2', 'read alice q/3')
  for (const publish of slow.publishes.slice(0, 1)) slow.answer('puback', publish)
  await slow.received('publish', 3)
  assert.deepEqual(topics(slow), ['q/1', 'q/2', 'q/4'])
  await slow.drop()
  await publishAll(publisher, 'q/3', 'q/5')
  const again = await connect('alice', options)
  again.acknowledgeAll()
  await again.received('publish', 2)
  await sleep(QUIET_MS)
  assert.deepEqual(topics(again), ['q/4', 'q/5']) // q/2 was in flight
  assert.ok(ours.broker.stats().dropped.forbidden_reader! >= 2)
  await Promise.all([again.disconnect(), publisher.disconnect()])
})

test('who resumes a session as somebody else gets of it what that one may read', async () => {
  const options = { clientId: 'shared', clean: false }
  const alice = await connect('alice', options)
  await alice.subscribe(['s/#', 1])
  await alice.disconnect()
  const publisher = await connect('eve')
  forbid('read bob s/hers')
  await publishAll(publisher, 's/hers', 's/both')
  const bob = await connect('bob', options)
  bob.acknowledgeAll()
  await bob.received('publish')
  await publishAll(publisher, 's/hers', 's/both')
  await bob.received('publish', 2)
  await sleep(QUIET_MS)
  assert.deepEqual(topics(bob), ['s/both', 's/both'])
  await Promise.all([bob.disconnect(), publisher.disconnect()])
})

test('retained and fetched messages come only to who may read them', async () => {
  const publisher = await connect('eve')
  for (const topic of ['kept/secret', 'kept/open']) await publisher.publish(topic, 'x', { qos: 1, retain: true })
  const stored = ours.hooks.publishes().slice(-2).map(messageOf)
  const older = (message: Message): Message => ({ ...message, msgid: `old-${message.topic}`, seq: 0, retain: false })
  ours.hooks.fetch = async function* () {
    yield* stored.map(older)
  }
  forbid('read alice kept/secret')
  const alice = await connect('alice')
  alice.acknowledgeAll()
  await alice.subscribe(['kept/#', 1])
  await alice.received('publish', 2)
  await sleep(QUIET_MS)
  assert.deepEqual(
    alice.publishes.map(({ topic, retain }) => [topic, retain]),
    [
      ['kept/open', true],
      ['kept/open', false],
    ],
  )
  ours.hooks.fetch = undefined
  await Promise.all([alice.disconnect(), publisher.disconnect()])
})

test('a subscription that the gateway makes is refused by the same rules', async () => {
  ours.hooks.lookups.set('looked-up', [
    { topic: 'mine', qos: 1 },
    { topic: 'others', qos: 1 },
  ])
  forbid('subscribe alice others')
  const before = ours.broker.stats().denied.lookup
  const alice = await connect('alice', { clientId: 'looked-up' })
  await alice.until(() => ours.hooks.story('looked-up').includes('session.subscribed mine'))
  await sleep(QUIET_MS)
  assert.deepEqual(ours.hooks.story('looked-up').slice(2), ['session.subscribed mine'])
  assert.equal(ours.broker.stats().denied.lookup, before + 1)
  await alice.disconnect()
})

test('who would not be let in any more is disconnected, with its session kept', async () => {
  const [alice, bob] = await Promise.all([
    connect('alice', { clientId: 'alice-1', clean: false }),
    connect('bob', { clientId: 'bob-1' }),
  ])
  forbid('gone alice')
  await alice.until(() => alice.closed)
  assert.equal(bob.closed, false)
  assert.equal(ours.hooks.story('alice-1').at(-1), 'client.disconnected revoked')
  forbidden.clear()
  const again = await connect('alice', { clientId: 'alice-1', clean: false })
  assert.equal(again.connack!.sessionPresent, true)
  await Promise.all([again.disconnect(), bob.disconnect()])
})

test('who was admitted by rules that have changed before CONNACK does not stay', async () => {
  const late = await startOurs({
    access: accessBy({
      admits({ username }) {
        forbidden.add(`gone ${username}`)
        return true
      },
      holds: rules.holds!,
    }),
  })
  const client = new RawClient(late.port)
  client.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: 'c', clean: true, username: 'alice' })
  await client.until(() => client.closed)
  await late.close()
})

test('a thousand topics that may not be read, by a thousand filters, tell nothing and cost no connection', async () => {
  const alice = await connect('alice')
  const filters = Array.from({ length: 1000 }, (_, index): [string, 0 | 1] => [`no/${index}`, 1])
  forbid(...filters.map(([filter]) => `subscribe alice ${filter}`))
  assert.ok((await alice.subscribe(...filters)).every((granted) => granted === 128))
  await alice.disconnect()
})

test("the CN of a client's certificate is its name, whatever it calls itself; one without is not let in", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-certs-'))
  const file = (name: string): string => join(folder, name)
  const openssl = (...words: string[]): void => void execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' })
  const make = (name: string, subject: string, ...signed: string[]): void => {
    const request = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', subject]
    openssl('req', '-x509', ...request, ...signed, '-keyout', `${name}.key`, '-out', `${name}.pem`)
  }
  make('ca', '/CN=test ca')
  const byCa = ['-CA', 'ca.pem', '-CAkey', 'ca.key']
  make('server', '/CN=localhost', ...byCa, '-addext', 'subjectAltName=IP:127.0.0.1')
  make('machine', '/O=site/CN=machine-7', ...byCa)
  make('nameless', '/O=site', ...byCa)
  make('two', '/CN=one/CN=two', ...byCa)
  make('stranger', '/CN=machine-7')
  const names: (string | null | undefined)[] = []
  const { broker, close } = await startOurs({
    listeners: [
      {
        ...{ kind: 'ssl', name: 'test', host: '127.0.0.1', port: 0, certfile: file('server.pem') },
        ...{ keyfile: file('server.key'), cafile: file('ca.pem'), verify: true, identityAsUsername: true },
      },
    ],
    access: accessBy({
      admits({ identity }) {
        names.push(identity)
        return identity !== null
      },
    }),
  })
  /** What it calls itself and its password do not count. */
  const codeOf = async (name: string): Promise<number | undefined> => {
    const [ca, cert, key] = ['ca.pem', `${name}.pem`, `${name}.key`].map((one) => readFileSync(file(one)))
    const socket = connectTls({ port: broker.listeners[0]!.port, host: '127.0.0.1', ca: ca!, cert: cert!, key: key! })
    const client = new RawClient(socket)
    client.send(connectPacket({ username: 'root', password: Buffer.from('x') }))
    await client.until(() => client.connack !== undefined || client.closed)
    const known = broker.clients().map(({ username }) => username)
    assert.deepEqual(known, name === 'machine' ? ['machine-7'] : [])
    await client.drop()
    return client.connack?.returnCode
  }
  assert.equal(await codeOf('machine'), 0)
  await sleep(QUIET_MS) // it is gone
  assert.equal(await codeOf('nameless'), 4)
  assert.equal(await codeOf('two'), 4)
  assert.equal(await codeOf('stranger'), undefined)
  assert.deepEqual(names, ['machine-7', null, null])
  await close()
  rmSync(folder, { recursive: true })
})
