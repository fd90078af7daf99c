// A lane into a real MariaDB, through what can happen to a transaction on its way. Each test has its own database and
// journal; at the end, what was acknowledged by the journal is in the tables once and in order.

import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { backend } from '../../src/backends/mysql/index.ts'
import type { PoolConfig } from '../../src/forward/forward.ts'
import type { Action } from '../../src/model/binding.ts'
import { mysqlSettings } from '../contract/subjects/mysql.ts'
import { type MariadbServer, mariadbMissing, startMariadb } from '../helpers/mariadb.ts'
import { type FaultyProxy, MYSQL_COMMIT, startProxy } from '../helpers/proxy.ts'
import { Scene, type SceneOptions } from './lane-scene.ts'

const skip = mariadbMissing()
let server: MariadbServer
let proxy: FaultyProxy
let database = ''
let databases = 0
const open: { end(): Promise<void> }[] = []

before(async () => {
  if (skip) return
  server = await startMariadb()
  proxy = await startProxy(server, MYSQL_COMMIT)
})
after(async () => {
  await proxy?.close()
  await server?.stop()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.end()
  proxy?.heal()
})

/** A custom statement into a table without any key: whatever is sent twice is there twice. */
const STATEMENT: Action = {
  statements: [{ texts: ['insert into seen (msgid, payload) values (', ', ', ')'], names: ['msgid', 'payload'] }],
}
const BOTH = [{ function: 'on_message_publish' }, STATEMENT] as const

const query = (text: string) => server.query(text, database)
const stored = async () => (await query('select msgid from mqtt_msg order by id')).map(({ msgid }) => msgid)
const seen = async () => (await query('select msgid from seen order by n')).map(({ msgid }) => msgid)

async function freshDatabase(): Promise<void> {
  database = `lane${++databases}`
  await server.createDatabase(database)
  await backend.applySchema({ name: 'pool1', dataDir: '/', node: 'test' }, mysqlSettings(server, database))
  await query('create table seen (n integer auto_increment primary key, msgid text, payload text)')
}

async function scene(more: Partial<SceneOptions> = {}): Promise<Scene> {
  const settings = { ...mysqlSettings(server, database), server: { host: proxy.host, port: proxy.port } }
  const pool: PoolConfig = { id: 'mysql.pool1', name: 'pool1', kind: 'mysql', settings }
  const started = await Scene.open({ pool, actions: BOTH, ...more })
  open.push(started)
  return started
}

test('order, and once', { skip }, async () => {
  await freshDatabase()
  const lane = await scene()
  const ids = [...(await lane.publish(1500)), ...(await lane.publish(700))]
  const status = await lane.drained()
  assert.deepEqual(await stored(), ids)
  assert.deepEqual(await seen(), ids)
  assert.equal(status.exactlyOnce, true)
})

test('what the database refuses is a dead letter with its own words, the rest goes on', { skip }, async () => {
  await freshDatabase()
  await query("alter table seen add check (payload <> 'bad')")
  const lane = await scene()
  const ids = await lane.publish(50)
  const bad = await lane.publish(1, { payload: Buffer.from('bad') })
  ids.push(...bad, ...(await lane.publish(50)))
  const status = await lane.drained()
  assert.deepEqual(await stored(), ids, 'the other operation of the event was not at fault')
  assert.deepEqual(
    await seen(),
    ids.filter((id) => id !== bad[0]),
  )
  assert.equal(status.deadLetters, 1)
  assert.equal(lane.journal.deadLetters.list()[0]!.code, 'ERROR_4025')
})

test('an outage of the server: it waits, then all of it', { skip }, async () => {
  await freshDatabase()
  const lane = await scene()
  const ids = await lane.publish(20)
  await lane.drained()
  await server.kill9()
  ids.push(...(await lane.publish(500)))
  await lane.until(({ mode, retries }) => mode === 'waiting' && retries > 3)
  await server.start()
  await lane.drained()
  assert.deepEqual(await stored(), ids)
  assert.deepEqual(await seen(), ids)
})

test('connections that are cut again and again', { skip }, async () => {
  await freshDatabase()
  const lane = await scene()
  const ids: string[] = []
  for (let i = 0; i < 15; i++) {
    ids.push(...(await lane.publish(100)))
    await sleep(Math.random() * 60)
    proxy.cut()
  }
  await lane.drained()
  assert.deepEqual(await stored(), ids)
  assert.deepEqual(await seen(), ids)
})

test('a commit whose answer is lost is not sent again, statements neither', { skip }, async () => {
  await freshDatabase()
  const lane = await scene()
  const ids = await lane.publish(10)
  await lane.drained()
  for (let i = 1; i <= 5; i++) {
    const swallowed = proxy.swallowAnswer()
    ids.push(...(await lane.publish(30)))
    await swallowed
    await lane.drained()
  }
  const status = await lane.until(({ recovered }) => recovered.answersLost === 5)
  assert.deepEqual(await stored(), ids)
  assert.deepEqual(await seen(), ids)
  assert.equal(status.deadLetters, 0)
})

test('a transaction that was given up, and goes on in the server', { skip }, async () => {
  await freshDatabase()
  const lane = await scene()
  const ids = await lane.publish(10)
  await lane.drained()
  // It waits behind this lock, with its mark moved, longer than the lane waits for an answer; the server ends it then.
  const blocker = server.query('lock tables seen write; select sleep(4); unlock tables', database)
  await sleep(100)
  ids.push(...(await lane.publish(30)))
  await lane.until(({ retries }) => retries > 0)
  await blocker
  await lane.drained(30_000)
  assert.deepEqual(await stored(), ids)
  assert.deepEqual(await seen(), ids)
  assert.equal(lane.status!.recovered.journalCopied, 0, 'nobody is taken for a twin')
})

test('a server that hangs is given up and tried anew', { skip }, async () => {
  await freshDatabase()
  const lane = await scene()
  const ids = await lane.publish(10)
  await lane.drained()
  server.pause()
  ids.push(...(await lane.publish(10)))
  await lane.until(({ mode, retries }) => mode === 'waiting' && retries > 1)
  server.resume()
  await lane.drained()
  assert.deepEqual(await stored(), ids)
  assert.deepEqual(await seen(), ids)
})
