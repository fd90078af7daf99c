import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BoundLine, warnDoubleStore } from '../../src/config/double-store.ts'
import { Faults, formatFault } from '../../src/config/fault.ts'
import { type HookContext, type HookRules, readHook } from '../../src/config/hooks.ts'
import { parseText } from '../../src/config/text.ts'
import { FUNCTIONS, type FunctionName } from '../../src/model/binding.ts'

const rules: HookRules = {
  parseStatement: (text) => ({
    statement: { texts: text.split(/\$\{\w+\}/), names: [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!) },
    warnings: text.includes("'") ? ['quotes'] : [],
    faults: text.includes('!') ? ['exclamation'] : [],
  }),
  unknownParameters: (_hook, { names }) => names.filter((name) => name !== 'clientid'),
  actionKeys: (kind) => (kind === 'mongo' ? ['mongo'] : ['sql']),
  functions: () => new Set(Object.keys(FUNCTIONS).filter((name) => !name.endsWith('keep_latest')) as FunctionName[]),
}

function read(value: string, more: { key?: string } & Partial<HookContext> = {}) {
  const faults = new Faults()
  const { key = 'message.publish.1', kind = 'pgsql' } = more
  const limits = { max_returned_count: Number.POSITIVE_INFINITY, time_range: Number.POSITIVE_INFINITY }
  const [entry] = parseText('a.conf', Buffer.from(`backend.${kind}.hook.${key} = ${value}`), faults)
  const binding = readHook(entry!, { kind, pools: new Set(['pool1']), limits, rules, faults, ...more })
  return { binding, faults: faults.list.map(formatFault) }
}

/** The value stands in column 41 of `backend.pgsql.hook.message.publish.1 = …`, so this is where `part` stands. */
const column = (value: string, part: string): number => 40 + value.indexOf(part)

test('a line with a function', () => {
  const { binding, faults } = read('{"topic": "a/#", "action": {"function": "on_message_publish"}, "pool": "pool1"}', {
    key: 'message.publish.12',
  })
  assert.deepEqual(faults, [])
  assert.deepEqual(binding, {
    pool: 'pgsql.pool1',
    hook: 'message.publish',
    order: 12,
    topic: 'a/#',
    action: { function: 'on_message_publish' },
    options: {},
  })
})

test('other spellings of hooks and functions', () => {
  const lookup = read('{"action": {"function": "on_subscription_lookup"}, "pool": "pool1"}', {
    key: 'client.connected.2',
  })
  assert.deepEqual(lookup.binding?.action, { function: 'on_subscribe_lookup' })
  const deliver = read('{"action": {"function": "on_message_delivered"}, "pool": "pool1"}', {
    key: 'message.deliver.1',
  })
  assert.equal(deliver.binding?.hook, 'message.delivered')
})

test('statements: one or a list; Mongo has objects', () => {
  const one = read('{"action": {"sql": "delete from a where c = ${clientid}"}, "pool": "pool1"}')
  const statement = { texts: ['delete from a where c = ', ''], names: ['clientid'] }
  assert.deepEqual(one.binding?.action, { statements: [statement] })
  const two = read('{"action": {"sql": ["delete from a where c = ${clientid}", "select 1"]}, "pool": "pool1"}')
  assert.deepEqual(two.binding?.action, { statements: [statement, { texts: ['select 1'], names: [] }] })
  const mongo = read('{"action": {"mongo": [{"collection": "c"}]}, "pool": "pool1"}', { kind: 'mongo' })
  assert.deepEqual(mongo.binding?.action, { statements: [{ texts: ['{"collection": "c"}'], names: [] }] })
})

test('options of a fetch, and those of the plugin where the line has none', () => {
  const fetch = (more: string) => `{"action": {"function": "on_message_fetch"}, "pool": "pool1"${more}}`
  const key = 'session.subscribed.1'
  const own = read(fetch(', "offline_opts": {"max_returned_count": 500, "time_range": "2h", "start": "latest"}'), {
    key,
  })
  assert.deepEqual(own.binding?.options, { maxReturnedCount: 500, timeRangeMs: 7_200_000, start: 'latest' })
  const limits = { max_returned_count: 7, time_range: 1000 }
  assert.deepEqual(read(fetch(''), { key, limits }).binding?.options, { maxReturnedCount: 7, timeRangeMs: 1000 })
  const none = read(fetch(', "offline_opts": {"max_returned_count": "infinity"}'), { key, limits })
  assert.deepEqual(none.binding?.options, { timeRangeMs: 1000 })
  const publish = read('{"action": {"function": "on_message_publish"}, "pool": "pool1", "expired_time": 60}', {
    limits,
  })
  assert.deepEqual(publish.binding?.options, { expiredTime: 60 })
})

test('every fault of a line, where it stands', () => {
  const value =
    '{"topic": "a/#/b", "action": {"function": "on_mesage_publish"}, "pool": "pool9", "offline_opts": {"start": "now", "x": 1}, "foo": 1}'
  const at = (part: string): string => `a.conf:1:${column(value, part)}:`
  assert.deepEqual(
    read(value).faults.toSorted(),
    [
      `${at('"pool9"')} pool pool9 is not defined (pools: pool1)`,
      `${at('"a/#/b"')} expected a topic filter, not 'a/#/b': '#' stands alone and in the last level only`,
      `${at('"foo"')} unknown key "foo" (one of topic, action, pool, offline_opts, expired_time, payload_format)`,
      `${at('"now"')} start: expected earliest or latest, not 'now'`,
      `${at('"x"')} unknown key "x" (one of max_returned_count, time_range, start)`,
      `${at('"on_mesage_publish"')} unknown function on_mesage_publish (did you mean on_message_publish?)`,
    ].toSorted(),
  )
})

test('what is wrong with an action', () => {
  const faults: Record<string, RegExp> = {
    '{"pool": "pool1"}': /:1:40: expected an "action"$/,
    '{"action": {}, "pool": "pool1"}': /:1:51: expected "function" or "sql"$/,
    '{"action": 5, "pool": "pool1"}': /:1:51: expected an object with "function", "sql"$/,
    '{"action": {"cql": "x"}, "pool": "pool1"}': /:1:52: unknown key "cql" \(did you mean sql\?\)$/,
    '{"action": {"sql": "x", "function": "on_message_store"}, "pool": "pool1"}':
      /:1:64: expected one of "function" and "sql", not "function" too$/,
    '{"action": {"sql": []}, "pool": "pool1"}': /expected a statement in "sql"$/,
    '{"action": {"sql": ["a", 5]}, "pool": "pool1"}': /:1:65: expected a statement as a "text"$/,
    '{"action": {"sql": "a ${clientid} ${topik}"}, "pool": "pool1"}':
      /:1:74: message.publish has no parameter \$\{topik\}$/,
    '{"action": {"sql": "a!"}, "pool": "pool1"}': /:1:59: exclamation$/,
    '{"action": {"function": "on_client_connected"}, "pool": "pool1"}':
      /on_client_connected does not run on message.publish \(it runs on client.connected\)$/,
    '{"action": {"function": "on_message_store_for_keep_latest"}, "pool": "pool1"}':
      /the pgsql backend has no on_message_store_for_keep_latest$/,
    '{"action": {"function": "toString"}, "pool": "pool1"}': /unknown function toString/,
    '{"action": {"function": 5}, "pool": "pool1"}': /expected a "text" for "function"$/,
    '{"action": {"function": "on_message_store"}}': /expected a "pool" \(pools: pool1\)$/,
    '[]': /:1:40: expected an object with "topic", "action"/,
    '{"topic": "#", action": {}}': /:1:55: expected a double-quoted key, not 'action' \(write "action"\)$/,
  }
  for (const [value, expected] of Object.entries(faults)) {
    const { binding, faults } = read(value)
    assert.equal(binding, undefined, value)
    assert.equal(faults.length, 1, `${value}: ${faults}`)
    assert.match(faults[0]!, expected)
  }
})

test('what is wrong with the key', () => {
  const value = '{"action": {"function": "on_message_store"}, "pool": "pool1"}'
  assert.deepEqual(read(value, { key: 'message.publsh.1' }).faults, [
    'a.conf:1:20: unknown hook message.publsh (did you mean message.publish?)',
  ])
  assert.deepEqual(read(value, { key: 'message.publish' }).faults, [
    'a.conf:1:20: expected <hook>.<number> (such as backend.pgsql.hook.message.publish.1)',
  ])
})

test('warnings leave the binding', () => {
  const twice = read('{"pool": "x", "action": {"sql": "a \'b\'"}, "pool": "pool1"}')
  assert.ok(twice.binding)
  assert.deepEqual(twice.faults, [
    'a.conf:1:82: warning: "pool" is there twice (the last one wins)',
    'a.conf:1:72: warning: quotes',
  ])
  const topic = read('{"topic": "a", "action": {"function": "on_client_connected"}, "pool": "pool1"}', {
    key: 'client.connected.1',
  })
  assert.equal(topic.binding?.topic, undefined)
  assert.deepEqual(topic.faults, ['a.conf:1:51: warning: client.connected has no topic (it runs for every client)'])
})

test('two stores on one topic are warned of', () => {
  const warned = (one: string, other: string): number => {
    const faults = new Faults()
    const lines = [
      { topic: one, name: 'on_message_publish' },
      { topic: other, name: 'on_message_store' },
    ].map(({ topic, name }, index): BoundLine => {
      const value = `{"topic": "${topic}", "action": {"function": "${name}"}, "pool": "pool1"}`
      const entry = { file: 'a.conf', line: index + 1, column: 1, key: 'k', value, valueColumn: 1 }
      return { entry, binding: read(value).binding! }
    })
    warnDoubleStore(lines, faults)
    return faults.list.length
  }
  for (const [one, other] of [
    ['#', 'a/b'],
    ['a/+', '+/b'],
    ['a/#', 'a'],
    ['a', 'a/#'],
    ['a', 'a'],
  ] as const) {
    assert.equal(warned(one, other), 1, `${one} and ${other}`)
  }
  for (const [one, other] of [
    ['a', 'b'],
    ['a/+', 'a'],
    ['a/b', 'a/+/c'],
    ['a/b', 'a/c'],
  ] as const) {
    assert.equal(warned(one, other), 0, `${one} and ${other}`)
  }
})
