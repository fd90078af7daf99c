// A lane into a real PostgreSQL, through everything that can happen to it.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { backend } from '../../src/backends/pgsql/index.ts'
import { openForWrite } from '../../src/sqlite/open.ts'
import { fileIdentity } from '../../src/system/machine.ts'
import { pgsqlSettings } from '../contract/subjects/pgsql.ts'
import { postgresMissing, startPostgres } from '../helpers/postgres.ts'
import { SqlLanes } from './lane-sql.ts'

const skip = postgresMissing()
const lanes = new SqlLanes({
  kind: 'pgsql',
  skip,
  backend,
  start: startPostgres,
  settings: (server, { host, port }, database) => ({ ...pgsqlSettings(server, database), server: [{ host, port }] }),
  query: (server, text, database) => server.query(text, [], database),
  serial: 'bigserial',
  refused: '22001',
})
const query = (text: string) => lanes.query(text)

lanes.suite()

test('an older dump was restored while the gateway was away: sent again from there', { skip }, async () => {
  await lanes.freshDatabase()
  const first = await lanes.scene()
  const ids = await first.publish(50)
  await first.drained()
  await query('create table dump as select * from mqtt_msg')
  await query('create table dump_mark as select * from holdfast_mark')
  ids.push(...(await first.publish(50)))
  await first.drained()
  await first.close()
  await restoreDump()
  const again = await lanes.scene({ folder: first.folder })
  await again.drained()
  const status = await again.until(({ recovered }) => recovered.remoteWentBack === 1)
  assert.deepEqual(await lanes.stored(), ids)
  assert.deepEqual(status.recovered, { answersLost: 0, journalWentBack: 0, remoteWentBack: 1, journalCopied: 0 })
})

test('an older dump was restored under a lane at work', { skip }, async () => {
  await lanes.freshDatabase()
  const lane = await lanes.scene()
  const ids = await lane.publish(50)
  await lane.drained()
  await query('create table dump as select * from mqtt_msg')
  await query('create table dump_mark as select * from holdfast_mark')
  ids.push(...(await lane.publish(50)))
  await lane.drained()
  await restoreDump()
  ids.push(...(await lane.publish(5)))
  await lane.drained()
  assert.deepEqual(await lanes.stored(), ids)
  assert.equal(lane.status!.recovered.remoteWentBack, 1)
})

async function restoreDump(): Promise<void> {
  await query(
    'begin; truncate mqtt_msg; insert into mqtt_msg select * from dump; truncate holdfast_mark; insert into holdfast_mark select * from dump_mark; commit',
  )
}

test('the folder was put back to an older copy: nothing is skipped, nothing is twice', { skip }, async () => {
  await lanes.freshDatabase()
  const first = await lanes.scene()
  const ids = await first.publish(30)
  await first.drained()
  await first.close()
  const folder = first.copy()
  const later = await lanes.scene({ folder: first.folder })
  ids.push(...(await later.publish(30)))
  await later.drained()
  await later.close()
  const older = await lanes.scene({ folder })
  ids.push(...(await older.publish(45)))
  const status = await older.drained()
  assert.deepEqual(await lanes.stored(), ids)
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
  await lanes.freshDatabase()
  const first = await lanes.scene()
  const ids = await first.publish(30)
  await first.drained()
  await first.close()
  const folder = first.copy()
  forgeHome(folder)
  const later = await lanes.scene({ folder: first.folder })
  ids.push(...(await later.publish(30)))
  await later.drained()
  await later.close()
  const older = await lanes.scene({ folder })
  ids.push(...(await older.publish(45)))
  const status = await older.drained()
  assert.deepEqual(await lanes.stored(), ids)
  assert.equal(status.recovered.journalWentBack, 1)
})

test('a twin with the same id: the second to notice takes a new one', { skip }, async () => {
  await lanes.freshDatabase()
  const first = await lanes.scene()
  const ids = await first.publish(30)
  await first.drained()
  await first.close()
  const folder = first.copy()
  forgeHome(folder)
  const twins = [await lanes.scene({ folder: first.folder }), await lanes.scene({ folder })]
  for (let i = 0; i < 5; i++) {
    for (const twin of twins) ids.push(...(await twin.publish(10)))
    for (const twin of twins) await twin.drained()
  }
  const rows = await lanes.stored()
  assert.equal(rows.length, ids.length)
  assert.deepEqual(new Set(rows), new Set(ids))
  const copied = twins.map((twin) => twin.journal.identity.copied)
  assert.deepEqual(copied.toSorted(), [0, 1], 'one of them is the copy')
})

test('the server of the pool is changed to an empty one', { skip }, async () => {
  await lanes.freshDatabase()
  const lane = await lanes.scene()
  await lane.publish(30)
  await lane.drained()
  await lanes.freshDatabase()
  await lane.configure({ settings: lanes.pool().settings })
  const ids = await lane.publish(30)
  await lane.drained()
  assert.deepEqual(await lanes.stored(), ids, 'from the local cursor')
})

test('without the tables it is blocked and says what to do; then it flows', { skip }, async () => {
  await lanes.freshDatabase(false)
  const lane = await lanes.scene()
  const ids = await lane.publish(30)
  const { error } = await lane.until(({ state }) => state === 'blocked')
  assert.match(error!.hint!, /holdfast schema pgsql --apply --pool pool1/)
  assert.equal((await lane.forward.test('pgsql.pool1')).ms >= 0, true)
  await lanes.makeTables()
  await lane.forward.resume('pgsql.pool1')
  await lane.drained()
  assert.deepEqual(await lanes.stored(), ids)
  assert.equal(lane.status!.deadLetters, 0)
  assert.equal(lane.said.filter((word) => word === 'lane_blocked').length, 1)
})

test('a wrong password blocks', { skip }, async () => {
  await lanes.freshDatabase()
  const lane = await lanes.scene({ pool: lanes.pool({ password: 'wrong' }) })
  const ids = await lane.publish(3)
  const { error } = await lane.until(({ state }) => state === 'blocked')
  assert.match(error!.hint!, /password/)
  await lane.configure({ settings: lanes.pool().settings })
  await lane.drained()
  assert.deepEqual(await lanes.stored(), ids)
})

test('no right to the table of marks: at least once, said loudly', { skip }, async () => {
  await lanes.freshDatabase()
  await query('drop table holdfast_mark; revoke create on schema public from public')
  await query("create role narrow login password 'narrow'")
  await query(
    'grant all on all tables in schema public to narrow; grant all on all sequences in schema public to narrow',
  )
  const lane = await lanes.scene({ pool: lanes.pool({ username: 'narrow', password: 'narrow' }) })
  const ids = await lane.publish(50)
  await lane.drained()
  const swallowed = lanes.proxy.swallowAnswer()
  ids.push(...(await lane.publish(50)))
  await swallowed
  const status = await lane.drained()
  assert.deepEqual(await lanes.stored(), ids, 'built-in functions write once all the same')
  assert.equal(status.exactlyOnce, false)
  assert.ok(status.warnings.length > 0)
  assert.equal(lane.said.filter((word) => word === 'lane_at_least_once').length, 1)
})

test('a read-only server is waited for, and makes no dead letters', { skip }, async () => {
  await lanes.freshDatabase()
  const lane = await lanes.scene()
  const ids = await lane.publish(10)
  await lane.drained()
  await query(`alter database ${lanes.database} set default_transaction_read_only = on`)
  lanes.proxy.cut()
  ids.push(...(await lane.publish(10)))
  await lane.until(({ retries }) => retries > 14)
  assert.equal(lane.status!.deadLetters, 0)
  assert.notEqual(lane.status!.state, 'up')
  await lanes.server.query(`alter database ${lanes.database} reset default_transaction_read_only`, [], 'postgres')
  await lane.drained()
  assert.deepEqual(await lanes.stored(), ids)
  assert.equal(lane.status!.deadLetters, 0)
})

test('a server out of connections is waited for', { skip }, async () => {
  await lanes.freshDatabase()
  await query(`alter database ${lanes.database} connection limit 0`)
  await query("create role plain login password 'plain' in role pg_read_all_data, pg_write_all_data")
  await query('grant usage on all sequences in schema public to plain')
  const lane = await lanes.scene({ pool: lanes.pool({ username: 'plain', password: 'plain' }) })
  const ids = await lane.publish(10)
  const { error } = await lane.until(({ retries }) => retries > 2)
  assert.equal(error!.code, '53300')
  await lanes.server.query(`alter database ${lanes.database} connection limit -1`, [], 'postgres')
  await lane.drained()
  assert.deepEqual(await lanes.stored(), ids)
})

test('a network that swallows everything is noticed by an idle lane, too', { skip }, async () => {
  await lanes.freshDatabase()
  const lane = await lanes.scene()
  await lane.drained()
  lanes.proxy.hang()
  await lane.until(({ state }) => state === 'down')
  const up = new Promise((resolve) => lane.forward.onUp(resolve))
  lanes.proxy.heal()
  assert.equal(await up, 'pgsql.pool1')
  assert.equal(lane.forward.state('pgsql.pool1'), 'up')
})

test('a far server gets large batches', { skip }, async () => {
  await lanes.freshDatabase()
  lanes.proxy.delay(30)
  const lane = await lanes.scene({
    limits: { batch: 1000 },
    timing: { writeTimeoutMs: 10_000, connectTimeoutMs: 5000 },
  })
  const ids = [...(await lane.publish(10_000)), ...(await lane.publish(10_000))]
  await lane.drained(30_000)
  assert.deepEqual(await lanes.stored(), ids)
})

test('a pool that left the configuration keeps what waits', { skip }, async () => {
  await lanes.freshDatabase()
  const lane = await lanes.scene()
  await lane.publish(10)
  await lane.drained()
  await lane.forward.pause('pgsql.pool1')
  await lane.until(({ mode }) => mode === 'paused')
  const ids = [...((await lanes.stored()) as string[]), ...(await lane.publish(10))]
  await lane.configure(null)
  const { error } = await lane.until(({ mode }) => mode === 'unconfigured')
  assert.equal(error!.code, 'UNCONFIGURED')
  await assert.rejects(lane.forward.pause('pgsql.pool1'), { code: 'NO_POOL' })
  await lane.configure({})
  await lane.drained()
  assert.deepEqual(await lanes.stored(), ids)
})

test('what is skipped stays skipped after a restart', { skip }, async () => {
  await lanes.freshDatabase()
  const first = await lanes.scene()
  await first.publish(10)
  await first.drained()
  await first.forward.pause('pgsql.pool1')
  await first.publish(10)
  const gone = first.journal.lastSeq
  await first.publish(5)
  await first.forward.skip('pgsql.pool1', gone)
  await first.close()
  const again = await lanes.scene({ folder: first.folder })
  await again.drained()
  assert.equal((await lanes.stored()).length, 15)
  assert.equal(again.status!.recovered.remoteWentBack, 0)
})
