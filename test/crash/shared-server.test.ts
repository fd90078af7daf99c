// Whose rows are whose: two gateways on one database, and a pool that moves to another one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pgsql } from './kinds/pgsql.ts'
import { drained, poolStatus, Scene, straightLine } from './scene.ts'

const skip = pgsql.missing()

test('two gateways with the default node name on one database', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, gateway } = await straightLine(scene)
  const other = scene.gateway(server)
  await other.start()
  const both = [scene.publishers(gateway), scene.publishers(other)]
  for (const publishers of both) publishers.flow()
  await sleep(1500)
  await server.kill9()
  await other.kill9()
  await server.start()
  await other.start()
  await sleep(500)
  for (const publishers of both) await publishers.settle()
  await drained(gateway)
  await drained(other)
  assert.equal((await poolStatus(other)).recovered.journalCopied, 0)
  await scene.verify(server, { oneGateway: false })
})

test('a pool moves to an empty server: it begins at the cursor, and nothing that waits is lost', {
  skip,
}, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, gateway } = await straightLine(scene)
  const before = scene.publishers(gateway)
  await before.publish(50)
  await drained(gateway)
  await before.end()
  await scene.verify(server)
  await server.end()
  const waiting = scene.publishers(gateway)
  await waiting.publish(50)
  await gateway.stop()

  const empty = await scene.server()
  gateway.configure(scene.files(empty))
  await scene.makeTables(gateway, empty)
  await gateway.start()
  await waiting.publish(20)
  await drained(gateway)
  assert.equal((await pgsql.rows(empty, 'log')).length, 3 * 70)
  await scene.verify(empty, { publishers: [waiting] })
})
