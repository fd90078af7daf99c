import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { revealSecrets, Secret, secret } from '../../src/config/secret.ts'
import * as values from '../../src/config/values.ts'
import { folderUntilExit } from '../helpers/temporary.ts'

const context = { etcDir: '/etc/holdfast' }

/** `undefined` stands for a fault. */
function check<T>(type: values.ValueType<T>, cases: Record<string, T | undefined>): void {
  for (const [text, expected] of Object.entries(cases)) {
    const reading = type.read(text, context)
    if (expected === undefined) assert.match('fault' in reading ? reading.fault : '', /^expected /, `'${text}'`)
    else assert.deepEqual(reading, { value: expected }, `'${text}'`)
  }
}

test('flags', () => {
  check(values.flag, {
    on: true,
    off: false,
    true: true,
    false: false,
    1: true,
    0: false,
    yes: undefined,
    '': undefined,
  })
  check(values.verification, { verify_peer: true, verify_none: false, on: true, maybe: undefined })
  check(values.flag, { toString: undefined })
})

test('integers have bounds, and the fault tells them', () => {
  check(values.integer(), {
    0: 0,
    '-5': -5,
    '+7': 7,
    '1.5': undefined,
    '': undefined,
    '1e3': undefined,
    '0x10': undefined,
  })
  check(values.integer({ min: 1, max: 9 }), { 1: 1, 9: 9, 0: undefined, 10: undefined })
  assert.deepEqual(values.integer({ min: 1, max: 9 }).read('10', context), {
    fault: "expected a whole number from 1 to 9, not '10'",
  })
  assert.deepEqual(values.integer({ min: 1 }).read('', context), { fault: 'expected a whole number of at least 1' })
  check(values.integer(), { '99999999999999999999': undefined })
})

test('durations are combined, fractional, in ms; a number alone counts seconds', () => {
  check(values.duration, {
    '30s': 30_000,
    '1h30m': 5_400_000,
    '0.5d': 43_200_000,
    '1f': 1_209_600_000,
    '2w': 1_209_600_000,
    '20ms': 20,
    '1m20ms': 60_020,
    '0s': 0,
    5: 5000,
    '5x': undefined,
    '-1s': undefined,
    '1 h': undefined,
    '.5s': undefined,
    '': undefined,
    '9999999999999999w': undefined,
  })
})

test('sizes are in bytes, KB is 1024', () => {
  check(values.bytes, {
    '64MB': 67_108_864,
    '1gb': 2 ** 30,
    '1.5KB': 1536,
    '2 MB': 2_097_152,
    100: 100,
    '100B': 100,
    '1XB': undefined,
    MB: undefined,
    '-1MB': undefined,
  })
})

test('infinity and other words beside a type', () => {
  check(values.orInfinity(values.integer({ min: 1 })), { infinity: Number.POSITIVE_INFINITY, 5: 5, 0: undefined })
  check(values.orWord(values.duration, 'auto'), { auto: 'auto', '5ms': 5, automatic: undefined })
  assert.deepEqual(values.orWord(values.duration, 'auto').read('x', context), {
    fault: "expected a duration such as 30s, 1h30m or 0.5d (units f w d h m s ms), or auto, not 'x'",
  })
})

test('choices', () => {
  check(values.choice('refuse', 'drop_oldest'), { refuse: 'refuse', drop_oldest: 'drop_oldest', drop: undefined })
  assert.deepEqual(values.choice('a', 'b', 'c').read('d', context), { fault: "expected a, b or c, not 'd'" })
})

test('addresses', () => {
  check(values.address(5432), {
    '127.0.0.1:5433': { host: '127.0.0.1', port: 5433 },
    'db.example.org': { host: 'db.example.org', port: 5432 },
    '[::1]:1': { host: '::1', port: 1 },
    '[fe80::1%eth0]': { host: 'fe80::1%eth0', port: 5432 },
    '::1': undefined,
    'host:99999': undefined,
    'host:': undefined,
    ':5432': undefined,
    'a b': undefined,
    5432: undefined,
    '': undefined,
  })
  check(values.addresses(9042), {
    'a,b:1, [::1]:2': [
      { host: 'a', port: 9042 },
      { host: 'b', port: 1 },
      { host: '::1', port: 2 },
    ],
    'a,,b': undefined,
  })
  check(values.listenAddress(1883), {
    1884: { host: '0.0.0.0', port: 1884 },
    '127.0.0.1:0': { host: '127.0.0.1', port: 0 },
    70000: undefined,
  })
  check(values.httpUrl, {
    'http://localhost:8000': 'http://localhost:8000',
    'localhost:8000': undefined,
    'ftp://x': undefined,
  })
})

test('paths begin in the folder of the conf', () => {
  check(values.path, { passwd: '/etc/holdfast/passwd', '/a/b': '/a/b', '': undefined })
  const reading = values.readableFile.read('certs/none.pem', context)
  assert.match('fault' in reading ? reading.fault : '', /^the file can't be read: .*certs\/none\.pem/)
})

test('a secret prints as *** and is read from where it is', () => {
  const folder = folderUntilExit()
  const file = join(folder, 'password')
  writeFileSync(file, 'from file\n')
  process.env.HOLDFAST_TEST_SECRET = 'from env'
  const reveal = (text: string): string => {
    const reading = secret.read(text, context)
    return 'value' in reading ? reading.value.reveal() : reading.fault
  }
  assert.equal(reveal('plain # text'), 'plain # text')
  assert.equal(reveal(`file:${file}`), 'from file')
  assert.equal(reveal('env:HOLDFAST_TEST_SECRET'), 'from env')
  assert.match(reveal('file:relative'), /^expected an absolute path after 'file:'/)
  assert.match(reveal(`file:${folder}/none`), /^the secret's file can't be read: ENOENT/)
  assert.equal(reveal('env:HOLDFAST_NOT_SET'), "the secret's environment variable 'HOLDFAST_NOT_SET' is not set")

  const settings = { user: 'me', password: new Secret('s3cret'), pools: new Map([['a', [new Secret('t0p')]]]) }
  for (const printed of [`${settings.password}`, JSON.stringify(settings), inspect(settings, { depth: 9 })]) {
    assert.doesNotMatch(printed, /s3cret|t0p/)
  }
  assert.equal(`${settings.password}`, '***')
  const revealed = revealSecrets(settings)
  assert.deepEqual(structuredClone(revealed), { user: 'me', password: 's3cret', pools: new Map([['a', ['t0p']]]) })
})

test('a fault does not repeat the password of a URI', () => {
  for (const [uri, shown] of [
    ['postgres://root:hunter2@10.0.0.1:5432/mqtt', 'postgres://***@10.0.0.1:5432/mqtt'],
    ['redis://:hu@nt/er2@10.0.0.1', 'redis://***@10.0.0.1'],
  ] as const) {
    assert.deepEqual(values.choice('a').read(uri, context), { fault: `expected a, not '${shown}'` })
  }
})
