import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Faults, formatFault, sortFaults } from '../../src/config/fault.ts'
import { entriesUnder, readSettings, type SettingsSpec } from '../../src/config/spec.ts'
import { parseText } from '../../src/config/text.ts'
import { address, flag, integer, listenAddress, text } from '../../src/config/values.ts'

function read<const S extends SettingsSpec>(spec: S, conf: string, prefixes: readonly string[] = ['']) {
  const faults = new Faults()
  const place = { file: 'a.conf', line: 1, column: 1 }
  const entries = entriesUnder(parseText('a.conf', Buffer.from(conf), faults), prefixes)
  const settings = readSettings(spec, { prefix: prefixes[0]!, place, entries }, { etcDir: '/etc', faults })
  return { settings, faults: sortFaults(faults.list).map(formatFault) }
}

const POOL = {
  server: { type: address(5432), default: '127.0.0.1:5432', doc: 'Address' },
  user: { type: text, doc: 'User', alias: ['username'] },
  pool_size: { type: integer({ min: 1 }), default: '8', doc: 'Connections' },
  database: { type: text, required: true, doc: 'Database' },
} as const satisfies SettingsSpec

test('values, defaults, and keys without either', () => {
  const { settings, faults } = read(POOL, 'pool_size = 3\ndatabase = mqtt')
  assert.deepEqual(settings, {
    server: { host: '127.0.0.1', port: 5432 },
    user: undefined,
    pool_size: 3,
    database: 'mqtt',
  })
  assert.deepEqual(faults, [])
})

test('a key may have another name; both at once are warned of', () => {
  assert.equal(read(POOL, 'username = me\ndatabase = x').settings.user, 'me')
  const both = read(POOL, 'username = me\nuser = you\ndatabase = x')
  assert.equal(both.settings.user, 'you')
  assert.deepEqual(both.faults, ['a.conf:2:1: warning: user is the same key as username (line 1 does not count)'])
})

test('sections with names of the operator, the name itself may have a value', () => {
  const spec = {
    'node.name': { type: text, default: 'n', doc: '' },
    'listener.tcp.*': {
      named: {
        '': { type: listenAddress(1883), required: true, doc: '' },
        max: { type: integer(), default: '5', doc: '' },
      },
    },
  } as const satisfies SettingsSpec
  const { settings, faults } = read(
    spec,
    'listener.tcp.outside = 1884\nlistener.tcp.inside = [::1]:1\nlistener.tcp.inside.max = 9\nlistener.tcp.none.max = 1',
  )
  assert.deepEqual(settings['listener.tcp.*'].get('outside'), { '': { host: '0.0.0.0', port: 1884 }, max: 5 })
  assert.deepEqual(settings['listener.tcp.*'].get('inside'), { '': { host: '::1', port: 1 }, max: 9 })
  assert.deepEqual(faults, [
    'a.conf:4:1: listener.tcp.none is missing (expected an address such as 127.0.0.1:1883, or a port)',
  ])
})

test('pools under several prefixes; the beginning of a key without a pool is no name of a pool', () => {
  const spec = {
    'topology.pool_size': { type: integer(), doc: '' },
    '*': { named: { server: { type: text, doc: '' } } },
  } as const satisfies SettingsSpec
  const conf = 'b.x.topology.pool_size = 1\nb.x.p1.server = a\nb.old.p2.server = b\nb.x.topology.pol_size = 1'
  const { settings, faults } = read(spec, conf, ['b.x.', 'b.old.'])
  assert.equal(settings['topology.pool_size'], 1)
  assert.deepEqual([...settings['*'].keys()], ['p1', 'p2'])
  assert.deepEqual(faults, [
    'a.conf:4:1: unknown key b.x.topology.pol_size (did you mean b.x.topology.pool_size? keys below b.x: topology.pool_size)',
  ])
})

test('an unknown key names the nearest and lists the others', () => {
  const { faults } = read({ '*': { named: POOL } }, 'b.p.severr = 1\nb.p.database = d\nb.p.xyzzyxy = 2', ['b.'])
  assert.deepEqual(faults, [
    'a.conf:1:1: unknown key b.p.severr (did you mean b.p.server? keys below b.p: server, user, pool_size, database)',
    'a.conf:3:1: unknown key b.p.xyzzyxy (keys below b.p: server, user, pool_size, database)',
  ])
})

test('a wrong value is a fault at the value, what is missing at the section', () => {
  const spec = { ssl: { type: flag, default: 'off', doc: '' }, name: { type: text, required: true, doc: '' } } as const
  const { settings, faults } = read(spec, ' ssl = maybe')
  assert.equal(settings.ssl, false)
  assert.deepEqual(faults, [
    'a.conf:1:1: name is missing (expected a text)',
    "a.conf:1:8: ssl: expected on or off (also true/false, 1/0), not 'maybe'",
  ])
})
