import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatFault } from '../../src/config/fault.ts'
import { type ConfigSchema, faultsInUse, type KindSchema, loadConfig } from '../../src/config/load.ts'
import { Secret, secret } from '../../src/config/secret.ts'
import type { SettingsSpec } from '../../src/config/spec.ts'
import { integer, text } from '../../src/config/values.ts'
import { BACKEND_KINDS, type BackendKind, FUNCTIONS, type FunctionName } from '../../src/model/binding.ts'
import { etcWith } from '../conf/etc-folder.ts'
import { Random } from '../helpers/random.ts'

const GATEWAY = { 'mqtt.max': { type: integer({ min: 1 }), default: '5', doc: '' } } as const satisfies SettingsSpec
const POOL = { server: { type: text, default: 'here', doc: '' }, password: { type: secret, doc: '' } } as const
const kinds = Object.fromEntries(
  BACKEND_KINDS.map((kind): [BackendKind, KindSchema] => [kind, { pool: POOL, built: kind === 'pgsql' }]),
) as Record<BackendKind, KindSchema>

const SCHEMA: ConfigSchema<typeof GATEWAY> = {
  gateway: GATEWAY,
  kinds: {
    ...kinds,
    redis: { ...kinds.redis, plugin: { 'msg.expired_after': { type: integer(), default: '3600', doc: '' } } },
    cassa: { ...kinds.cassa, prefixes: ['backend.ecql.'] },
  },
  rules: {
    parseStatement: (statement) => ({ statement: { texts: [statement], names: [] }, warnings: [], faults: [] }),
    unknownParameters: () => [],
    actionKeys: () => ['sql'],
    functions: () => new Set(Object.keys(FUNCTIONS) as FunctionName[]),
  },
}

/** Writes the files into a new folder and loads it; faults come without the folder. */
function load(files: Record<string, string>) {
  const etc = etcWith({ 'holdfast.conf': '', ...files })
  const config = loadConfig(etc, SCHEMA)
  const format = (faults: typeof config.faults) => faults.map((one) => formatFault(one).replaceAll(`${etc}/`, ''))
  return { config, faults: format(config.faults), inUse: format(faultsInUse(config)) }
}

const PGSQL = 'plugins/emqx_backend_pgsql.conf'
const store = (kind: string, n: number, pool = 'pool1') =>
  `backend.${kind}.hook.message.publish.${n} = {"action": {"function": "on_message_store"}, "pool": "${pool}"}\n`

test('settings, pools and bindings', () => {
  const { config, faults } = load({
    'holdfast.conf': 'mqtt.max = 9',
    loaded_plugins: 'emqx_backend_pgsql',
    [PGSQL]: `${store('pgsql', 10)}${store('pgsql', 2)}backend.pgsql.pool1.password = x\n`,
    'plugins/emqx_backend_redis.conf': 'backend.redis.a.server = there\nbackend.redis.msg.expired_after = 60',
    'plugins/emqx_backend_cassa.conf': `backend.ecql.a.server = 1\nbackend.cassa.b.server = 2\n${store('cassa', 1, 'a')}`,
  })
  assert.deepEqual(faults, [])
  assert.equal(config.gateway['mqtt.max'], 9)
  const [redis, pgsql, cassa] = config.plugins
  assert.deepEqual(
    [redis?.kind, redis?.loaded, pgsql?.name, pgsql?.loaded],
    ['redis', false, 'emqx_backend_pgsql', true],
  )
  assert.deepEqual(
    pgsql?.bindings.map(({ order, pool }) => [order, pool]),
    [
      [2, 'pgsql.pool1'],
      [10, 'pgsql.pool1'],
    ],
  )
  const [pool] = pgsql?.pools ?? []
  assert.deepEqual([pool?.id, pool?.name, pool?.settings.server], ['pgsql.pool1', 'pool1', 'here'])
  assert.ok(pool?.settings.password instanceof Secret)
  assert.deepEqual(redis?.pools[0]?.settings.plugin, { 'msg.expired_after': 60 })
  assert.deepEqual(
    cassa?.pools.map(({ id }) => id),
    ['cassa.a', 'cassa.b'],
  )
})

test('all faults of all files, in order; those of a plugin that is not loaded do not stop a start', () => {
  const { faults, inUse } = load({
    'holdfast.conf': 'mqtt.max = 0\nmqtt.mx = 1',
    loaded_plugins: 'emqx_backend_mysql\nemqx_backend_mongo\nemqx_backend_pgslq\n{emqx_backend_redis, false}.\n',
    'plugins/emqx_backend_mongo.conf': store('mongo', 1),
    [PGSQL]: `backend.mysql.pool1.server = x\n${store('pgsql', 1)}`,
  })
  const others = [
    "holdfast.conf:1:12: mqtt.max: expected a whole number of at least 1, not '0'",
    'holdfast.conf:2:1: unknown key mqtt.mx (did you mean mqtt.max? keys: mqtt.max)',
    'loaded_plugins:1:1: emqx_backend_mysql is loaded, but plugins/emqx_backend_mysql.conf is not there',
    'loaded_plugins:1:1: the mysql backend is not built into this version (these are: emqx_backend_pgsql)',
    'loaded_plugins:2:1: the mongo backend is not built into this version (these are: emqx_backend_pgsql)',
    'loaded_plugins:3:1: unknown plugin emqx_backend_pgslq (did you mean emqx_backend_pgsql?)',
    'plugins/emqx_backend_mongo.conf:1:93: pool pool1 is not defined (pools: none in this file)',
  ]
  const ofPgsql = [
    `${PGSQL}:1:1: unknown key backend.mysql.pool1.server (keys in this file begin with backend.pgsql.)`,
    `${PGSQL}:2:93: pool pool1 is not defined (pools: none in this file)`,
  ]
  assert.deepEqual(faults, [...others, ...ofPgsql])
  assert.deepEqual(inUse, others)
})

test("limits of a plugin's fetches", () => {
  const fetch = '{"action": {"function": "on_message_fetch"}, "pool": "p"}'
  const { config } = load({
    [PGSQL]: `backend.pgsql.max_returned_count = 5\nbackend.pgsql.time_range = 2h\nbackend.pgsql.p.server = x
backend.pgsql.hook.session.subscribed.1 = ${fetch}\n`,
  })
  assert.deepEqual(config.plugins[0]?.bindings[0]?.options, { maxReturnedCount: 5, timeRangeMs: 7_200_000 })
})

test("EMQX's own list of plugins is taken", () => {
  const { config, faults } = load({
    loaded_plugins: '%% plugins\n{emqx_management, true}.\nemqx_recon.\n{emqx_backend_pgsql,true}.\n',
    [PGSQL]: 'backend.pgsql.pool1.server = x',
  })
  assert.equal(config.plugins[0]?.loaded, true)
  assert.deepEqual(faults, [
    'loaded_plugins:2:1: warning: emqx_management is a plugin of EMQX that Holdfast does not have (the line does nothing)',
    'loaded_plugins:3:1: warning: emqx_recon is a plugin of EMQX that Holdfast does not have (the line does nothing)',
  ])
})

test('a folder that is not there, and a file that is a folder', () => {
  const missing = loadConfig('/nowhere/etc', SCHEMA)
  assert.deepEqual(missing.faults.map(formatFault), [
    '/nowhere/etc/holdfast.conf:1:1: the file is not there (is --etc the right folder?)',
    '/nowhere/etc/loaded_plugins:1:1: warning: the file is not there (no plugin is loaded)',
  ])
  const { faults } = load({ [`${PGSQL}/x`]: '' })
  assert.deepEqual(faults, [`${PGSQL}:1:1: the file can't be read: EISDIR: illegal operation on a directory, read`])
})

test('whatever is in the files, there are only faults', () => {
  const seed = Date.now()
  const random = new Random(seed)
  const pieces = [
    'backend.pgsql.',
    'hook.message.publish.1',
    ' = ',
    '{"action": ',
    '"',
    '}',
    '[',
    '\\',
    '\n',
    '.',
    '#',
    'p.server',
  ]
  for (let round = 0; round < 400; round++) {
    const noise = Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256)))
    const shuffled = Array.from({ length: random.below(60) }, () => random.pick(pieces)).join('')
    const content = round % 2 === 0 ? noise.toString('latin1') : shuffled
    assert.doesNotThrow(
      () => load({ 'holdfast.conf': content, loaded_plugins: content, [PGSQL]: content }),
      `seed ${seed}, round ${round}`,
    )
  }
})
