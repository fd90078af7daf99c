// A transaction of a gateway that died, or of a connection that was given up, comes to its end in the server after the lane
// has connected anew and read the mark.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { until } from '../helpers/gateway.ts'
import { type PostgresServer, postgresMissing } from '../helpers/postgres.ts'
import { drained, poolStatus, Scene, straightLine } from './scene.ts'

const skip = postgresMissing()

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
  const scene = new Scene(t)
  const { server, gateway } = await straightLine(scene)
  const publishers = scene.publishers(gateway)
  await publishers.publish(20)
  await drained(gateway)
  for (let time = 0; time < 3; time++) {
    const release = await lockMarks(server)
    publishers.flow()
    await stuck(server, 1)
    await gateway.kill9()
    await gateway.start()
    await stuck(server, 2)
    await release()
    await sleep(300)
  }
  await publishers.settle()
  await drained(gateway)
  const { journalWentBack, journalCopied, remoteWentBack } = (await poolStatus(gateway)).recovered
  assert.deepEqual([journalWentBack, journalCopied, remoteWentBack], [0, 0, 0])
  await scene.verify(server)
})
