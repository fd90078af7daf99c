// The configuration lines of the EMQX backend documentation, as they are there (DynamoDB's keys replaced by AWS' own
// examples). `-optional` are the lines that stand there commented out.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { formatFault } from '../../src/config/fault.ts'
import { revealSecrets } from '../../src/config/secret.ts'
import { checkConfig, loadConfiguration } from '../../src/gateway/load.ts'
import type { Binding } from '../../src/model/binding.ts'
import { etcWith } from './etc-folder.ts'

const FOLDER = new URL('emqx/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(`${name}.conf`, FOLDER), 'utf8')

/** Loads one text as the conf of its kind; `text` are the faults, without the folder. */
function load(kind: string, text: string) {
  const etc = etcWith({ [`plugins/emqx_backend_${kind}.conf`]: text })
  const { plugins, faults } = loadConfiguration(etc)
  return { plugin: plugins[0]!, faults: faults.map((fault) => formatFault(fault).replace(`${etc}/plugins/`, '')) }
}

const actionsOf = (bindings: readonly Binding[]): string[] =>
  bindings.map(({ hook, order, action }) => `${hook}.${order} ${'function' in action ? action.function : 'statements'}`)

const NINE_HOOKS = [
  'client.connected.1 on_client_connected',
  'client.connected.2 on_subscribe_lookup',
  'client.connected.3 statements',
  'client.disconnected.1 on_client_disconnected',
  'session.subscribed.1 on_message_fetch',
  'session.subscribed.2 on_retain_lookup',
  'message.publish.1 on_message_publish',
  'message.publish.2 on_message_retain',
  'message.publish.3 on_retain_delete',
  'message.acked.1 on_message_acked',
]

const DOCUMENTS: Readonly<Record<string, { settings: object; actions: readonly string[] }>> = {
  redis: {
    settings: {
      server: [{ host: '127.0.0.1', port: 6379 }],
      pool_size: 8,
      database: 1,
      channel: 'mqtt_channel',
      plugin: { 'msg.expired_after': 3600 },
    },
    actions: [
      ...NINE_HOOKS.slice(0, 4),
      'session.subscribed.0 on_subscription_publish', // the channel's
      'session.subscribed.1 on_message_fetch_for_queue',
      'session.subscribed.2 on_message_fetch_for_pubsub',
      'session.subscribed.3 on_retain_lookup',
      'session.unsubscribed.0 on_subscription_publish',
      ...NINE_HOOKS.slice(6, 9),
      'message.acked.1 on_message_acked_for_queue',
      'message.acked.2 on_message_acked_for_pubsub',
    ],
  },
  mysql: {
    settings: { server: { host: '127.0.0.1', port: 3306 }, user: 'root', password: 'public', database: 'mqtt' },
    actions: NINE_HOOKS,
  },
  pgsql: {
    settings: { server: [{ host: '127.0.0.1', port: 5432 }], username: 'root', password: 'public', ssl: false },
    actions: NINE_HOOKS,
  },
  'pgsql-overview': {
    settings: { server: [{ host: '127.0.0.1', port: 5432 }], username: 'root', database: 'mqtt' },
    actions: [
      'client.connected.2 on_subscribe_lookup',
      'client.disconnected.1 on_client_disconnected',
      'session.subscribed.1 on_message_fetch',
      'session.subscribed.2 on_retain_lookup',
      'session.unsubscribed.1 statements',
    ],
  },
  mongo: {
    settings: { type: 'single', server: [{ host: '127.0.0.1', port: 27017 }], c_pool_size: 8, database: 'mqtt' },
    actions: NINE_HOOKS.filter((action) => action !== 'client.connected.3 statements'),
  },
  cassa: {
    settings: {
      nodes: [{ host: '127.0.0.1', port: 9042 }],
      size: 8,
      auto_reconnect: 1,
      username: 'cassandra',
      password: 'cassandra',
      keyspace: 'mqtt',
      logger: 'info',
    },
    actions: [...NINE_HOOKS.slice(0, 6), 'session.unsubscribed.1 statements', ...NINE_HOOKS.slice(6)],
  },
  dynamo: {
    settings: {
      server: 'http://localhost:8000',
      pool_size: 8,
      aws_access_key_id: 'AKIAIOSFODNN7EXAMPLE',
      plugin: { region: 'us-west-2' },
    },
    actions: [
      'client.connected.1 on_client_connected',
      'session.created.1 on_subscribe_lookup',
      'client.disconnected.1 on_client_disconnected',
      'session.subscribed.1 on_message_fetch_for_queue',
      'session.subscribed.2 on_retain_lookup',
      'session.unsubscribed.1 on_acked_delete',
      'message.publish.1 on_message_publish',
      'message.publish.2 on_message_retain',
      'message.publish.3 on_retain_delete',
      'message.acked.1 on_message_acked_for_queue',
    ],
  },
}

for (const [document, expected] of Object.entries(DOCUMENTS)) {
  const kind = document.split('-')[0]!
  test(`${document}: every line is taken as it is`, () => {
    const { plugin, faults } = load(kind, read(document))
    assert.deepEqual(faults, [])
    assert.deepEqual(
      plugin.pools.map(({ id }) => id),
      [`${kind}.pool1`],
    )
    assert.partialDeepStrictEqual(revealSecrets(plugin.pools[0]!.settings), expected.settings)
    assert.deepEqual(actionsOf(plugin.bindings), expected.actions)
  })
}

test('cassa: the line without a quote is a fault that says where and what; all other lines are taken', () => {
  const etc = etcWith({ 'plugins/emqx_backend_cassa.conf': read('cassa-missing-quote') })
  assert.deepEqual(checkConfig(etc), {
    text: `${etc}/plugins/emqx_backend_cassa.conf:14:59: expected a double-quoted key, not 'action' (write "action")\n`,
    errors: 1,
    warnings: 0,
  })
  const { plugins } = loadConfiguration(etc)
  const without = DOCUMENTS.cassa!.actions.filter((action) => !action.startsWith('session.unsubscribed'))
  assert.deepEqual(actionsOf(plugins[0]!.bindings), without)
})

const OPTIONAL: Readonly<Record<string, { settings?: object; warnings?: readonly string[] }>> = {
  redis: { settings: { plugin: { server: [{ host: '127.0.0.1', port: 26378 }], sentinel: 'mymaster' } } },
  mysql: {},
  pgsql: {},
  mongo: {
    settings: {
      rs_set_name: 'testrs',
      login: 'emqtt',
      password: 'emqtt',
      w_mode: 'safe',
      r_mode: 'slave_ok',
      plugin: { 'topology.pool_size': 1, 'topology.min_heartbeat_frequency_ms': 1000 },
    },
  },
  cassa: {
    warnings: [
      'emqx_backend_cassa.conf:13:1: warning: on_message_publish and on_message_store meet on a topic (on_message_store in line 22 stores every QoS; each message is stored once)',
      'emqx_backend_cassa.conf:21:1: warning: backend.cassa.hook.session.subscribed.1 is set twice (line 11 does not count: the last one wins)',
    ],
  },
  dynamo: {
    warnings: [
      'emqx_backend_dynamo.conf:12:1: warning: on_message_publish and on_message_store meet on a topic (on_message_store in line 16 stores every QoS; each message is stored once)',
    ],
  },
}

for (const [kind, { settings = {}, warnings = [] }] of Object.entries(OPTIONAL)) {
  test(`${kind}: the optional lines are taken, too`, () => {
    const optional = read(`${kind}-optional`)
    const { plugin, faults } = load(kind, read(kind) + optional)
    assert.deepEqual(faults, warnings)
    assert.partialDeepStrictEqual(revealSecrets(plugin.pools[0]!.settings), settings)
    if (!optional.includes('time_range')) return
    const fetch = plugin.bindings.find(({ action }) => 'function' in action && action.function === 'on_message_fetch')
    assert.deepEqual(fetch?.options, { maxReturnedCount: 500, timeRangeMs: 7_200_000 })
  })
}

test('each document is among the tests', () => {
  const names = readdirSync(FOLDER).map((file) => file.replace('.conf', ''))
  const tested = [
    ...Object.keys(DOCUMENTS),
    ...Object.keys(OPTIONAL).map((kind) => `${kind}-optional`),
    'cassa-missing-quote',
  ]
  assert.deepEqual(names.toSorted(), tested.toSorted())
})
