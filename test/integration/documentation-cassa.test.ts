// The Cassandra chapter of the EMQX backend documentation, example by example, with its own tables and queries: what it shows
// is what is there.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { documented } from '../conf/documented.ts'
import { OLD_TABLES } from '../contract/subjects/cassa.ts'
import { type CassandraServer, cassandraMissing, startCassandra } from '../helpers/cassandra.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { assertStoredSubscriptions } from './documented-subscriptions.ts'

/** The examples of the table of CQL parameters. Their tables are not EMQX's own, though some are called so. */
const STATEMENTS: readonly (readonly [hook: string, cql: string])[] = [
  ['client.connected.4', 'insert into conn(clientid) values(${clientid})'],
  ['client.disconnected.2', 'insert into disconn(clientid) values(${clientid})'],
  ['session.subscribed.3', 'insert into sub(topic, qos) values(${topic}, ${qos})'],
  ['session.unsubscribed.2', 'delete from sub where topic = ${topic}'],
  ['message.publish.4', 'insert into msg(msgid, topic) values(${msgid}, ${topic})'],
  ['message.acked.2', 'insert into ack(msgid, topic) values(${msgid}, ${topic})'],
  ['message.delivered.1', 'insert into delivered(msgid, topic) values(${msgid}, ${topic})'],
]
const OWN_TABLES = [
  'create table conn (clientid text primary key)',
  'create table disconn (clientid text primary key)',
  'create table sub (topic text primary key, qos int)',
  'create table msg (msgid text primary key, topic text)',
  'create table ack (msgid text primary key, topic text)',
  'create table delivered (msgid text primary key, topic text)',
]
const KEYSPACE = "with replication = { 'class' : 'SimpleStrategy', 'replication_factor' : 1 }"

type Row = Record<string, unknown>

describe('the Cassandra chapter of the EMQX backend documentation', { skip: cassandraMissing() }, () => {
  let server: CassandraServer
  let gateway: GatewayProcess
  let client: Client
  const began = Date.now()

  const rows = async (text: string): Promise<Row[]> => (await server.query(text)).map((row) => ({ ...row }))
  const row = (text: string): Promise<Row> => until(text, async () => (await rows(text))[0])
  const assertNow = (shown: unknown): void => {
    const at = (shown as Date).getTime()
    assert.ok(at >= began && at <= Date.now(), `${shown}`)
  }

  before(async () => {
    server = await startCassandra()
    await server.query(`create keyspace mqtt ${KEYSPACE}`)
    for (const table of [...OLD_TABLES, 'create table conn (clientid text primary key)']) {
      await server.query(table, [], 'mqtt')
    }
    await server.query(`create keyspace own ${KEYSPACE}`)
    for (const table of OWN_TABLES) await server.query(table, [], 'own')
    const conf = documented('cassa').replace('127.0.0.1:9042', `127.0.0.1:${server.port}`)
    const second = conf
      .split('\n')
      .filter((line) => line.startsWith('backend.ecql.'))
      .map((line) => line.replace('.pool1.', '.pool2.').replace('keyspace = mqtt', 'keyspace = own'))
    const lines = STATEMENTS.map(
      ([hook, cql]) => `backend.cassa.hook.${hook} = {"action": {"cql": ["${cql}"]}, "pool": "pool2"}`,
    )
    gateway = new GatewayProcess({
      conf: 'clock.wait_for_sync = 0s\n',
      plugins: { cassa: [conf, ...second, ...lines, ''].join('\n') },
    })
    await gateway.start()
    await until('the pools', async () => {
      const { pools } = await gateway.ctl('status')
      return pools.every(({ state }: { state: string }) => state === 'up')
    })
  })
  after(async () => {
    await client?.mqtt.endAsync(true)
    await gateway?.remove()
    await server?.stop()
  })

  test('subscription table: the rows for a client are its subscriptions when it connects', async () => {
    await rows("insert into mqtt.sub(client_id, topic, qos) values('test', 'test_topic1', 1)")
    await rows("insert into mqtt.sub(client_id, topic, qos) values('test', 'test_topic2', 2)")
    client = await Client.connect(gateway.url, 'test', { clean: false })
    await assertStoredSubscriptions(gateway, client)
  })

  test("client connection table: client 'test' is online", async () => {
    const state = await row("select * from mqtt.client where client_id = 'test'")
    assert.deepEqual(Object.keys(state), ['client_id', 'connected', 'disconnected', 'node', 'state'])
    const { connected, ...rest } = state
    assert.deepEqual(rest, { client_id: 'test', disconnected: null, node: 'holdfast@127.0.0.1', state: 1 })
    assertNow(connected)
  })

  test("message table: messages that client 'test' published", async () => {
    await client.publish('hello', 'Hello world!', 1)
    await client.publish('world', 'Hello world!', 1)
    const stored = await until('two messages', async () => {
      const found = await rows("select * from mqtt.msg where sender = 'test' allow filtering")
      return found.length === 2 ? found : undefined
    })
    assert.deepEqual(Object.keys(stored[0]!), ['topic', 'msgid', 'arrived', 'payload', 'qos', 'retain', 'sender'])
    const byTopic = stored.toSorted((a, b) => (String(a.topic) < String(b.topic) ? -1 : 1))
    for (const [index, topic] of ['hello', 'world'].entries()) {
      const { msgid, arrived, ...rest } = byTopic[index]!
      assert.deepEqual(rest, { topic, payload: 'Hello world!', qos: 1, retain: 0, sender: 'test' })
      assert.match(String(msgid), /^[0-9A-Za-z]{20}$/)
      assertNow(arrived)
    }
    assert.ok(String(byTopic[0]!.msgid) < String(byTopic[1]!.msgid))
  })

  test("retained message table: the one of topic 'retain' by its id, and its deletion", async () => {
    await client.publish('retain', 'www', 1, true)
    const retained = await row("select * from mqtt.retain where topic = 'retain'")
    const { msgid } = await row("select msgid from mqtt.msg where topic = 'retain'")
    assert.deepEqual(retained, { topic: 'retain', msgid })
    const reader = await Client.connect(gateway.url, 'reader')
    await reader.mqtt.subscribeAsync('retain', { qos: 0 })
    await reader.hears(1)
    assert.deepEqual(reader.heard(), ['retain!=www'])
    await reader.end()
    await client.publish('retain', '', 1, true)
    await until('the deletion', async () => (await rows('select * from mqtt.retain')).length === 0)
  })

  test('acknowledgement table: how far a client has come, and its fetch from there', async () => {
    await client.mqtt.subscribeAsync('hello', { qos: 1 })
    await client.hears(1, 'hello')
    assert.deepEqual(client.heard('hello'), ['hello=Hello world!'])
    const { msgid } = await row("select msgid from mqtt.msg where topic = 'hello'")
    const acked = await row("select * from mqtt.acked where client_id = 'test' and topic = 'hello'")
    assert.deepEqual(acked, { client_id: 'test', topic: 'hello', msgid })
  })

  test("delete acked record: an unsubscription runs the chapter's own statement", async () => {
    await client.mqtt.unsubscribeAsync('hello')
    await until('the deletion', async () => {
      return (await rows("select * from mqtt.acked where client_id = 'test' and topic = 'hello'")).length === 0
    })
  })

  test('CQL parameters: every example leaves its row', async () => {
    const { msgid } = await row("select msgid from mqtt.msg where topic = 'hello'")
    assert.deepEqual(await row("select * from mqtt.conn where clientid = 'test'"), { clientid: 'test' })
    assert.deepEqual(await row("select * from own.conn where clientid = 'test'"), { clientid: 'test' })
    assert.deepEqual(await row("select * from own.disconn where clientid = 'reader'"), { clientid: 'reader' })
    for (const table of ['msg', 'ack', 'delivered']) {
      assert.deepEqual(await row(`select * from own.${table} where msgid = '${msgid}'`), { msgid, topic: 'hello' })
    }
    await until('the deletion', async () => (await rows("select * from own.sub where topic = 'hello'")).length === 0)
    assert.deepEqual(await row("select * from own.sub where topic = 'retain'"), { topic: 'retain', qos: 0 })
  })

  test("client connection table: client 'test' is offline", async () => {
    await client.end()
    const state = await until('offline', async () => {
      const [found] = await rows("select * from mqtt.client where client_id = 'test'")
      return found?.state === 0 ? found : undefined
    })
    assertNow(state.connected)
    assertNow(state.disconnected)
    assert.ok(Number(state.disconnected) >= Number(state.connected))
    const { pools } = await gateway.ctl('status')
    assert.deepEqual(
      pools.map(({ deadLetters }: { deadLetters: number }) => deadLetters),
      [0, 0],
    )
  })
})
