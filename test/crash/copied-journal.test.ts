// Cards are cloned, folders are copied. Two journals that were one write to one database, and neither hides the other's rows.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openForWrite } from '../../src/sqlite/open.ts'
import { fileIdentity } from '../../src/system/machine.ts'
import type { GatewayProcess } from '../helpers/gateway.ts'
import { type PostgresServer, postgresMissing } from '../helpers/postgres.ts'
import type { Publishers } from './publishers.ts'
import { drained, poolStatus, Scene, straightLine } from './scene.ts'

const skip = postgresMissing()

/** A gateway with a copy of the other's data folder, which stands still meanwhile: what a snapshot of the disk has. */
function copyOf(scene: Scene, gateway: GatewayProcess, server: PostgresServer): GatewayProcess {
  const copy = scene.gateway(server)
  execFileSync('cp', ['-a', gateway.data, copy.data])
  return copy
}

/** Both publish for a while; then everything has to be in the database. */
async function bothPublish(
  scene: Scene,
  publishers: Publishers,
  gateways: readonly GatewayProcess[],
  others = scene.publishers(gateways[1]!),
): Promise<void> {
  publishers.flow()
  others.flow()
  await sleep(2000)
  await Promise.all([publishers.settle(), others.settle()])
  for (const gateway of gateways) await drained(gateway)
}

test('copied while stopped, with nothing waiting', { skip }, async (t) => {
  const scene = new Scene(t)
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

test('copied while it runs, with messages waiting: the built-in rows are there once', { skip }, async (t) => {
  const scene = new Scene(t)
  const { server, gateway } = await straightLine(scene)
  const publishers = scene.publishers(gateway)
  await publishers.publish(50)
  await server.end()
  await publishers.publish(50)
  process.kill(gateway.pid!, 'SIGSTOP')
  const copy = copyOf(scene, gateway, server)
  process.kill(gateway.pid!, 'SIGCONT')
  await copy.start()
  await server.start()
  await bothPublish(scene, publishers, [gateway, copy])
  assert.equal((await poolStatus(copy)).recovered.journalCopied, 1)
  await scene.verify(server, { oneGateway: false, tables: ['mqtt_msg'] })
  // Both hold what waited, and nothing in `log` tells that a row is there already.
  await scene.verify(server, { oneGateway: false, tables: ['log'], resent: true })
})

test('copied file by file under load: the copy starts, and what is published to it arrives', { skip }, async (t) => {
  const scene = new Scene(t)
  const { server, gateway } = await straightLine(scene)
  const publishers = scene.publishers(gateway)
  publishers.flow()
  await sleep(1000)
  const copy = copyOf(scene, gateway, server)
  await copy.start()
  await bothPublish(scene, publishers, [gateway, copy])
  await scene.verify(server, { oneGateway: false, tables: ['mqtt_msg'] })
  await scene.verify(server, { oneGateway: false, tables: ['log'], resent: true })
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
  const scene = new Scene(t)
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
