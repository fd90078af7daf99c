// A lane into a real PostgreSQL, through everything that can happen to it. Each test has its own database and journal;
// at the end, what was acknowledged by the journal is in the table once and in order.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { backend } from '../../src/backends/pgsql/index.ts'
import type { PgsqlSettings } from '../../src/backends/pgsql/settings.ts'
import type { PoolConfig } from '../../src/forward/forward.ts'
import type { Action } from '../../src/model/binding.ts'
import { openForWrite } from '../../src/sqlite/open.ts'
import { fileIdentity } from '../../src/system/machine.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../helpers/postgres.ts'
import { type FaultyProxy, startProxy } from '../helpers/proxy.ts'
import { Scene, type SceneOptions } from './lane-scene.ts'

const skip = postgresMissing()
let server: PostgresServer
let proxy: FaultyProxy
let database = ''
let databases = 0
const open: { end(): Promise<void> }[] = []

before(async () => {
  if (skip) return
  server = await startPostgres()
  proxy = await startProxy(server)
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

function settings(more: Partial<PgsqlSettings> = {}): PgsqlSettings {
  const { host, port } = proxy
  const login = { username: server.user, password: server.password, database, pool_size: 2 }
  return { server: [{ host, port }], ...login, ...more } as PgsqlSettings
}

const pool = (more?: Partial<PgsqlSettings>): PoolConfig => ({
  id: 'pgsql.pool1',
  name: 'pool1',
  kind: 'pgsql',
  settings: settings(more),
})

async function freshDatabase(tables = true): Promise<void> {
  database = `lane${++databases}`
  await server.createDatabase(database)
  if (tables) await makeTables()
}

async function makeTables(): Promise<void> {
  await backend.applySchema({ name: 'pool1', dataDir: '/', node: 'test' }, { ...settings(), server: [server] })
  await query('create table seen (n bigserial, msgid text, payload text)')
}

const query = (text: string, values: unknown[] = []) => server.query(text, values, database)

async function scene(more: Partial<SceneOptions> = {}): Promise<Scene> {
  const started = await Scene.open({ pool: pool(), ...more })
  open.push(started)
  return started
}

/** The messages' ids, in the order of the rows. */
const stored = async () => (await query('select msgid from mqtt_msg order by id')).map(({ msgid }) => msgid)
const seen = async () => (await query('select msgid from seen order by n')).map(({ msgid }) => msgid)

test('order, and once', { skip }, async () => {
  await freshDatabase()
  const lane = await scene({ actions: [{ function: 'on_message_publish' }, STATEMENT] })
  const ids = [...(await lane.publish(1500)), ...(await lane.publish(700))]
  const status = await lane.drained()
  assert.deepEqual(await stored(), ids)
  assert.deepEqual(await seen(), ids)
  assert.equal(status.forwarded, 2200)
  assert.equal(status.state, 'up')
  assert.equal(status.exactlyOnce, true)
  assert.deepEqual(status.lag.events, 0)
})

test('what the database refuses is a dead letter with its own words, the rest goes on', { skip }, async () => {
  await freshDatabase()
  await query("alter table seen add check (payload <> 'bad')")
  const lane = await scene({ actions: [{ function: 'on_message_publish' }, STATEMENT] })
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
  const [letter] = lane.journal.deadLetters.list()
  assert.equal(letter!.code, '23514')
  assert.match(letter!.operation, /insert into seen .*"bad"/)
})

test('an outage of the server: it waits, publishers feel nothing, then all of it', { skip }, async () => {
  await freshDatabase()
  const lane = await scene()
  const ids = await lane.publish(20)
  await lane.drained()
  await server.kill9()
  ids.push(...(await lane.publish(20)))
  const { error, waitingFor } = await lane.until(({ mode }) => mode === 'waiting')
  assert.equal(waitingFor, 'server')
  assert.ok(error!.code)
  ids.push(...(await lane.publish(500)))
  await lane.until(({ retries }) => retries > 3)
  await server.start()
  const status = await lane.drained()
  assert.deepEqual(await stored(), ids)
  assert.equal(status.error, null)
  assert.deepEqual(
    lane.said.filter((word) => word.startsWith('pool_')),
    ['pool_up', 'pool_down', 'pool_up'],
  )
})

test('connections that are cut again and again', { skip }, async () => {
  await freshDatabase()
  const lane = await scene({ actions: [{ function: 'on_message_publish' }, STATEMENT] })
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
  const lane = await scene({ actions: [{ function: 'on_message_publish' }, STATEMENT] })
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

test('an older dump was restored while the gateway was away: sent again from there', { skip }, async () => {
  await freshDatabase()
  const first = await scene()
  const ids = await first.publish(50)
  await first.drained()
  await query('create table dump as select * from mqtt_msg')
  await query('create table dump_mark as select * from holdfast_mark')
  ids.push(...(await first.publish(50)))
  await first.drained()
  await first.close()
  await restoreDump()
  const again = await scene({ folder: first.folder })
  await again.drained()
  const status = await again.until(({ recovered }) => recovered.remoteWentBack === 1)
  assert.deepEqual(await stored(), ids)
  assert.deepEqual(status.recovered, { answersLost: 0, journalWentBack: 0, remoteWentBack: 1, journalCopied: 0 })
})

test('an older dump was restored under a lane at work', { skip }, async () => {
  await freshDatabase()
  const lane = await scene()
  const ids = await lane.publish(50)
  await lane.drained()
  await query('create table dump as select * from mqtt_msg')
  await query('create table dump_mark as select * from holdfast_mark')
  ids.push(...(await lane.publish(50)))
  await lane.drained()
  await restoreDump()
  ids.push(...(await lane.publish(5)))
  await lane.drained()
  assert.deepEqual(await stored(), ids)
  assert.equal(lane.status!.recovered.remoteWentBack, 1)
})

async function restoreDump(): Promise<void> {
  await query(
    'begin; truncate mqtt_msg; insert into mqtt_msg select * from dump; truncate holdfast_mark; insert into holdfast_mark select * from dump_mark; commit',
  )
}

test('the folder was put back to an older copy: nothing is skipped, nothing is twice', { skip }, async () => {
  await freshDatabase()
  const first = await scene()
  const ids = await first.publish(30)
  await first.drained()
  await first.close()
  const folder = first.copy()
  const later = await scene({ folder: first.folder })
  ids.push(...(await later.publish(30)))
  await later.drained()
  await later.close()
  const older = await scene({ folder })
  ids.push(...(await older.publish(45)))
  const status = await older.drained()
  assert.deepEqual(await stored(), ids)
  assert.equal(status.recovered.journalCopied, 1)
})

/** Makes the copy believe that it is the original. */
function forgeHome(folder: string): void {
  const file = join(folder, 'journal.db')
  const db = openForWrite(file)
  const stored = db.prepare("select value from meta where key = 'journal'").pluck().get() as string
  const forged = JSON.stringify({ ...JSON.parse(stored), file: fileIdentity(file) })
  db.prepare("update meta set value = ? where key = 'journal'").run(forged)
  db.close()
}

test('the journal itself went back, under the same id', { skip }, async () => {
  await freshDatabase()
  const first = await scene()
  const ids = await first.publish(30)
  await first.drained()
  await first.close()
  const folder = first.copy()
  forgeHome(folder)
  const later = await scene({ folder: first.folder })
  ids.push(...(await later.publish(30)))
  await later.drained()
  await later.close()
  const older = await scene({ folder })
  ids.push(...(await older.publish(45)))
  const status = await older.drained()
  assert.deepEqual(await stored(), ids)
  assert.equal(status.recovered.journalWentBack, 1)
})

test('a twin with the same id: the second to notice takes a new one', { skip }, async () => {
  await freshDatabase()
  const first = await scene()
  const ids = await first.publish(30)
  await first.drained()
  await first.close()
  const folder = first.copy()
  forgeHome(folder)
  const twins = [await scene({ folder: first.folder }), await scene({ folder })]
  for (let i = 0; i < 5; i++) {
    for (const twin of twins) ids.push(...(await twin.publish(10)))
    for (const twin of twins) await twin.drained()
  }
  const rows = await stored()
  assert.equal(rows.length, ids.length)
  assert.deepEqual(new Set(rows), new Set(ids))
  const copied = twins.map((twin) => twin.journal.identity.copied)
  assert.deepEqual(copied.toSorted(), [0, 1], 'one of them is the copy')
})

test('the server of the pool is changed to an empty one', { skip }, async () => {
  await freshDatabase()
  const lane = await scene()
  await lane.publish(30)
  await lane.drained()
  await freshDatabase()
  await lane.configure({ settings: settings() })
  const ids = await lane.publish(30)
  await lane.drained()
  assert.deepEqual(await stored(), ids, 'from the local cursor')
})

test('without the tables it is blocked and says what to do; then it flows', { skip }, async () => {
  await freshDatabase(false)
  const lane = await scene()
  const ids = await lane.publish(30)
  const { error } = await lane.until(({ state }) => state === 'blocked')
  assert.match(error!.hint!, /holdfast schema pgsql --apply --pool pool1/)
  assert.equal((await lane.forward.test('pgsql.pool1')).ms >= 0, true)
  await makeTables()
  await lane.forward.resume('pgsql.pool1')
  await lane.drained()
  assert.deepEqual(await stored(), ids)
  assert.equal(lane.status!.deadLetters, 0)
  assert.equal(lane.said.filter((word) => word === 'lane_blocked').length, 1)
})

test('a wrong password blocks', { skip }, async () => {
  await freshDatabase()
  const lane = await scene({ pool: pool({ password: 'wrong' }) })
  const ids = await lane.publish(3)
  const { error } = await lane.until(({ state }) => state === 'blocked')
  assert.match(error!.hint!, /password/)
  await lane.configure({ settings: settings() })
  await lane.drained()
  assert.deepEqual(await stored(), ids)
})

test('no right to the table of marks: at least once, said loudly', { skip }, async () => {
  await freshDatabase()
  await query('drop table holdfast_mark; revoke create on schema public from public')
  await query("create role narrow login password 'narrow'")
  await query(
    'grant all on all tables in schema public to narrow; grant all on all sequences in schema public to narrow',
  )
  const lane = await scene({ pool: pool({ username: 'narrow', password: 'narrow' }) })
  const ids = await lane.publish(50)
  await lane.drained()
  const swallowed = proxy.swallowAnswer()
  ids.push(...(await lane.publish(50)))
  await swallowed
  const status = await lane.drained()
  assert.deepEqual(await stored(), ids, 'built-in functions write once all the same')
  assert.equal(status.exactlyOnce, false)
  assert.ok(status.warnings.length > 0)
  assert.equal(lane.said.filter((word) => word === 'lane_at_least_once').length, 1)
})

test('a read-only server is waited for, and makes no dead letters', { skip }, async () => {
  await freshDatabase()
  const lane = await scene()
  const ids = await lane.publish(10)
  await lane.drained()
  await query(`alter database ${database} set default_transaction_read_only = on`)
  proxy.cut()
  ids.push(...(await lane.publish(10)))
  await lane.until(({ retries }) => retries > 14)
  assert.equal(lane.status!.deadLetters, 0)
  assert.notEqual(lane.status!.state, 'up')
  await server.query(`alter database ${database} reset default_transaction_read_only`, [], 'postgres')
  await lane.drained()
  assert.deepEqual(await stored(), ids)
  assert.equal(lane.status!.deadLetters, 0)
})

test('a server out of connections is waited for', { skip }, async () => {
  await freshDatabase()
  await query(`alter database ${database} connection limit 0`)
  await query("create role plain login password 'plain' in role pg_read_all_data, pg_write_all_data")
  await query('grant usage on all sequences in schema public to plain')
  const lane = await scene({ pool: pool({ username: 'plain', password: 'plain' }) })
  const ids = await lane.publish(10)
  const { error } = await lane.until(({ retries }) => retries > 2)
  assert.equal(error!.code, '53300')
  await server.query(`alter database ${database} connection limit -1`, [], 'postgres')
  await lane.drained()
  assert.deepEqual(await stored(), ids)
})

test('a server that hangs is given up and tried anew', { skip }, async (t) => {
  await freshDatabase()
  t.after(() => server.resume())
  const lane = await scene()
  const ids = await lane.publish(10)
  await lane.drained()
  server.pause()
  ids.push(...(await lane.publish(10)))
  const { error } = await lane.until(({ mode }) => mode === 'waiting')
  assert.equal(error!.code, 'TIMEOUT')
  await assert.rejects(lane.forward.read('pgsql.pool1', { read: 'retained', filter: 't' }, 100), { code: 'DEADLINE' })
  server.resume()
  await lane.drained()
  assert.deepEqual(await stored(), ids)
})

test('a network that swallows everything is noticed by an idle lane, too', { skip }, async () => {
  await freshDatabase()
  const lane = await scene()
  await lane.drained()
  proxy.hang()
  await lane.until(({ state }) => state === 'down')
  const up = new Promise((resolve) => lane.forward.onUp(resolve))
  proxy.heal()
  assert.equal(await up, 'pgsql.pool1')
  assert.equal(lane.forward.state('pgsql.pool1'), 'up')
})

test('a far server gets large batches', { skip }, async () => {
  await freshDatabase()
  proxy.delay(30)
  const lane = await scene({ limits: { batch: 1000 }, timing: { writeTimeoutMs: 10_000, connectTimeoutMs: 5000 } })
  const ids = [...(await lane.publish(10_000)), ...(await lane.publish(10_000))]
  await lane.drained(30_000)
  assert.deepEqual(await stored(), ids)
})

test('a pool that left the configuration keeps what waits', { skip }, async () => {
  await freshDatabase()
  const lane = await scene()
  await lane.publish(10)
  await lane.drained()
  await lane.forward.pause('pgsql.pool1')
  await lane.until(({ mode }) => mode === 'paused')
  const ids = [...((await stored()) as string[]), ...(await lane.publish(10))]
  await lane.configure(null)
  const { error } = await lane.until(({ mode }) => mode === 'unconfigured')
  assert.equal(error!.code, 'UNCONFIGURED')
  await assert.rejects(lane.forward.pause('pgsql.pool1'), { code: 'NO_POOL' })
  await lane.configure({})
  await lane.drained()
  assert.deepEqual(await stored(), ids)
})

test('what is skipped stays skipped after a restart', { skip }, async () => {
  await freshDatabase()
  const first = await scene()
  await first.publish(10)
  await first.drained()
  await first.forward.pause('pgsql.pool1')
  await first.publish(10)
  const gone = first.journal.lastSeq
  await first.publish(5)
  await first.forward.skip('pgsql.pool1', gone)
  await first.close()
  const again = await scene({ folder: first.folder })
  await again.drained()
  assert.equal((await stored()).length, 15)
  assert.equal(again.status!.recovered.remoteWentBack, 0)
})
