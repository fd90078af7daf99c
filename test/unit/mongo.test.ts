import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStatement } from '../../src/actions/actions.ts'
import { filterPattern } from '../../src/backends/filter-pattern.ts'
import { clientOptions, serverUrl, writeConcern } from '../../src/backends/mongo/connection.ts'
import { backendError } from '../../src/backends/mongo/errors.ts'
import { COLLECTIONS, schema } from '../../src/backends/mongo/schema.ts'
import type { MongoSettings } from '../../src/backends/mongo/settings.ts'
import { actionOf } from '../../src/backends/mongo/statement.ts'
import { topicMatches } from '../../src/model/topic.ts'

const SETTINGS: MongoSettings = {
  type: 'single',
  rs_set_name: undefined,
  srv_record: false,
  server: [{ host: '127.0.0.1', port: 27017 }],
  c_pool_size: 8,
  database: 'mqtt',
  login: undefined,
  password: undefined,
  auth_source: undefined,
  w_mode: 'safe',
  r_mode: 'master',
  ssl: false,
  cafile: undefined,
  certfile: undefined,
  keyfile: undefined,
  verify: true,
  plugin: {},
}
const settings = (changes: Partial<MongoSettings>): MongoSettings => ({ ...SETTINGS, ...changes })
const classOf = (error: object): string => {
  const { errorClass, code } = backendError(error, 'pool1')
  return `${errorClass} ${code}`
}

test('what MongoDB says is sorted', () => {
  const said = {
    11000: 'permanent',
    121: 'permanent',
    2: 'permanent',
    13: 'denied',
    18: 'denied',
    112: 'transient',
    189: 'transient',
    251: 'transient',
    10107: 'transient',
    11600: 'transient',
    99999: 'transient',
  }
  for (const [code, errorClass] of Object.entries(said)) {
    assert.equal(classOf({ name: 'MongoServerError', message: 'x', code: Number(code) }), `${errorClass} ${code}`)
  }
})

test('what the way to it says is found behind what the driver says', () => {
  const socket = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const network = Object.assign(new Error('no'), { name: 'MongoNetworkError', cause: socket })
  const selection = (error: Error) =>
    Object.assign(new Error('none'), {
      name: 'MongoServerSelectionError',
      reason: { servers: new Map([['a', { error }]]) },
    })
  assert.equal(classOf(selection(network)), 'transient ECONNREFUSED')
  const certificate = Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  const untrusted = Object.assign(new Error('no'), { name: 'MongoNetworkError', cause: certificate })
  assert.equal(classOf(selection(untrusted)), 'denied DEPTH_ZERO_SELF_SIGNED_CERT')
  assert.equal(classOf(new TypeError('x is undefined')), 'denied TypeError')
  assert.equal(classOf(Object.assign(new Error('no user'), { name: 'MongoServerError', code: 18 })), 'denied 18')
})

test('an operation is blamed for what is its fault only', () => {
  const blamed = (code: number) => backendError({ message: 'x', code }, 'pool1', 3).operation
  assert.deepEqual([blamed(11000), blamed(112)], [3, undefined])
})

test("the keys become the driver's options", () => {
  assert.deepEqual(clientOptions(SETTINGS, 'lane'), {
    appName: 'holdfast',
    directConnection: true,
    maxPoolSize: 2,
    socketTimeoutMS: 70_000,
    serverSelectionTimeoutMS: 5000,
  })
  const documented = settings({
    type: 'rs',
    rs_set_name: 'testrs',
    login: 'emqtt',
    password: 'emqtt',
    r_mode: 'slave_ok',
    plugin: {
      'topology.pool_size': 2,
      'topology.max_overflow': 3,
      'topology.overflow_ttl': 1000,
      'topology.overflow_check_period': 1000,
      'topology.local_threshold_ms': 1001,
      'topology.connect_timeout_ms': 20000,
      'topology.socket_timeout_ms': 100,
      'topology.server_selection_timeout_ms': 30000,
      'topology.wait_queue_timeout_ms': 1002,
      'topology.heartbeat_frequency_ms': 10000,
      'topology.min_heartbeat_frequency_ms': 1003,
    },
  })
  const common = {
    appName: 'holdfast',
    replicaSet: 'testrs',
    auth: { username: 'emqtt', password: 'emqtt' },
    authSource: 'mqtt',
    localThresholdMS: 1001,
    connectTimeoutMS: 20000,
    heartbeatFrequencyMS: 10000,
    minHeartbeatFrequencyMS: 1003,
    waitQueueTimeoutMS: 1002,
  }
  assert.deepEqual(clientOptions(documented, 'reads'), {
    ...common,
    maxPoolSize: 19,
    maxIdleTimeMS: 1000,
    socketTimeoutMS: 5000,
    serverSelectionTimeoutMS: 30000,
    readPreference: 'secondaryPreferred',
  })
  assert.deepEqual(clientOptions(documented, 'lane'), {
    ...common,
    maxPoolSize: 2,
    socketTimeoutMS: 70_000,
    serverSelectionTimeoutMS: 5000,
  })
  assert.equal(clientOptions(settings({ login: 'a', auth_source: 'admin' }), 'lane').authSource, 'admin')
  const { tls, tlsAllowInvalidCertificates } = clientOptions(settings({ ssl: true, verify: false }), 'lane')
  assert.deepEqual([tls, tlsAllowInvalidCertificates], [true, true])
  assert.deepEqual(writeConcern(settings({ w_mode: 'safe' })), { w: 'majority', j: true })
  assert.deepEqual(writeConcern(settings({ w_mode: 'unsafe' })), { w: 1, j: false })
})

test('addresses, of any number and family, and names with SRV records', () => {
  const server = [
    { host: '::1', port: 1 },
    { host: 'b.example', port: 2 },
  ]
  assert.equal(serverUrl(settings({ server })), 'mongodb://[::1]:1,b.example:2/')
  assert.equal(clientOptions(settings({ server }), 'lane').directConnection, undefined)
  assert.equal(
    serverUrl(settings({ server: [{ host: 'cluster.example', port: 27017 }], srv_record: true })),
    'mongodb+srv://cluster.example/',
  )
})

test('a filter as a regular expression', () => {
  const filters = ['#', '+', 'a/#', 'a/+', '+/a', '+/+/c', '$SYS/#', 'a.b/+', '+/(x)/#', 'a/+/#']
  const topics = [
    'a',
    'a/b',
    'a/b/c',
    '/a',
    'a/',
    '$SYS/a',
    'a.b',
    'axb/c',
    'a.b/c',
    'a\nb/c',
    'b/(x)/y',
    'A',
    'a\n',
    'ab/c',
  ]
  for (const filter of filters) {
    const pattern = new RegExp(filterPattern(filter, 'pcre').replaceAll('\\z', '(?![^])'), 'u')
    assert.deepEqual(
      topics.filter((topic) => pattern.test(topic)),
      topics.filter((topic) => topicMatches(filter, topic)),
      filter,
    )
  }
})

test('the form of a custom action is checked at load', () => {
  const faults = (statement: object): readonly string[] => parseStatement(JSON.stringify(statement), 'mongo').faults
  const fine = [
    { collection: 'a', insertOne: { x: '${clientid}' } },
    { collection: 'a', deleteOne: {} },
    { collection: 'a', updateOne: { filter: {}, update: { $set: { x: 1 } }, upsert: true } },
    { collection: 'a', updateOne: { filter: {}, update: [{ $set: { x: 1 } }] } },
  ]
  for (const statement of fine) assert.deepEqual(faults(statement), [], JSON.stringify(statement))
  const wrong = [
    { insertOne: {} },
    { collection: 'a-${topic}', insertOne: {} },
    { collection: 'a' },
    { collection: 'a', insertMany: [] },
    { collection: 'a', insertOne: {}, deleteOne: {} },
    { collection: 'a', insertOne: [] },
    { collection: 'a', insertOne: { '${clientid}': 1 } },
    { collection: 'a', updateOne: { update: { $set: {} } } },
    { collection: 'a', updateOne: { filter: {}, update: { x: 1 } } },
    { collection: 'a', updateOne: { filter: {}, update: { $set: {} }, many: true } },
    { collection: 'a', updateOne: { filter: {}, update: { $inc: { 'by.${clientid}': 1 } } } },
  ]
  for (const statement of wrong) assert.equal(faults(statement).length, 1, JSON.stringify(statement))
})

test('values take the places of their names, by type', () => {
  const { statement } = parseStatement(
    '{"collection": "c", "insertOne": {"n": "${qos}", "s": "q${qos}${qos}", "k": "${topic}"}}',
    'mongo',
  )
  const { insertOne } = actionOf({ texts: statement.texts, values: [1, 1, 2, '${qos}'] })
  assert.deepEqual(insertOne, { n: 1, s: 'q12', k: '${qos}' })
})

test('the schema is for mongosh, and names every collection', () => {
  for (const name of Object.keys(COLLECTIONS)) assert.ok(schema().includes(`db.createCollection("${name}")`), name)
  assert.match(schema(), /db\.mqtt_msg\.createIndex\(\{"msgid":1\}, \{"unique":true,/)
  assert.doesNotMatch(schema(), /lack/)
})
