// All hooks that EMQX's documentation configures for DynamoDB, unchanged but for server and access key, and a server that is
// away while clients publish, subscribe, acknowledge and disconnect.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { documented } from '../conf/documented.ts'
import { type DynamoServer, dynamoMissing, startDynamo, type Values } from '../helpers/dynamo.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { Client, clientsOf } from '../helpers/mqtt-client.ts'

const KEY = 'AKIAIOSFODNN7EXAMPLE'

describe('DynamoDB is away for a while', { skip: dynamoMissing() }, () => {
  let server: DynamoServer
  let gateway: GatewayProcess
  let began: number

  const { connect, end } = clientsOf(() => gateway)
  const items = (table: string): Promise<Values[]> => server.scan(table, KEY)
  const idsOf = async (topic: string): Promise<string[]> =>
    (await items('mqtt_topic_msg_map')).find((item) => item.topic!.S === topic)?.MsgId?.SS?.toSorted() ?? []
  /** Payloads of the topic's messages, in the order of their ids. */
  const stored = async (topic: string): Promise<string[]> => {
    const messages = new Map((await items('mqtt_msg')).map((item) => [item.msgid!.S!, item]))
    return (await idsOf(topic)).map((id) => messages.get(id)!.payload!.S!)
  }

  before(async () => {
    began = Date.now()
    server = await startDynamo()
    gateway = new GatewayProcess({
      conf: 'forward.backoff_max = 1s\nclock.wait_for_sync = 0s\n',
      plugins: { dynamo: documented('dynamo').replace('http://localhost:8000', server.url) },
    })
    await gateway.holdfast('schema', 'dynamo', '--apply', '--pool', 'pool1')
    const Item = { clientid: { S: 'dora' }, topic: { S: 'mail/dora' }, qos: { N: '1' } }
    await server.db(KEY).putItem({ TableName: 'mqtt_sub', Item })
    await gateway.start()
  })
  after(async () => {
    await end()
    await gateway?.remove()
    await server?.stop()
  })

  let pub: Client
  let bob: Client
  let dora: Client

  test('while it is there', async () => {
    pub = await connect('pub')
    for (let n = 1; n <= 3; n++) await pub.publish('jobs', `j${n}`)
    await pub.publish('jobs', 'at most once', 0)
    await pub.publish('state/x', 'old', 1, true)
    await pub.publish('state/y', 'gone soon', 1, true)
    await gateway.forwarded()
    assert.deepEqual(await stored('jobs'), ['j1', 'j2', 'j3'])

    bob = await connect('bob', { clean: false })
    await bob.mqtt.subscribeAsync('jobs', { qos: 1 })
    await bob.hears(3)
    assert.deepEqual(bob.heard(), ['jobs=j1', 'jobs=j2', 'jobs=j3'])
    await until('the jobs are done', async () => (await stored('jobs')).length === 0)
    await bob.end()

    dora = await connect('dora')
    await until('the stored subscription', async () => {
      await pub.publish('mail/dora', `first ${Date.now()}`)
      return dora.heard('mail/dora').length > 0
    })
    await dora.end()
    await gateway.forwarded()
  })

  test('while it is away, nobody notices', async () => {
    await server.kill9()
    for (let n = 4; n <= 9; n++) await pub.publish('jobs', `j${n}`)
    for (let n = 1; n <= 4; n++) await pub.publish('news', `n${n}`, 2)
    await pub.publish('state/x', 'new', 1, true)
    await pub.publish('state/y', '', 1, true)

    bob = await connect('bob', { clean: false })
    await bob.hears(6)
    assert.deepEqual(
      bob.heard(),
      [4, 5, 6, 7, 8, 9].map((n) => `jobs=j${n}`),
    )
    const carl = await connect('carl')
    await carl.mqtt.subscribeAsync({ 'state/x': { qos: 0 }, 'state/y': { qos: 0 } })
    await carl.hears(1)
    await carl.end()
    assert.deepEqual(carl.heard(), ['state/x!=new'])
    dora = await connect('dora')
    await until('the subscription known from before', async () => {
      await pub.publish('mail/dora', `again ${Date.now()}`)
      return dora.heard('mail/dora').length > 0
    })
    const { state, lag } = await gateway.pool()
    assert.equal(state, 'down')
    assert.ok(lag.events > 0)
  })

  test('when it comes back, every item is right, once, in order', async () => {
    await server.start()
    await gateway.forwarded()
    assert.deepEqual(await stored('jobs'), [], 'bob has acknowledged them')
    assert.deepEqual(await stored('news'), ['n1', 'n2', 'n3', 'n4'])
    const messages = await items('mqtt_msg')
    const kept = new Set((await Promise.all(['news', 'mail/dora', 'state/x', 'state/y'].map(idsOf))).flat())
    assert.deepEqual(messages.map(({ msgid }) => msgid!.S!).sort(), [...kept].sort(), 'no message without its entry')
    const news = messages.find(({ payload }) => payload!.S === 'n2')!
    const { msgid, arrived, ...rest } = news
    assert.deepEqual(rest, {
      topic: { S: 'news' },
      sender: { S: 'pub' },
      qos: { N: '2' },
      retain: { N: '0' },
      payload: { S: 'n2' },
    })
    assert.equal(msgid!.S, (await idsOf('news'))[1])
    const at = Number(arrived!.N)
    assert.ok(at >= Math.floor(began / 1000) && at <= Date.now() / 1000, `arrived ${at}`)

    const retained = await items('mqtt_retain')
    assert.deepEqual(
      retained.map(({ topic, payload, retain }) => [topic!.S, payload!.S, retain!.N]),
      [['state/x', 'new', '1']],
    )
    const acked = (await items('mqtt_acked')).map(({ clientid, topic }) => `${clientid!.S} ${topic!.S}`)
    assert.deepEqual(acked.sort(), ['bob jobs', 'dora mail/dora'])
    const states = (await items('mqtt_client')).map(({ clientid, connect_state, node, online_at, offline_at }) => ({
      clientid: clientid!.S!,
      state: connect_state!.N,
      node: node!.S,
      seen: Number(online_at!.N) >= Math.floor(began / 1000),
      left: offline_at!.N !== '0',
    }))
    const row = (clientid: string, state: '0' | '1'): object => {
      return { clientid, state, node: 'holdfast@127.0.0.1', seen: true, left: state === '0' }
    }
    assert.deepEqual(
      states.sort((a, b) => (a.clientid < b.clientid ? -1 : 1)),
      [row('bob', '1'), row('carl', '0'), row('dora', '1'), row('pub', '1')],
    )
  })

  test('an unsubscription forgets the position; who subscribes to a queue gets what is there', async () => {
    await bob.mqtt.unsubscribeAsync('jobs')
    await until('the position is gone', async () => {
      return (await items('mqtt_acked')).every(({ clientid }) => clientid!.S !== 'bob')
    })
    const eve = await connect('eve')
    await eve.mqtt.subscribeAsync('news', { qos: 2 })
    await eve.hears(4)
    assert.deepEqual(
      eve.heard(),
      [1, 2, 3, 4].map((n) => `news=n${n}`),
    )
    await until('the queue is empty', async () => (await idsOf('news')).length === 0)
    const { deadLetters, exactlyOnce } = await gateway.pool()
    assert.deepEqual({ deadLetters, exactlyOnce }, { deadLetters: 0, exactlyOnce: true })
  })

  test('rows that were in the tables before are read: messages, retained, a position', async () => {
    const db = server.db(KEY)
    const old = 'Mjg4MTk1MDYwNTk0NjYwNzYzMTg4MDk3OTQ2MDU2Nzg1OTD' // an id that EMQX made
    const message = { msgid: { S: old }, topic: { S: 'old' }, payload: { S: 'from before' }, qos: { N: '1' } }
    const Item = { ...message, retain: { N: '0' }, sender: { S: 'x' }, arrived: { N: '1562308553' } }
    await db.putItem({ TableName: 'mqtt_msg', Item })
    await db.putItem({ TableName: 'mqtt_topic_msg_map', Item: { topic: { S: 'old' }, MsgId: { SS: [old] } } })
    await db.putItem({ TableName: 'mqtt_retain', Item: { ...Item, retain: { N: '1' } } })
    await pub.publish('old', 'and new')
    await gateway.forwarded()
    const fred = await connect('fred')
    await fred.mqtt.subscribeAsync('old', { qos: 1 })
    await fred.hears(2)
    assert.deepEqual(fred.heard().sort(), ['old!=from before', 'old=and new'])
    await until('the queue is empty', async () => (await idsOf('old')).length === 0)
    assert.equal((await items('mqtt_msg')).filter(({ topic }) => topic!.S === 'old').length, 0)
  })
})

describe('positions in DynamoDB', { skip: dynamoMissing() }, () => {
  const POOL = documented('dynamo')
    .split('\n')
    .filter((line) => !/hook/.test(line))
    .join('\n')
  const HOOKS = `
backend.dynamo.hook.session.subscribed.1 = {"topic": "#", "action": {"function": "on_message_fetch"}, "pool": "pool1", "offline_opts": {"max_returned_count": 500, "time_range": "2h"}}
backend.dynamo.hook.session.unsubscribed.1 = {"topic": "#", "action": {"function": "on_acked_delete"}, "pool": "pool1"}
backend.dynamo.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
backend.dynamo.hook.message.delivered.1 = {"topic": "#", "action": {"function": "on_message_delivered"}, "pool": "pool1"}
backend.dynamo.hook.message.acked.1 = {"topic": "#", "action": {"function": "on_message_acked"}, "pool": "pool1"}
`

  test('a client that comes to another gateway gets what it has not acknowledged, in order', async (t) => {
    const server = await startDynamo({ inMemory: true })
    t.after(() => server.stop())
    const start = async (): Promise<GatewayProcess> => {
      const dynamo = POOL.replace('http://localhost:8000', server.url) + HOOKS
      const gateway = new GatewayProcess({ conf: 'clock.wait_for_sync = 0s\n', plugins: { dynamo } })
      t.after(() => gateway.remove())
      await gateway.holdfast('schema', 'dynamo', '--apply', '--pool', 'pool1')
      return gateway.start()
    }
    const connect = async (gateway: GatewayProcess, id: string): Promise<Client> => {
      const client = await Client.connect(gateway.url, id)
      t.after(() => client.mqtt.endAsync(true))
      return client
    }
    const drained = (gateway: GatewayProcess): Promise<unknown> =>
      until('all is forwarded', async () => (await gateway.pool()).lag.events === 0)

    const one = await start()
    const pub = await connect(one, 'pub')
    const bob = await connect(one, 'bob')
    await bob.mqtt.subscribeAsync('news', { qos: 1 })
    for (let n = 1; n <= 5; n++) await pub.publish('news', `n${n}`)
    await bob.hears(5)
    await drained(one)
    await bob.end()
    for (let n = 6; n <= 130; n++) await pub.publish('news', `n${n}`)
    await drained(one)

    const two = await start()
    const again = await connect(two, 'bob')
    await again.mqtt.subscribeAsync('news', { qos: 1 })
    await again.hears(125)
    const rest = Array.from({ length: 125 }, (_, n) => `news=n${n + 6}`)
    assert.deepEqual(again.heard(), rest)
    await drained(two)
    const [acked] = await server.scan('mqtt_acked', KEY)
    const newest = (await server.scan('mqtt_msg', KEY)).find(({ payload }) => payload!.S === 'n130')!
    assert.deepEqual(acked, { topic: { S: 'news' }, clientid: { S: 'bob' }, msgid: newest.msgid })
    assert.equal((await server.scan('mqtt_delivered', KEY)).length, 130)
    assert.equal((await server.scan('holdfast_mark', KEY)).length, 2, 'each journal has its own')
    await again.mqtt.unsubscribeAsync('news')
    await until('the position is forgotten', async () => (await server.scan('mqtt_acked', KEY)).length === 0)
  })
})
