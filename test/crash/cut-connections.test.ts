// Publishers lose their connections and repeat; the gateway lives on. At QoS 2 no message may come twice by that.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pgsql } from './kinds/pgsql.ts'
import { drained, Scene, straightLine } from './scene.ts'

test('QoS 2 over connections that are cut: each message once', { skip: pgsql.missing() }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, gateway } = await straightLine(scene)
  const publishers = scene.publishers(gateway, { qos: [2, 2, 2], cuts: true })
  publishers.flow()
  await sleep(5000)
  await server.kill9()
  await sleep(1000)
  await publishers.settle()
  await server.start()
  await drained(gateway)
  assert.ok(publishers.progress.repeated > 0)
  await scene.verify(server)
})
