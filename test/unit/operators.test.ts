import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { Operators } from '../../src/gateway/operators.ts'
import { Tokens } from '../../src/gateway/tokens.ts'
import { createLogger } from '../../src/log/logger.ts'
import { HoldfastError } from '../../src/model/errors.ts'

const PASSWORD = 'correct horse'
const MINUTE_MS = 60_000
let etc: string
let now: number
let lines: string[]
let operators: Operators

beforeEach(() => {
  etc = mkdtempSync(join(tmpdir(), 'holdfast-'))
  now = 1e6
  lines = []
  operators = made()
})
afterEach(() => rmSync(etc, { recursive: true }))

function made(): Operators {
  const log = createLogger({ level: 'info', pretty: false, destination: { write: (line) => lines.push(line) } })
  return new Operators(etc, log, () => now)
}

async function codeOf(trying: Promise<unknown>): Promise<string> {
  try {
    await trying
    return 'in'
  } catch (error) {
    assert.ok(error instanceof HoldfastError, String(error))
    return error.code
  }
}

const setUp = (code = operators.setupCode!) => operators.setUp({ code, name: 'ada', password: PASSWORD }, 'here')
const login = (password: string, address = '192.0.2.1', name = 'ada') =>
  codeOf(operators.login(name, password, address))

test('the one-time code makes the first account, however it is typed, and no second one', async () => {
  const code = operators.setupCode!
  assert.match(code, /^[2-9a-z]{4}-[2-9a-z]{4}$/)
  assert.notEqual(made().setupCode, code)
  assert.equal(await login(PASSWORD), 'SETUP')
  assert.equal(await codeOf(setUp('2222-2222')), 'LOGIN')
  const [first, second] = await Promise.all([
    codeOf(setUp(` ${code.toUpperCase().replace('-', ' ')}`)),
    codeOf(setUp()),
  ])
  assert.deepEqual([first, second].toSorted(), ['SETUP_DONE', 'in'])
  assert.equal(operators.setupCode, undefined)
  assert.equal(await login(PASSWORD), 'in')
  assert.equal(made().setupCode, undefined)
})

test('guesses of the one-time code are limited', async () => {
  for (let i = 0; i < 5; i++) assert.equal(await codeOf(setUp('2222-2222')), 'LOGIN')
  assert.equal(await codeOf(setUp()), 'TRIES')
})

test('tries are counted before they are made: many at once are no more than one after the other', async () => {
  await setUp()
  const outcomes = await Promise.all(Array.from({ length: 12 }, (_, i) => login(`guess ${i}`)))
  assert.equal(outcomes.filter((outcome) => outcome === 'LOGIN').length, 5)
  assert.equal(outcomes.filter((outcome) => outcome === 'TRIES').length, 7)
  assert.equal(await login(PASSWORD), 'TRIES', 'the right one, too')
  assert.equal(await login(PASSWORD, '192.0.2.2'), 'in', 'from elsewhere')
  now += MINUTE_MS
  assert.equal(await login(PASSWORD), 'in')
})

test('one account, guessed from many addresses: an address that it was right from is let in all the same', async () => {
  await setUp()
  assert.equal(await login(PASSWORD, 'home'), 'in')
  const outcomes: string[] = []
  for (let i = 0; i < 60; i++) outcomes.push(await login('guess', `198.51.100.${i}`))
  assert.equal(outcomes.filter((outcome) => outcome === 'LOGIN').length, 50)
  assert.equal(await login(PASSWORD, '198.51.100.99'), 'TRIES')
  assert.equal(await login(PASSWORD, 'home'), 'in')
})

test('passwords that are too easily guessed', async () => {
  await setUp()
  const bad = [
    ...['', 'short', 'aaaaaaaaaa', 'ababababab', 'my-ada-password', 'x\0yyyyyyyyy', 'x'.repeat(1025)],
    ...['iloveyou', 'Trustno1', '1Q2W3E4R5T', 'ada-admin-2026', 'Holdfast!!1', `${hostname()}-mqtt`],
  ]
  for (const password of bad) assert.equal(await codeOf(operators.set('ada', password)), 'BAD_PASSWORD', password)
  for (const password of [
    '8 Zeichen',
    'holdfast is my friend',
    'пароль из слов',
    'holdfast пароль',
    '🔑🗝️🔒🔓🚪🪟🏠🧱🪵',
    'wx yz '.repeat(150),
  ]) {
    assert.equal(await codeOf(operators.set('ada', password)), 'in', password)
    assert.equal(await login(password), 'in', password)
  }
})

test('another password, another proof; a change by another hand counts at once', async () => {
  const proof = await setUp()
  assert.ok(operators.holds(proof))
  await operators.set('ada', 'battery staple')
  assert.ok(!operators.holds(proof))
  const text = readFileSync(join(etc, 'operators'), 'utf8')
  writeFileSync(join(etc, 'operators'), `${text}bad line\n`)
  assert.equal(operators.setupCode, undefined)
  assert.equal(await login('battery staple'), 'in', 'what was known goes on')
  assert.equal(made().setupCode, undefined, 'nobody makes a first account beside a faulty file')
  assert.ok(lines.some((line) => line.includes('operators_faulty') && !line.includes(text.split(':')[1]!)))
})

test('the last operator stays', async () => {
  await setUp()
  assert.throws(() => operators.remove('ada'), { code: 'LAST_OPERATOR' })
  assert.throws(() => operators.remove('eve'), { code: 'NO_SUCH_USER' })
  await operators.set('eve', 'eavesdropping')
  operators.remove('ada')
  assert.deepEqual(operators.names, ['eve'])
})

test('tokens: kept as hashes, found by themselves only, bounded', () => {
  const tokens = new Tokens(etc)
  const secret = tokens.create('grafana on the wall', 'read', new Date(0))
  assert.deepEqual(tokens.find(secret), { name: 'grafana on the wall', may: 'read', made: new Date(0).toISOString() })
  assert.deepEqual(new Tokens(etc).list(), tokens.list())
  const kept = readFileSync(join(etc, 'tokens'), 'utf8')
  assert.ok(!kept.includes(secret))
  assert.equal(tokens.find(kept.slice(0, 43)), undefined, 'the hash is no token')
  assert.equal(tokens.find(''), undefined)
  assert.throws(() => tokens.create('grafana on the wall', 'all', new Date(0)), { code: 'BAD_TOKEN' })
  assert.throws(() => tokens.create('two\nlines', 'all', new Date(0)), { code: 'BAD_TOKEN' })
  assert.throws(() => tokens.revoke('nix'), { code: 'NO_SUCH_TOKEN' })
  tokens.revoke('grafana on the wall')
  assert.equal(tokens.find(secret), undefined)
  for (let i = 0; i < 100; i++) tokens.create(`n${i}`, 'all', new Date(0))
  assert.throws(() => tokens.create('one more', 'all', new Date(0)), { code: 'BAD_TOKEN' })
})
