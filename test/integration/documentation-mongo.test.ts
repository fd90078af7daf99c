// The MongoDB chapter of the EMQX backend documentation, example by example: its configuration with all that it has commented
// out, unchanged but for the port, its collections and indexes, and the documents that it shows.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Db, Document } from 'mongodb'
import { documented } from '../conf/documented.ts'
import { oldCollections } from '../contract/subjects/mongo.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { type MongoServer, mongoMissing, startMongo } from '../helpers/mongo.ts'
import { clientsOf } from '../helpers/mqtt-client.ts'
import { assertStoredSubscriptions } from './documented-subscriptions.ts'

const DOCUMENTED = documented('mongo', 'mongo-optional')
const NODE = 'holdfast@127.0.0.1'

describe("the documentation's MongoDB chapter", { skip: mongoMissing() }, () => {
  let server: MongoServer
  let gateway: GatewayProcess
  let db: Db
  let began: number

  const { connect, end } = clientsOf(() => gateway)
  /** As `findOne` prints it, times as `now`, ids as their kind. */
  const shown = (document: Document | null): unknown => {
    const isNow = (value: unknown): boolean =>
      typeof value === 'number' && Number.isInteger(value) && value >= began && value <= Date.now() / 1000
    const made = Object.entries(document ?? {}).map(([name, value]) => {
      if (name === '_id') return [name, typeof value === 'number' ? value : value.constructor.name]
      return [name, isNow(value) ? 'now' : name === 'msgid' && /^[0-9A-Za-z]{20}$/.test(value) ? 'id' : value]
    })
    return Object.fromEntries(made)
  }
  const findOne = async (collection: string, filter: Document): Promise<unknown> => {
    await gateway.forwarded()
    return shown(await db.collection(collection).findOne(filter))
  }

  before(async () => {
    began = Math.floor(Date.now() / 1000)
    server = await startMongo({ admin: { user: 'admin', password: 'public' } })
    db = server.db('mqtt')
    await db.command({ createUser: 'emqtt', pwd: 'emqtt', roles: ['readWrite'] })
    gateway = new GatewayProcess({
      conf: 'clock.wait_for_sync = 0s\n',
      plugins: { mongo: DOCUMENTED.replace('127.0.0.1:27017', `127.0.0.1:${server.port}`) },
    })
  })
  after(async () => {
    await end()
    await gateway?.remove()
    await server?.stop()
  })

  test('Configure MongoDB Server: every key is taken', async () => {
    assert.equal(await gateway.holdfast('check'), '0 faults, 0 warnings\n')
  })

  test('Create MongoDB DB & Collections', async () => {
    await oldCollections(db)
    await gateway.start()
    await gateway.forwarded()
    const { exactlyOnce, warnings } = await gateway.pool()
    assert.equal(exactlyOnce, true)
    assert.match(
      warnings.join('\n'),
      /mqtt_msg lacks an index on msgid.*\n.*holdfast schema mongo --apply --pool pool1/s,
    )
  })

  test('MongoDB MQTT Client Collection: online and offline', async () => {
    const client = await connect('test')
    const online = { _id: 'ObjectId', clientid: 'test', state: 1, node: NODE, online_at: 'now', offline_at: null }
    assert.deepEqual(await findOne('mqtt_client', { clientid: 'test' }), online)
    await client.end()
    assert.deepEqual(await findOne('mqtt_client', { clientid: 'test' }), { ...online, state: 0, offline_at: 'now' })
  })

  test('MongoDB Subscription Collection: rows of a client are its subscriptions', async () => {
    await db.collection('mqtt_sub').insertOne({ clientid: 'test', topic: 'test_topic1', qos: 1 })
    await db.collection('mqtt_sub').insertOne({ clientid: 'test', topic: 'test_topic2', qos: 2 })
    const client = await connect('test')
    await assertStoredSubscriptions(gateway, client)
    await client.end()
  })

  test('MongoDB Message Collection: messages of a client', async () => {
    await db.collection('mqtt_msg').deleteMany({})
    const client = await connect('test', { clientId: 'test' })
    await client.publish('/World', 'Hello world!', 1, true)
    const message = {
      topic: '/World',
      msgid: 'id',
      sender: 'test',
      qos: 1,
      retain: 1,
      payload: 'Hello world!',
      arrived: 'now',
    }
    const { _id, ...rest } = (await findOne('mqtt_msg', { sender: 'test' })) as Document
    assert.ok(Number.isInteger(_id) && _id >= 1, `${_id}`)
    assert.deepEqual(rest, message)
    await client.publish('/World', 'at most once', 0)
    await client.publish('/World', 'twice', 2)
    await gateway.forwarded()
    assert.deepEqual(
      (await db.collection('mqtt_msg').find({ sender: 'test' }).sort({ _id: 1 }).toArray()).map(({ payload, qos }) => [
        payload,
        qos,
      ]),
      [
        ['Hello world!', 1],
        ['twice', 2],
      ],
    )
  })

  test('MongoDB Retained Message Collection: kept, read, deleted', async () => {
    const c1 = await connect('c1')
    await c1.publish('/World', 'Hello world!', 1, true)
    assert.deepEqual(await findOne('mqtt_retain', { topic: '/World' }), {
      _id: 'ObjectId',
      topic: '/World',
      msgid: 'id',
      sender: 'c1',
      qos: 1,
      payload: 'Hello world!',
      arrived: 'now',
    })
    await db.collection('mqtt_retain').insertOne({
      topic: 'theirs',
      msgid: 'AAVEwm0la4RufgAABeIAAQ==',
      sender: 'x',
      qos: 1,
      payload: 'old',
      arrived: 1482976729,
    })
    const reader = await connect('reader')
    await reader.mqtt.subscribeAsync({ '/World': { qos: 0 }, theirs: { qos: 0 } })
    await reader.hears(2)
    assert.deepEqual(reader.heard().sort(), ['/World!=Hello world!', 'theirs!=old'])
    await c1.publish('/World', '', 1, true)
    assert.deepEqual(await findOne('mqtt_retain', { topic: '/World' }), {})
  })

  test('MongoDB Acknowledgement Collection: where a client is, and what it is owed', async () => {
    const pub = await connect('writer')
    for (const n of [1, 2, 3]) await pub.publish('acked', `${n}`)
    const numbers = async (): Promise<unknown[]> =>
      (await db.collection('mqtt_msg').find({ topic: 'acked' }).sort({ _id: 1 }).toArray()).map(({ _id }) => _id)
    const client = await connect('test2')
    await client.mqtt.subscribeAsync('acked', { qos: 1 })
    await client.hears(3)
    await until('the position', async () => {
      const row = await db.collection('mqtt_acked').findOne({ clientid: 'test2' })
      return row !== null && row.mongo_id === (await numbers()).at(-1)
    })
    assert.deepEqual(await findOne('mqtt_acked', { clientid: 'test2' }), {
      _id: 'ObjectId',
      clientid: 'test2',
      topic: 'acked',
      mongo_id: (await numbers()).at(-1),
    })
    await client.end()
    await pub.publish('acked', '4')
    await gateway.forwarded()
    const again = await connect('test2')
    await again.mqtt.subscribeAsync('acked', { qos: 1 })
    await again.hears(1)
    assert.deepEqual(again.heard(), ['acked=4'])
  })

  test('time_range and max_returned_count bound what is fetched', async () => {
    const now = Math.floor(Date.now() / 1000)
    const last = (await db.collection<{ _id: number }>('mqtt_msg').find().sort({ _id: -1 }).limit(1).toArray())[0]!._id
    const rows = Array.from({ length: 510 }, (_, n) => ({
      _id: last + 1000 + n,
      ...{ topic: 'many', msgid: `many-${n}`, sender: 'x', qos: 1, retain: 0, payload: `${n}` },
      arrived: n === 509 ? now - 3 * 3600 : now,
    }))
    await db.collection<{ _id: number }>('mqtt_msg').insertMany(rows)
    const client = await connect('bounded')
    await client.mqtt.subscribeAsync('many', { qos: 1 })
    await client.hears(500)
    assert.deepEqual([client.heard()[0], client.heard().at(-1)], ['many=9', 'many=508'])
    assert.equal(client.heard().length, 500)
    assert.equal((await gateway.pool()).deadLetters, 0)
  })

  test('Enable MongoDB Backend', async () => {
    const [plugin] = await gateway.ctl('plugins', 'list')
    assert.deepEqual([plugin.name, plugin.loaded, plugin.pools], ['emqx_backend_mongo', true, ['pool1']])
  })
})
