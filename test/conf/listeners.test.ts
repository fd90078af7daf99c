// Certificates of listeners, as `holdfast check` sees them.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { checkConfig } from '../../src/gateway/load.ts'
import { makeCertificate } from '../helpers/certificates.ts'
import { temporaryFolder } from '../helpers/journal.ts'
import { etcWith } from './etc-folder.ts'

function check(t: TestContext, ...keys: string[]): string[] {
  const folder = temporaryFolder(t)
  for (const name of ['own', 'other']) makeCertificate(folder, name)
  const pem = (name: string): string => readFileSync(join(folder, name), 'utf8')
  const listener = 'listener.wss.x'
  const etc = etcWith({
    'holdfast.conf': [`${listener} = 127.0.0.1:8884`, ...keys.map((key) => `${listener}.${key}`), ''].join('\n'),
    loaded_plugins: '',
    'own.pem': pem('own.pem'),
    'own.key': pem('own.key'),
    'other.key': pem('other.key'),
    'empty.pem': '',
  })
  return checkConfig(etc).text.replaceAll(`${etc}/`, '').split('\n').slice(0, -1)
}

test('a pair that is one', (t) => {
  assert.deepEqual(check(t, 'certfile = own.pem', 'keyfile = own.key', 'cafile = own.pem', 'verify = on'), [])
})

for (const [what, keys, told] of [
  [
    'the key of another certificate',
    ['certfile = own.pem', 'keyfile = other.key'],
    /^holdfast.conf:2:1: listener.wss.x: .*mismatch/,
  ],
  [
    'no certificate in the file',
    ['certfile = empty.pem', 'keyfile = own.key'],
    /^holdfast.conf:2:1: listener.wss.x: .*PEM/,
  ],
  [
    'verify without a CA',
    ['certfile = own.pem', 'keyfile = own.key', 'verify = on'],
    /nothing says who signs them \(set listener.wss.x.cafile\)/,
  ],
  [
    'no suite of that name',
    ['certfile = own.pem', 'keyfile = own.key', 'ciphers = NO-SUCH'],
    /^holdfast.conf:2:1: listener.wss.x: .*no cipher match/i,
  ],
  [
    'a path without a slash',
    ['certfile = own.pem', 'keyfile = own.key', 'path = mqtt'],
    /^holdfast.conf:4:23: listener.wss.x.path: expected a path such as \/mqtt, not 'mqtt'/,
  ],
  [
    'an origin with a path',
    ['certfile = own.pem', 'keyfile = own.key', 'origins = https://a/b'],
    /origins: expected origins by comma such as https:\/\/panel.example.com, or \*, not/,
  ],
] as const) {
  test(`${what} is told with its place`, (t) => {
    const faults = check(t, ...keys)
    assert.equal(faults.length, 1, faults.join('\n'))
    assert.match(faults[0]!, told)
  })
}
