// One side is put back to an older state: the journal to an older copy of the folder, the database to an older backup. What
// every kind of database goes through is in `every-kind.test.ts`.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { copyFolder, restoreInPlace, withOlderBackup, withOlderCopy } from './folders.ts'
import { pgsql } from './kinds/pgsql.ts'
import { drained, poolStatus, Scene, straightLine } from './scene.ts'

const skip = pgsql.missing()

test('the folder is put back in place while the database is down, and new events take the place of the lost ones', {
  skip,
}, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, gateway } = await straightLine(scene)
  const { publishers, older } = await withOlderCopy(scene, { server, gateway })
  restoreInPlace(older, gateway.data)
  await server.end()
  await gateway.start()
  await publishers.publish(120)
  await server.start()
  await drained(gateway)
  assert.equal((await poolStatus(gateway)).recovered.journalWentBack, 1)
  await scene.verify(server)
})

test('the folder is replaced by its older copy', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, gateway } = await straightLine(scene)
  const { publishers, older } = await withOlderCopy(scene, { server, gateway })
  rmSync(gateway.data, { recursive: true })
  copyFolder(older, gateway.data)
  await gateway.start()
  await publishers.publish(120)
  await drained(gateway)
  const { journalCopied, journalWentBack } = (await poolStatus(gateway)).recovered
  assert.equal(journalCopied + journalWentBack, 1)
  await scene.verify(server)
})

test('the database is restored from a backup while the gateway is away', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, gateway } = await straightLine(scene)
  const { publishers, restore } = await withOlderBackup(scene, { server, gateway })
  await gateway.stop()
  await restore()
  await gateway.start()
  await publishers.publish(20)
  await drained(gateway)
  assert.equal((await poolStatus(gateway)).recovered.remoteWentBack, 1)
  await scene.verify(server)
})
