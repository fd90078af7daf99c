// A lane into the embedded database: the default of a fresh installation.

import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import type { PoolConfig } from '../../src/forward/forward.ts'
import type { BackendKind, PoolId } from '../../src/model/binding.ts'
import { openForRead, openForWrite } from '../../src/sqlite/open.ts'
import { Scene, type SceneOptions } from './lane-scene.ts'

const pool: PoolConfig = {
  id: 'sqlite.local',
  name: 'local',
  kind: 'sqlite',
  settings: { database: 'mqtt.db', pool_size: 1 },
}

const open: Scene[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.end()
})

async function scene(more: Partial<SceneOptions> = {}): Promise<Scene> {
  const started = await Scene.open({ pool, ...more })
  open.push(started)
  return started
}

function stored({ folder }: Scene): string[] {
  const db = openForRead(join(folder, 'mqtt.db'))
  try {
    return db.prepare<[], string>('select msgid from mqtt_msg order by id').pluck().all()
  } finally {
    db.close()
  }
}

test('order, and once; also what was appended while nothing forwarded', async () => {
  const first = await scene()
  const ids = await first.publish(2000)
  await first.drained()
  await first.forward.pause(pool.id)
  await first.until(({ mode }) => mode === 'paused')
  ids.push(...(await first.publish(500)))
  await first.close()
  const again = await scene({ folder: first.folder })
  ids.push(...(await again.publish(10)))
  await again.drained()
  assert.deepEqual(stored(again), ids)
})

test('what waits is rendered by the binding that it was appended with', async () => {
  const first = await scene({ actions: [statement('kept', 'a')] })
  await first.forward.pause(pool.id)
  await first.until(({ mode }) => mode === 'paused')
  await first.publish(3)
  await first.close()
  const again = await scene({ folder: first.folder, actions: [statement('kept', 'b')] })
  await again.publish(2)
  await again.drained()
  const db = openForRead(join(again.folder, 'mqtt.db'))
  assert.deepEqual(db.prepare('select word from kept order by n').pluck().all(), ['a', 'a', 'a', 'b', 'b'])
  db.close()
})

function statement(table: string, word: string) {
  const made = { texts: [`create table if not exists ${table} (n integer primary key, word text)`], names: [] }
  return { statements: [made, { texts: [`insert into ${table} (word) values ('${word}')`], names: [] }] }
}

test('a batch of culprits in a row: each is a dead letter, the rest goes on; a letter can be sent again', async () => {
  const lane = await scene()
  await lane.drained()
  const db = openForWrite(join(lane.folder, 'mqtt.db'))
  db.exec(
    "create trigger picky before insert on mqtt_msg when new.topic = 'bad' begin select raise(abort, 'not this'); end",
  )
  const ids = await lane.publish(20)
  const bad = await lane.publish(40, { topic: 'bad' })
  ids.push(...(await lane.publish(20)))
  const status = await lane.drained()
  assert.deepEqual(stored(lane), ids)
  assert.equal(status.deadLetters, 40)
  const letters = lane.journal.deadLetters.list({ limit: 100 })
  assert.equal(letters.length, 40)
  assert.match(letters[0]!.message, /not this/)
  assert.match(letters[0]!.operation, /^message\.insert msgid="\w{20}" topic="bad"/)

  db.exec('drop trigger picky')
  db.close()
  await lane.journal.deadLetters.retry(letters[0]!.id)
  await lane.drained()
  assert.deepEqual(stored(lane), [...ids, bad[0]])
  assert.equal(lane.journal.deadLetters.count(), 39)
})

test("an outsider's lock is waited for", async () => {
  const lane = await scene()
  const ids = await lane.publish(5)
  await lane.drained()
  const db = openForWrite(join(lane.folder, 'mqtt.db'))
  db.exec('begin immediate')
  ids.push(...(await lane.publish(5)))
  await lane.until(({ mode }) => mode === 'waiting')
  db.exec('rollback')
  db.close()
  await lane.drained()
  assert.deepEqual(stored(lane), ids)
})

test('the database file is removed under the gateway: a new one, from the local cursor', async () => {
  const first = await scene()
  await first.publish(5)
  await first.drained()
  await first.close()
  const file = join(first.folder, 'mqtt.db')
  assert.ok(existsSync(file))
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
  const again = await scene({ folder: first.folder })
  const ids = await again.publish(5)
  await again.drained()
  assert.deepEqual(stored(again), ids)
})

test('a kind without a backend is refused in words', async () => {
  const lane = await scene()
  await assert.rejects(lane.configure({ id: 'kafka.k1' as PoolId, kind: 'kafka' as BackendKind }), {
    code: 'NO_BACKEND',
  })
})
