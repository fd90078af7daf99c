// The EMQX backend documentation, chapter DynamoDB: each of its sections by its name, with its tables, clients and messages.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { tables } from '../../src/backends/dynamo/schema.ts'
import { documented } from '../conf/documented.ts'
import { type DynamoServer, dynamoMissing, startDynamo, type Values } from '../helpers/dynamo.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { clientsOf } from '../helpers/mqtt-client.ts'

const KEY = 'AKIAIOSFODNN7EXAMPLE'

describe('the documentation of DynamoDB', { skip: dynamoMissing() }, () => {
  let server: DynamoServer
  let gateway: GatewayProcess
  let conf: string

  const { connect, end } = clientsOf(() => gateway)
  const scan = (table: string): Promise<Values[]> => server.scan(table, KEY)
  /** The one item that the test has made. */
  const item = async (table: string, so: (item: Values) => boolean): Promise<Values> =>
    until(`an item of ${table}`, async () => (await scan(table)).find(so))
  const has = (name: string, value: string) => (values: Values) => values[name]?.S === value
  const isNow = (value: Values[string] | undefined): boolean => Math.abs(Number(value?.N) - Date.now() / 1000) < 60

  before(async () => {
    server = await startDynamo({ inMemory: true })
    conf = documented('dynamo').replace('http://localhost:8000', server.url)
    gateway = new GatewayProcess({ conf: 'clock.wait_for_sync = 0s', plugins: { dynamo: conf } })
  })
  after(async () => {
    await end()
    await gateway.remove()
    await server.stop()
  })

  test('Configure DynamoDB Cluster: the file is taken as it is', async () => {
    assert.equal(await gateway.holdfast('check'), '0 faults, 0 warnings\n')
  })

  test('Create DynamoDB DB: the tables have the keys of the documentation', async () => {
    await gateway.holdfast('schema', 'dynamo', '--apply', '--pool', 'pool1')
    const keys = async (TableName: string): Promise<string[]> => {
      const { Table } = await server.db(KEY).describeTable({ TableName })
      return Table!.KeySchema!.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`)
    }
    assert.deepEqual(await keys('mqtt_client'), ['clientid HASH'])
    assert.deepEqual(await keys('mqtt_sub'), ['clientid HASH', 'topic RANGE'])
    assert.deepEqual(await keys('mqtt_msg'), ['msgid HASH'])
    assert.deepEqual(await keys('mqtt_topic_msg_map'), ['topic HASH'])
    assert.deepEqual(await keys('mqtt_retain'), ['topic HASH'])
    assert.deepEqual(await keys('mqtt_acked'), ['topic HASH', 'clientid RANGE'])
    const printed = JSON.parse(await gateway.holdfast('schema', 'dynamo')) as unknown
    assert.deepEqual(printed, tables())
  })

  test('Enable DynamoDB Backend: it is loaded while the gateway runs', async () => {
    const loaded = join(gateway.etc, 'loaded_plugins')
    gateway.configure({ conf: 'clock.wait_for_sync = 0s', plugins: {} })
    assert.equal(readFileSync(loaded, 'utf8'), '')
    await gateway.start()
    await gateway.ctl('plugins', 'load', 'emqx_backend_dynamo')
    assert.equal(readFileSync(loaded, 'utf8'), 'emqx_backend_dynamo\n')
    await until('the pool is up', async () => (await gateway.pool())?.state === 'up')
  })

  test('DynamoDB Client Connection Table', async () => {
    const client = await connect('mqttjs_384b9c73a9')
    const online = await item('mqtt_client', has('clientid', 'mqttjs_384b9c73a9'))
    const { online_at, ...rest } = online
    assert.ok(isNow(online_at))
    assert.deepEqual(rest, {
      offline_at: { N: '0' },
      node: { S: 'holdfast@127.0.0.1' },
      clientid: { S: 'mqttjs_384b9c73a9' },
      connect_state: { N: '1' },
    })
    await client.end()
    const offline = await item('mqtt_client', (values) => values.connect_state?.N === '0')
    assert.deepEqual(offline.online_at, online_at)
    assert.ok(isNow(offline.offline_at))
  })

  test('DynamoDB Subscription Table: a client that connects is subscribed to its rows', async () => {
    for (const topic of ['test-dynamo-sub', 'test-dynamo-sub-1', 'test-dynamo-sub-2']) {
      const Item = { qos: { N: '2' }, topic: { S: topic }, clientid: { S: 'test-dynamo' } }
      await server.db(KEY).putItem({ TableName: 'mqtt_sub', Item })
    }
    const client = await connect('test-dynamo')
    const pub = await connect('pub')
    for (const topic of ['test-dynamo-sub', 'test-dynamo-sub-1', 'test-dynamo-sub-2']) {
      await until(`the subscription to ${topic}`, async () => {
        await pub.publish(topic, 'x', 2)
        return client.heard(topic).length > 0
      })
      assert.equal(client.received.find((packet) => packet.topic === topic)!.qos, 2)
    }
  })

  test('DynamoDB Message Table: the message, and the topic that names it', async () => {
    const pub = await connect('mqttjs_231b962d5c')
    await pub.publish('test', '{ "msg": "Hello, World!" }', 1)
    const message = await item('mqtt_msg', has('topic', 'test'))
    const { arrived, msgid, ...rest } = message
    assert.ok(isNow(arrived))
    assert.deepEqual(rest, {
      qos: { N: '1' },
      sender: { S: 'mqttjs_231b962d5c' },
      payload: { S: '{ "msg": "Hello, World!" }' },
      retain: { N: '0' },
      topic: { S: 'test' },
    })
    assert.deepEqual(await item('mqtt_topic_msg_map', has('topic', 'test')), {
      topic: { S: 'test' },
      MsgId: { SS: [msgid!.S!] },
    })
  })

  test('DynamoDB Retained Message Table', async () => {
    const pub = await connect('mqttjs_d0513acfce')
    await pub.publish('testtopic', 'test', 1, true)
    const { arrived, msgid, ...rest } = await item('mqtt_retain', has('topic', 'testtopic'))
    assert.ok(isNow(arrived))
    assert.equal(msgid!.S, (await item('mqtt_msg', has('topic', 'testtopic'))).msgid!.S)
    assert.deepEqual(rest, {
      qos: { N: '1' },
      sender: { S: 'mqttjs_d0513acfce' },
      payload: { S: 'test' },
      retain: { N: '1' },
      topic: { S: 'testtopic' },
    })
    const sub = await connect('sub')
    await sub.mqtt.subscribeAsync('testtopic', { qos: 0 })
    await sub.hears(1)
    assert.deepEqual(sub.heard(), ['testtopic!=test'])
    await pub.publish('testtopic', '', 1, true)
    await until('the retained message is gone', async () => (await scan('mqtt_retain')).length === 0)
  })

  test('DynamoDB Acknowledgement Table: who had the message, and the message is done', async () => {
    const { msgid } = await item('mqtt_msg', has('topic', 'test'))
    const client = await connect('mqttjs_861e582a70')
    await client.mqtt.subscribeAsync('test', { qos: 1 })
    await client.hears(1)
    assert.deepEqual(await item('mqtt_acked', has('topic', 'test')), {
      topic: { S: 'test' },
      msgid: msgid!,
      clientid: { S: 'mqttjs_861e582a70' },
    })
    assert.deepEqual((await scan('mqtt_msg')).filter(has('topic', 'test')), [])
    await client.mqtt.unsubscribeAsync('test')
    await until('the row is gone', async () => (await scan('mqtt_acked')).filter(has('topic', 'test')).length === 0)
  })

  test('the line that stands there commented out: messages of QoS 0, too', async () => {
    const plugins = { dynamo: conf + documented('dynamo-optional') }
    gateway.configure({ conf: 'clock.wait_for_sync = 0s', plugins })
    await gateway.ctl('plugins', 'reload', 'emqx_backend_dynamo')
    const pub = await connect('pub0')
    await pub.publish('zero', 'stored', 0)
    await pub.publish('zero', 'once', 1)
    await until('both', async () => (await scan('mqtt_msg')).filter(has('topic', 'zero')).length === 2)
    const qos = (await scan('mqtt_msg')).filter(has('topic', 'zero')).map((values) => values.qos!.N)
    assert.deepEqual(qos.sort(), ['0', '1'])
  })
})
