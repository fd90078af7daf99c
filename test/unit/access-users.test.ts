// The users file and its hashes.

import assert from 'node:assert/strict'
import { argon2Sync } from 'node:crypto'
import { test } from 'node:test'
import { hashPassword, parseHash } from '../../src/access/password-hash.ts'
import { nameFault, parseUsers, passwordFault, withUser } from '../../src/access/users.ts'
import { Faults, formatFault } from '../../src/config/fault.ts'

const SCRYPT = '$scrypt$ln=4,r=8,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA'

async function verify(hash: string, password: string): Promise<boolean> {
  const reading = parseHash(hash)
  if ('fault' in reading) return assert.fail(reading.fault)
  return await reading.value.verify(Buffer.from(password))
}

test('a hash that was made is right for its password alone, and never made twice', async () => {
  const [one, other] = await Promise.all([hashPassword(Buffer.from('pä'), 10), hashPassword(Buffer.from('pä'), 10)])
  assert.notEqual(one, other)
  assert.equal(await verify(one, 'pä'), true)
  assert.equal(await verify(one, 'pa'), false)
  assert.match(await hashPassword(Buffer.from('x')), /^\$scrypt\$ln=14,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
})

test("others' hashes: RFC 7914 and the reference implementation of argon2", async () => {
  const bytes = (hex: string): string => Buffer.from(hex, 'hex').toString('base64').replace(/=+$/, '')
  // RFC 7914, chapter 12: N = 16384, r = 8, p = 1
  const scrypt = bytes(
    '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
      'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
  )
  const salt = bytes(Buffer.from('SodiumChloride').toString('hex'))
  assert.equal(await verify(`$scrypt$ln=14,r=8,p=1$${salt}$${scrypt}`, 'pleaseletmein'), true)
  // README of the reference implementation: echo -n password | argon2 somesalt -t 2 -m 16 -p 4 -l 24
  const argon2i = '$argon2i$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG'
  assert.equal(await verify(argon2i, 'password'), true)
  assert.equal(await verify(argon2i, 'Password'), false)
  const parameters = { message: 'x', nonce: 'somesalt', parallelism: 1, tagLength: 32, memory: 64, passes: 3 }
  const argon2id = argon2Sync('argon2id', parameters).toString('base64').replace(/=+$/, '')
  assert.equal(await verify(`$argon2id$v=19$m=64,t=3,p=1$c29tZXNhbHQ$${argon2id}`, 'x'), true)
})

test('faults have their place, and show nothing of what may be a password', () => {
  const lines = [
    '# users',
    'ada:hunter2',
    '  bob:',
    'nobody',
    `:${SCRYPT}`,
    `eve:${SCRYPT}`,
    `eve:${SCRYPT}`,
    'max:$7$101$c2FsdA$aGFzaA',
    `big:${SCRYPT.replace('ln=4', 'ln=20')}`,
    `odd:${SCRYPT.replace('r=8', 'r=0')}`,
    'old:$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAA',
    'low:$argon2id$v=19$m=4,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAA',
    `t\tb:${SCRYPT}`,
  ]
  const faults = new Faults()
  const users = parseUsers('passwd', Buffer.from(lines.join('\r\n')), faults)
  assert.deepEqual([...users.keys()], ['eve'])
  const hash = 'expected a hash such as $scrypt$ln=14,r=8,p=1$… or $argon2id$v=19$m=19456,t=2,p=1$…'
  const again = (name: string): string => `(holdfast passwd ${name} sets a new one)`
  assert.deepEqual(faults.list.map(formatFault), [
    `passwd:2:5: ${hash} ${again('ada')}`,
    `passwd:3:7: ${hash} ${again('bob')}`,
    'passwd:4:1: expected name:hash (holdfast passwd NAME writes such a line)',
    'passwd:5:1: a name must not be empty (holdfast passwd NAME writes such a line)',
    'passwd:7:1: user eve is there twice',
    `passwd:8:5: the hashes of mosquitto_passwd are not taken ${again('max')}`,
    `passwd:9:5: a check of this hash would take 1024 MB of memory, at most 64 may be ${again('big')}`,
    `passwd:10:5: ${hash} ${again('odd')}`,
    `passwd:11:5: ${hash} ${again('old')}`,
    `passwd:12:5: ${hash} ${again('low')}`,
    "passwd:13:1: a name must not hold ':' or control characters, nor begin or end with a space (holdfast passwd NAME writes such a line)",
  ])
})

test('names and passwords that can be none', () => {
  for (const name of ['', ':', 'a:b', ' a', 'a ', '#a', 'a\nb', 'a\0', 'a\ufffd', 'ä'.repeat(129)]) {
    assert.ok(nameFault(name), JSON.stringify(name))
  }
  for (const name of ['a', 'a b', 'a/b', 'ä'.repeat(128), '+', '__proto__']) assert.equal(nameFault(name), undefined)
  for (const password of ['', 'x\0', 'x'.repeat(1025)]) assert.ok(passwordFault(Buffer.from(password)))
  for (const password of [' ', 'x'.repeat(1024)]) assert.equal(passwordFault(Buffer.from(password)), undefined)
})

test("a user's line is changed, added, taken away; the others and the comments stay", () => {
  const text = '# mine\nada:1\n\n bob:2\nadam:3'
  assert.equal(withUser(text, 'ada', 'x'), '# mine\nada:x\n\n bob:2\nadam:3\n')
  assert.equal(withUser(text, 'bob', 'x'), '# mine\nada:1\n\nbob:x\nadam:3\n')
  assert.equal(withUser(text, 'eve', 'x'), '# mine\nada:1\n\n bob:2\nadam:3\neve:x\n')
  assert.equal(withUser(text, 'ada', undefined), '# mine\n\n bob:2\nadam:3\n')
  assert.equal(withUser('', 'ada', 'x'), 'ada:x\n')
  assert.equal(withUser('ada:x\n', 'ada', undefined), '')
})
