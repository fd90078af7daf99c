// The same rules file and the same clients through mosquitto and through us: who may write and who may read what.
// What differs is in the table of src/access/DESIGN.md, and here each such case by name.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AccessControl } from '../../src/access/access.ts'
import { parseAcl } from '../../src/access/acl.ts'
import type { PasswordHash } from '../../src/access/password-hash.ts'
import type { AccessControl as AccessForBroker } from '../../src/broker/broker.ts'
import { Faults } from '../../src/config/fault.ts'
import { startMosquitto } from '../bench/peers.ts'
import { startOurs } from '../helpers/brokers.ts'
import { mosquittoMissing } from '../helpers/mosquitto.ts'
import { RawClient } from '../helpers/raw-client.ts'

const OBSERVER = 'observer'
const NAMES = ['ada', 'bob', 'eve', 'a/b', 'x+', OBSERVER]
const folder = mkdtempSync(join(tmpdir(), 'holdfast-acl-'))
const passwords = join(folder, 'passwords')
after(() => rmSync(folder, { recursive: true }))

interface Who {
  readonly clientid: string
  readonly username: string | null
}

/** `<username>@<clientid> read|write <topic>`, of everything that was allowed. */
type Allowed = Set<string>

/** Asks a broker by trying: each client publishes to each topic, and is sent each topic by the observer. */
async function allowedBy(port: number, clients: readonly Who[], topics: readonly string[]): Promise<Allowed> {
  const connect = (clientId: string, username: string | null): Promise<RawClient> =>
    RawClient.connect(port, { clientId, ...(username !== null && { username, password: Buffer.from('x') }) })
  const allowed: Allowed = new Set()
  const observer = await connect(OBSERVER, OBSERVER)
  observer.acknowledgeAll()
  await observer.subscribe(['#', 1])
  for (const { clientid, username } of clients) {
    const client = await connect(clientid, username)
    assert.equal(client.connack!.returnCode, 0)
    client.acknowledgeAll()
    await client.subscribe(['#', 1])
    await client.subscribe(...topics.map((topic): [string, 1] => [topic, 1]))
    const note = (action: string, heard: RawClient, payload: string): void => {
      for (const publish of heard.publishes.filter((one) => one.payload.toString() === payload)) {
        allowed.add(`${username}@${clientid} ${action} ${publish.topic}`)
      }
    }
    for (const topic of topics) await client.publish(topic, `from ${username}@${clientid}`, { qos: 1 })
    await turn(observer)
    note('write', observer, `from ${username}@${clientid}`)
    for (const topic of topics) await observer.publish(topic, `to ${username}@${clientid}`, { qos: 1 })
    await turn(client)
    note('read', client, `to ${username}@${clientid}`)
    await client.disconnect()
  }
  await observer.disconnect()
  return allowed
}

/** What the broker has sent to this client has come. */
async function turn(client: RawClient): Promise<void> {
  const before = client.packets.filter(({ cmd }) => cmd === 'pingresp').length
  client.send({ cmd: 'pingreq' })
  await client.received('pingresp', before + 1)
}

async function mosquittoAllows(rules: string, clients: readonly Who[], topics: readonly string[]): Promise<Allowed> {
  const file = join(folder, 'acl')
  writeFileSync(file, `${rules}\nuser ${OBSERVER}\ntopic #\n`)
  const root = process.getuid?.() === 0 ? ['user root'] : []
  const mosquitto = await startMosquitto(`password_file ${passwords}`, `acl_file ${file}`, ...root)
  try {
    return await allowedBy(mosquitto.port, clients, topics)
  } finally {
    await mosquitto.stop()
  }
}

async function weAllow(rules: string, clients: readonly Who[], topics: readonly string[]): Promise<Allowed> {
  const faults = new Faults()
  const acl = parseAcl('acl', Buffer.from(rules), faults)
  assert.deepEqual(faults.list, [])
  const anything: PasswordHash = { text: '', memoryBytes: 1, verify: async () => true }
  const control = new AccessControl({
    users: new Map(NAMES.map((name) => [name, anything])),
    acl,
    anonymous: true,
    nomatch: 'deny',
    denyAction: 'ignore',
    admins: new Set(),
    tries: { perName: 5, perAddress: 100 },
  })
  const observes = { username: OBSERVER, mayPublish: yes, mayRead: yes, maySubscribe: yes, holds: yes }
  const access: AccessForBroker = {
    denyAction: 'ignore',
    admit: async (applicant) => (applicant.username === OBSERVER ? observes : await control.admit(applicant)),
  }
  const ours = await startOurs({ access })
  try {
    return await allowedBy(ours.port, clients, topics)
  } finally {
    await ours.close()
  }
}

const yes = (): boolean => true
const without = (all: Allowed, others: Allowed): string[] => [...all].filter((one) => !others.has(one)).sort()

interface Case {
  readonly rules: string
  readonly clients: readonly Who[]
  readonly topics: readonly string[]
  /** What mosquitto allows and we do not. */
  readonly theirs?: readonly string[]
  /** The other way round. */
  readonly ours?: readonly string[]
}

const who = (username: string | null, clientid: string): Who => ({ username, clientid })

const CASES: Readonly<Record<string, Case>> = {
  'general lines, user lines, deny, spaces, patterns without and with names': {
    rules: `
# nobody by name
topic read public/#
topic deny public/secret

user ada
topic readwrite plant/#
topic deny plant/keys/+
topic write log/ada

user bob
topic read plant/+/state
topic write a topic/x

pattern read all/#
pattern write own/%c
pattern mail/%u/#
pattern both/%u/%c
pattern mid/x%c/y
`,
    clients: [who(null, 'c1'), who('ada', 'c1'), who('ada', 'c2'), who('bob', 'c1'), who('eve', 'c3')],
    topics: [
      ...['public', 'public/x', 'public/secret', 'plant', 'plant/1/state', 'plant/keys', 'plant/keys/door'],
      ...['plant/keys/door/x', 'log/ada', 'a topic/x', 'all/x', 'own/c1', 'own/c2', 'own', 'mail/ada', 'mail/ada/x'],
      ...['mail/bob', 'mail/%u', 'both/ada/c1', 'both/ada/c2', 'both/bob/c1', 'mid/xc1/y', 'mid/x/y', 'other'],
    ],
  },
  'an empty file': {
    rules: '',
    clients: [who(null, 'c1'), who('ada', 'c1')],
    topics: ['a', 'a/b'],
  },
  'a pattern that denies': {
    rules: 'user ada\ntopic #\nuser bob\ntopic read x\npattern deny d/#\npattern deny own/%c\npattern own/+',
    clients: [who('ada', 'c1'), who('bob', 'c1'), who('bob', 'c2'), who(null, 'c1')],
    topics: ['d', 'd/x', 'own/c1', 'own/c2', 'x'],
    theirs: ['ada@c1 read d', 'ada@c1 read d/x', 'ada@c1 read own/c1'].flatMap((one) => [
      one,
      one.replace('read', 'write'),
    ]),
  },
  'a name with a slash': {
    rules: 'pattern devices/%c/#\npattern mail/%u\npattern deny barred/%c/#\npattern barred/#',
    clients: [who('ada', 'c1'), who('ada', 'c1/x'), who('a/b', 'c1')],
    topics: ['devices/c1/x', 'devices/c1/x/y', 'devices/c1', 'mail/a/b', 'mail/ada', 'barred/c1/x', 'barred/c1/x/y'],
    theirs: ['ada@c1/x read devices/c1/x', 'ada@c1/x read devices/c1/x/y', 'a/b@c1 read mail/a/b'].flatMap((one) => [
      one,
      one.replace('read', 'write'),
    ]),
  },
  'a name with a wildcard': {
    rules: 'user ada\ntopic own\npattern devices/%c/#\npattern mail/%u\npattern all/#',
    clients: [who('ada', '+'), who('ada', '#'), who('x+', 'c1'), who('ada', 'c1')],
    topics: ['own', 'devices/c1/x', 'devices/x', 'mail/ada', 'mail/x', 'all/x'],
    ours: [
      'ada@+ read mail/ada',
      'ada@+ read all/x',
      'ada@# read mail/ada',
      'ada@# read all/x',
      'x+@c1 read devices/c1/x',
      'x+@c1 read all/x',
    ].flatMap((one) => [one, one.replace('read', 'write')]),
  },
}

const skip = mosquittoMissing('mosquitto', 'mosquitto_passwd')

test('passwords for mosquitto', { skip }, () => {
  writeFileSync(passwords, '')
  for (const name of NAMES) execFileSync('mosquitto_passwd', ['-b', passwords, name, 'x'])
})

for (const [title, { rules, clients, topics, theirs = [], ours = [] }] of Object.entries(CASES)) {
  test(title, { skip }, async () => {
    const they = await mosquittoAllows(rules, clients, topics)
    const we = await weAllow(rules, clients, topics)
    assert.deepEqual(without(they, we), [...theirs].sort(), 'mosquitto alone allows')
    assert.deepEqual(without(we, they), [...ours].sort(), 'we alone allow')
  })
}

test('random rules without what differs', { skip }, async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
  let state = seed
  const any = <T>(items: readonly T[]): T => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return items[Math.floor((state / 2 ** 32) * items.length)]!
  }
  const levels = (words: readonly string[]): string =>
    Array.from({ length: any([1, 2, 3]) }, () => any(words)).join('/')
  const line = (word: string, access: readonly string[], words: readonly string[]): string =>
    `${word} ${any(access)}${levels(words)}${any(['', '', '/#'])}`
  const all = ['', 'read ', 'write ', 'readwrite ', 'deny ']
  const clients = [who(null, 'a'), who('ada', 'b'), who('bob', 'a'), who('eve', 'c')]
  for (let round = 0; round < 6; round++) {
    const section = (): string[] => Array.from({ length: 4 }, () => line('topic', all, ['a', 'b', '+']))
    const patterns = Array.from({ length: 3 }, () => line('pattern', all.slice(0, 4), ['a', '%c', '%u', 'x%c', '+']))
    const rules = [
      ...section(),
      'user ada',
      ...section(),
      patterns[0],
      'user bob',
      ...section(),
      ...patterns.slice(1),
    ].join('\n')
    const topics = [...new Set(Array.from({ length: 15 }, () => levels(['a', 'b', 'c', 'ada', 'xa'])))]
    const they = await mosquittoAllows(rules, clients, topics)
    const we = await weAllow(rules, clients, topics)
    assert.deepEqual([...we].sort(), [...they].sort(), `seed ${seed}:\n${rules}`)
  }
})
