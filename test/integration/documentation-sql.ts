// The chapters of SQL of the EMQX backend documentation, MySQL and PostgreSQL, example by example, with their own tables and
// queries: what they show is what is there.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { documented } from '../conf/documented.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'
import type { ServerProcess } from '../helpers/server-process.ts'
import { assertStoredSubscriptions } from './documented-subscriptions.ts'

interface SqlServer extends ServerProcess {
  query(text: string): Promise<Record<string, unknown>[]>
}

export interface ChapterOf {
  readonly kind: 'mysql' | 'pgsql'
  /** Of the chapter. */
  readonly title: string
  readonly skip: string | false
  /** The address that its configuration names. */
  readonly address: string
  /** Its DDL. */
  readonly tables: string
  /** Its tables' columns, as `select *` shows them. */
  readonly columns: Readonly<Record<'mqtt_client' | 'mqtt_msg' | 'mqtt_retain' | 'mqtt_acked', readonly string[]>>
  /** How `mqtt_client.state` is stored. */
  state(online: boolean): unknown
  start(): Promise<SqlServer & { readonly user: string; readonly password: string }>
}

/** The examples of the table of SQL parameters. */
const STATEMENTS: readonly (readonly [hook: string, sql: string])[] = [
  ['client.disconnected.2', 'insert into disconn(clientid) values(${clientid})'],
  ['session.subscribed.3', 'insert into sub(topic, qos) values(${topic}, ${qos})'],
  ['session.unsubscribed.1', 'delete from sub where topic = ${topic}'],
  ['message.publish.4', 'insert into msg(msgid, topic) values(${msgid}, ${topic})'],
  ['message.acked.2', 'insert into ack(msgid, topic) values(${msgid}, ${topic})'],
  ['message.delivered.1', 'insert into delivered(msgid, topic) values(${msgid}, ${topic})'],
]
const OWN_TABLES = `
create table conn (clientid varchar(64)); create table disconn (clientid varchar(64));
create table sub (topic varchar(255), qos int); create table msg (msgid varchar(64), topic varchar(255));
create table ack (msgid varchar(64), topic varchar(255)); create table delivered (msgid varchar(64), topic varchar(255))`

export function chapter({ kind, title, skip, address, tables, columns, state, start }: ChapterOf): void {
  describe(`the ${title} chapter of the EMQX backend documentation`, { skip }, () => {
    let server: SqlServer
    let gateway: GatewayProcess
    let client: Client
    const began = Date.now()

    const connect = (): Promise<Client> => Client.connect(gateway.url, 'test', { clean: false })
    const rows = async (text: string): Promise<Record<string, unknown>[]> => {
      const found = await server.query(text)
      return found.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, shown(value)])))
    }
    const row = (text: string): Promise<Record<string, unknown>> => until(text, async () => (await rows(text))[0])
    const assertNow = (time: unknown): void => {
      assert.match(String(time), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
      const at = Date.parse(`${String(time).replace(' ', 'T')}Z`)
      assert.ok(at >= began - 1000 && at <= Date.now(), `${time}`)
    }

    before(async () => {
      const started = await start()
      server = started
      await server.query(`${tables}; ${OWN_TABLES}`)
      const lines = STATEMENTS.map(
        ([hook, sql]) => `backend.${kind}.hook.${hook} = {"action": {"sql": ["${sql}"]}, "pool": "pool1"}\n`,
      )
      const conf = documented(kind)
        .replace(address, `127.0.0.1:${server.port}`)
        .replace('= root', `= ${started.user}`)
        .replace('= public', `= ${started.password}`)
      gateway = new GatewayProcess({ conf: 'clock.wait_for_sync = 0s\n', plugins: { [kind]: conf + lines.join('') } })
      await gateway.start()
      await gateway.forwarded()
    })
    after(async () => {
      await client?.end()
      await gateway?.remove()
      await server?.stop()
    })

    test('subscription table: the rows for a client are its subscriptions when it connects', async () => {
      await rows("insert into mqtt_sub(clientid, topic, qos) values('test', 'test_topic1', 1)")
      await rows("insert into mqtt_sub(clientid, topic, qos) values('test', 'test_topic2', 2)")
      client = await connect()
      await assertStoredSubscriptions(gateway, client)
    })

    test("client connection table: client 'test' is online", async () => {
      const found = await row("select * from mqtt_client where clientid = 'test'")
      assert.deepEqual(Object.keys(found), columns.mqtt_client)
      const { clientid, node, online_at, offline_at } = found
      assert.deepEqual([clientid, found.state, node, offline_at], ['test', state(true), 'holdfast@127.0.0.1', null])
      assertNow(online_at)
      assert.ok(found.created)
    })

    test("message table: messages that client 'test' published", async () => {
      await client.publish('hello', 'hello', 1)
      await client.publish('world', 'world', 1)
      const stored = await until('two messages', async () => {
        const found = await rows("select * from mqtt_msg where sender = 'test'")
        return found.length === 2 ? found : undefined
      })
      assert.deepEqual(Object.keys(stored[0]!), columns.mqtt_msg)
      assert.deepEqual(
        stored.map(({ topic, sender, node = null, qos, retain, payload }) => [
          topic,
          sender,
          node,
          qos,
          retain,
          `${payload}`,
        ]),
        [
          ['hello', 'test', null, 1, 0, 'hello'],
          ['world', 'test', null, 1, 0, 'world'],
        ],
      )
      assert.ok((stored[0]!.id as number) < (stored[1]!.id as number))
      assert.ok(String(stored[0]!.msgid) < String(stored[1]!.msgid))
      for (const { arrived } of stored) assertNow(arrived)
    })

    test("retained message table: the one of topic 'retain', and its deletion", async () => {
      await client.publish('retain', 'www', 1, true)
      const retained = await row("select * from mqtt_retain where topic = 'retain'")
      assert.deepEqual(Object.keys(retained), columns.mqtt_retain)
      const { topic, sender, node = null, qos, payload, msgid } = retained
      assert.deepEqual([topic, sender, node, qos, `${payload}`], ['retain', 'test', null, 1, 'www'])
      assert.match(String(msgid), /^[0-9A-Za-z]{20}$/)
      const reader = await Client.connect(gateway.url, 'reader')
      await reader.mqtt.subscribeAsync('retain', { qos: 0 })
      await reader.hears(1)
      assert.deepEqual(reader.heard(), ['retain!=www'])
      await reader.end()
      await client.publish('retain', '', 1, true)
      await until('the deletion', async () => (await rows('select * from mqtt_retain')).length === 0)
    })

    test('acknowledgement table: how far a client has come, and its fetch from there', async () => {
      await client.mqtt.subscribeAsync('hello', { qos: 1 })
      await client.hears(1, 'hello')
      const { id } = await row("select id from mqtt_msg where topic = 'hello'")
      const acked = await row("select * from mqtt_acked where clientid = 'test' and topic = 'hello'")
      assert.deepEqual(Object.keys(acked), columns.mqtt_acked)
      assert.equal(acked.mid, id)
      assert.ok(acked.created)
      assert.deepEqual(client.heard('hello'), ['hello=hello'])
    })

    test('SQL parameters: every example leaves its row', async () => {
      const { msgid } = await row("select msgid from mqtt_msg where topic = 'hello'")
      assert.ok((await rows("select * from conn where clientid = 'test'")).length > 0)
      assert.deepEqual(await row("select * from msg where topic = 'hello'"), { msgid, topic: 'hello' })
      assert.deepEqual(await row("select * from delivered where topic = 'hello'"), { msgid, topic: 'hello' })
      assert.deepEqual(await row("select * from ack where topic = 'hello'"), { msgid, topic: 'hello' })
      assert.deepEqual(await row("select * from sub where topic = 'hello'"), { topic: 'hello', qos: 1 })
      await client.mqtt.unsubscribeAsync('hello')
      await until('the row is gone', async () => (await rows("select * from sub where topic = 'hello'")).length === 0)
    })

    test("client connection table: client 'test' is offline", async () => {
      await client.end()
      const text = "select * from mqtt_client where clientid = 'test' and state = '0'"
      const { node, online_at, offline_at } = await row(text)
      assert.equal(node, 'holdfast@127.0.0.1')
      assertNow(online_at)
      assertNow(offline_at)
      assert.deepEqual(await row("select * from disconn where clientid = 'test'"), { clientid: 'test' })
    })

    test('configuration: nothing was refused', async () => {
      assert.equal((await gateway.pool()).deadLetters, 0)
      assert.match(gateway.output, /no unique index on msgid/, 'the old tables are warned of')
    })
  })
}

/** A time as the server's own client shows it, without the part of a second. */
function shown(value: unknown): unknown {
  if (!(value instanceof Date)) return value
  const local = new Date(value.getTime() - value.getTimezoneOffset() * 60_000) // the driver took it for a local one
  return local.toISOString().slice(0, 19).replace('T', ' ')
}
