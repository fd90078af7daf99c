// One side is put back to an older state: the journal to an older copy of the folder, the database to an older backup.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, lstatSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { GatewayProcess } from '../helpers/gateway.ts'
import { type PostgresServer, postgresMissing } from '../helpers/postgres.ts'
import { drained, poolStatus, Scene, straightLine } from './scene.ts'

const skip = postgresMissing()

const copyFolder = (from: string, to: string): unknown => execFileSync('cp', ['-a', from, to])

/** Overwrites the files, so that each keeps its inode: nothing but its content tells that the journal is an old one. */
function restoreInPlace(older: string, folder: string): void {
  const regular = (name: string, parent: string): boolean => lstatSync(join(parent, name)).isFile()
  for (const name of readdirSync(folder).filter((name) => regular(name, folder))) {
    if (!readdirSync(older).includes(name)) rmSync(join(folder, name))
  }
  for (const name of readdirSync(older).filter((name) => regular(name, older))) {
    copyFileSync(join(older, name), join(folder, name))
  }
}

/** A journal of 50 messages a publisher, a copy of it, and 50 more that are in the database and not in the copy. */
async function withOlderCopy(scene: Scene) {
  const { server, gateway } = await straightLine(scene)
  const publishers = scene.publishers(gateway)
  await publishers.publish(50)
  await drained(gateway)
  await gateway.stop()
  const older = scene.path('older')
  copyFolder(gateway.data, older)
  await gateway.start()
  await publishers.publish(50)
  await drained(gateway)
  await gateway.stop()
  return { server, gateway, publishers, older }
}

test('the folder is put back in place: what is published then arrives, and status counts it', { skip }, async (t) => {
  const scene = new Scene(t)
  const { server, gateway, publishers, older } = await withOlderCopy(scene)
  restoreInPlace(older, gateway.data)
  await gateway.start()
  await publishers.publish(50)
  await drained(gateway)
  assert.equal((await poolStatus(gateway)).recovered.journalWentBack, 1)
  await scene.verify(server)
})

test('the same, while the database is down and new events take the place of the lost ones', { skip }, async (t) => {
  const scene = new Scene(t)
  const { server, gateway, publishers, older } = await withOlderCopy(scene)
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
  const scene = new Scene(t)
  const { server, gateway, publishers, older } = await withOlderCopy(scene)
  rmSync(gateway.data, { recursive: true })
  copyFolder(older, gateway.data)
  await gateway.start()
  await publishers.publish(120)
  await drained(gateway)
  const { journalCopied, journalWentBack } = (await poolStatus(gateway)).recovered
  assert.equal(journalCopied + journalWentBack, 1)
  await scene.verify(server)
})

/** 50 messages a publisher, a backup of the database, and 50 more. */
async function withOlderBackup(scene: Scene) {
  const { server, gateway } = await straightLine(scene)
  const publishers = scene.publishers(gateway)
  await publishers.publish(50)
  await drained(gateway)
  const restore = await backUp(server, scene)
  await publishers.publish(50)
  await drained(gateway)
  return { server, gateway, publishers, restore }
}

/** @returns what puts the server back to now */
async function backUp(server: PostgresServer, scene: Scene): Promise<() => Promise<void>> {
  const data = join(server.folder, 'data')
  await server.end()
  copyFolder(data, scene.path('backup'))
  await server.start()
  return async () => {
    await server.end()
    rmSync(data, { recursive: true })
    copyFolder(scene.path('backup'), data)
    await server.start()
  }
}

const wentBack = async (gateway: GatewayProcess): Promise<number> =>
  (await poolStatus(gateway)).recovered.remoteWentBack

test('the database is restored from a backup under a running gateway: the journal sends again', { skip }, async (t) => {
  const scene = new Scene(t)
  const { server, gateway, publishers, restore } = await withOlderBackup(scene)
  await restore()
  await publishers.publish(20)
  await drained(gateway)
  assert.equal(await wentBack(gateway), 1)
  await scene.verify(server)
})

test('the same, while the gateway is away', { skip }, async (t) => {
  const scene = new Scene(t)
  const { server, gateway, publishers, restore } = await withOlderBackup(scene)
  await gateway.stop()
  await restore()
  await gateway.start()
  await publishers.publish(20)
  await drained(gateway)
  assert.equal(await wentBack(gateway), 1)
  await scene.verify(server)
})
