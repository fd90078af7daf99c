// The remote commits and its answer never comes: nothing may be sent again, not even by a custom statement.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pgsql } from './kinds/pgsql.ts'
import { behindProxy, drained, poolStatus, Scene } from './scene.ts'

const skip = pgsql.missing()

test('answers of COMMIT are lost, several times, also in a row', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, proxy, gateway } = await behindProxy(scene)
  const publishers = scene.publishers(gateway)
  publishers.flow()
  for (const times of [1, 1, 3, 1, 2]) await proxy.swallowAnswer(times)
  await publishers.settle()
  await drained(gateway)
  assert.equal((await poolStatus(gateway)).recovered.answersLost, 8)
  await scene.verify(server)
})

test('the answer is lost, and the gateway with it', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, proxy, gateway } = await behindProxy(scene)
  const publishers = scene.publishers(gateway)
  publishers.flow()
  for (let time = 0; time < 5; time++) {
    await proxy.swallowAnswer()
    await gateway.kill9()
    await gateway.start()
  }
  await publishers.settle()
  await drained(gateway)
  await scene.verify(server)
})

test('the answer is lost, and the server dies with it', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, proxy, gateway } = await behindProxy(scene)
  const publishers = scene.publishers(gateway)
  publishers.flow()
  for (let time = 0; time < 3; time++) {
    await proxy.swallowAnswer()
    await server.kill9()
    await server.start()
  }
  await publishers.settle()
  await drained(gateway)
  await scene.verify(server)
})
