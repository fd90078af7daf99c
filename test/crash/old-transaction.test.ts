// A transaction of a gateway that died, or of a connection that was given up, comes to its end in the server after the lane
// has connected anew and read the mark.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { until } from '../helpers/gateway.ts'
import type { PostgresServer } from '../helpers/postgres.ts'
import { startProxy } from '../helpers/proxy.ts'
import { pgsql } from './kinds/pgsql.ts'
import { drained, poolStatus, Scene, straightLine } from './scene.ts'

const skip = pgsql.missing()

/** Locks the marks, so that transactions stand still where they move them. @returns what lets them go on */
async function lockMarks(server: PostgresServer): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  await client.query('begin')
  await client.query('select 1 from holdfast_mark for update')
  return async () => {
    await client.query('rollback')
    await client.end()
  }
}

const stuck = (server: PostgresServer, transactions: number): Promise<unknown> =>
  until(`${transactions} transactions wait for the lock`, async () => {
    const waiting = await server.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock'`)
    return waiting.length >= transactions
  })

test('the gateway died and is back while its transaction still stands in the server', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, gateway } = await straightLine(scene)
  const proxy = await startProxy(server)
  scene.closing(() => proxy.close())
  const publishers = scene.publishers(gateway)
  const { user, password } = server
  const route = (port: number): void => gateway.configure(scene.files({ port, user, password }))
  for (let time = 0; time < 3; time++) {
    route(proxy.port)
    await gateway.stop()
    await gateway.start()
    await publishers.publish(20)
    await drained(gateway)
    const release = await lockMarks(server)
    publishers.flow()
    await stuck(server, 1) // all of it is in the server, COMMIT too
    proxy.hang() // which does not hear of the gateway's end
    await gateway.kill9()
    route(server.port)
    await gateway.start()
    await stuck(server, 2)
    await release()
    await publishers.settle()
    await drained(gateway)
    proxy.heal()
    const { answersLost, journalWentBack, journalCopied, remoteWentBack } = (await poolStatus(gateway)).recovered
    // 2: the start before found a mark ahead of the cursor too, which is persisted now and then only
    assert.ok(answersLost === 1 || answersLost === 2, `answers lost: ${answersLost}`)
    assert.deepEqual([journalWentBack, journalCopied, remoteWentBack], [0, 0, 0])
  }
  await scene.verify(server)
})
