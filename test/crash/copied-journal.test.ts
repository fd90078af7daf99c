// Cards are cloned, folders are copied. Two journals that were one write to one database, and neither hides the other's rows.
// What every kind of database goes through is in `every-kind.test.ts`.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openForWrite } from '../../src/sqlite/open.ts'
import { fileIdentity } from '../../src/system/machine.ts'
import { bothPublish, copyOf } from './folders.ts'
import { pgsql } from './kinds/pgsql.ts'
import { drained, poolStatus, Scene, straightLine } from './scene.ts'

const skip = pgsql.missing()

test('copied while stopped, with nothing waiting', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, gateway } = await straightLine(scene)
  const publishers = scene.publishers(gateway)
  await publishers.publish(50)
  await drained(gateway)
  await gateway.stop()
  const copy = copyOf(scene, gateway, server)
  await Promise.all([gateway.start(), copy.start()])
  await bothPublish(scene, publishers, [gateway, copy])
  assert.match(copy.output, /another file/) // at the start, not when the mark gives it away
  assert.equal((await poolStatus(copy)).recovered.journalCopied, 1)
  assert.equal((await poolStatus(gateway)).recovered.journalCopied, 0)
  await scene.verify(server, { oneGateway: false })
})

test('copied file by file under load: the copy starts, and what is published to it arrives', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, gateway } = await straightLine(scene)
  const publishers = scene.publishers(gateway)
  publishers.flow()
  await sleep(1000)
  const copy = copyOf(scene, gateway, server)
  await copy.start()
  await bothPublish(scene, publishers, [gateway, copy])
  await scene.verify(server, { oneGateway: false, twins: true })
})

/** Makes a copy believe that it is the original, as a clone of the whole machine does. */
function forgeHome(folder: string): void {
  const file = join(folder, 'journal.db')
  const db = openForWrite(file)
  const stored = db.prepare("select value from meta where key = 'journal'").pluck().get() as string
  const forged = JSON.stringify({ ...JSON.parse(stored), file: fileIdentity(file) })
  db.prepare("update meta set value = ? where key = 'journal'").run(forged)
  db.close()
}

test('a clone that nothing tells from the original: the mark does', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, gateway } = await straightLine(scene)
  const publishers = scene.publishers(gateway)
  await publishers.publish(50)
  await drained(gateway)
  await gateway.stop()
  const copy = copyOf(scene, gateway, server)
  forgeHome(copy.data)
  await server.end()
  await Promise.all([gateway.start(), copy.start()])
  const others = scene.publishers(copy)
  await Promise.all([publishers.publish(300), others.publish(300)]) // under one name, and nobody to tell
  await server.start()
  await bothPublish(scene, publishers, [gateway, copy], others)
  const copied = await Promise.all([gateway, copy].map(async (one) => (await poolStatus(one)).recovered.journalCopied))
  assert.deepEqual(copied.toSorted(), [0, 1])
  await scene.verify(server, { oneGateway: false })
})
