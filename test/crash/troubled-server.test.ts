// PostgreSQL is there and does not do what it should. Publishers feel nothing of it, and nothing is dropped.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type GatewayProcess, until } from '../helpers/gateway.ts'
import type { PostgresServer } from '../helpers/postgres.ts'
import { pgsql } from './kinds/pgsql.ts'
import { drained, poolStatus, Scene, straightLine } from './scene.ts'

const skip = pgsql.missing()

const inState = (gateway: GatewayProcess, state: 'down' | 'blocked') =>
  until(`the pool is ${state}`, async () => {
    const status = await poolStatus(gateway)
    return status.state === state && status.error && status
  })

/** Takes every connection that the server still has. @returns what gives them back */
async function occupy(server: PostgresServer): Promise<() => Promise<void>> {
  const clients: pg.Client[] = []
  for (;;) {
    const client = new pg.Client({ connectionString: server.url() })
    try {
      await client.connect()
    } catch (error) {
      assert.equal((error as { code?: string }).code, '53300')
      break
    }
    clients.push(client)
  }
  return async () => void (await Promise.all(clients.map((client) => client.end())))
}

test('out of connections: the lane waits', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const server = await scene.server({ settings: { max_connections: 6 } })
  const gateway = scene.gateway(server)
  await scene.makeTables(gateway, server)
  const release = await occupy(server)
  await gateway.start()
  const publishers = scene.publishers(gateway)
  await publishers.publish(50)
  const { mode, error, deadLetters } = await inState(gateway, 'down')
  assert.deepEqual([mode, error.code, deadLetters], ['waiting', '53300', 0])
  await release()
  await drained(gateway)
  await scene.verify(server)
})

test('read-only under load: the lane waits', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, gateway } = await straightLine(scene)
  const publishers = scene.publishers(gateway)
  publishers.flow()
  await sleep(500)
  await readOnly(server, 'on')
  const { error, deadLetters } = await inState(gateway, 'down')
  assert.deepEqual([error.code, deadLetters], ['25006', 0])
  await sleep(1000)
  await publishers.settle()
  await readOnly(server, 'off')
  await drained(gateway)
  await scene.verify(server)
})

async function readOnly(server: PostgresServer, value: 'on' | 'off'): Promise<void> {
  await server.query(`alter system set default_transaction_read_only = ${value}`)
  await server.query('select pg_reload_conf()')
}

test('without the tables: the lane is blocked and says what to do', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const server = await scene.server()
  const gateway = scene.gateway(server)
  await gateway.start()
  const publishers = scene.publishers(gateway)
  await publishers.publish(50)
  const { error, deadLetters } = await inState(gateway, 'blocked')
  await until('the mode, between two tries', async () => (await poolStatus(gateway)).mode === 'blocked')
  assert.match(error.hint, /holdfast schema pgsql --apply/)
  assert.equal(deadLetters, 0)
  await gateway.stop()
  await gateway.start()
  await scene.makeTables(gateway, server)
  await drained(gateway)
  await scene.verify(server)
})

test('a table is dropped under load and made again', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const { server, gateway } = await straightLine(scene)
  const publishers = scene.publishers(gateway)
  publishers.flow()
  await sleep(500)
  await server.query('alter table log rename to hidden')
  await inState(gateway, 'blocked')
  await publishers.settle()
  await server.query('alter table hidden rename to log')
  await drained(gateway)
  await scene.verify(server)
})

test('without the right to make the mark: at least once, and loudly so', { skip }, async (t) => {
  const scene = new Scene(pgsql, t)
  const server = await scene.server()
  const gateway = scene.gateway(server)
  await scene.makeTables(gateway, server)
  await server.query(`create role device login password 'secret'`)
  await server.query('drop table holdfast_mark')
  await server.query('grant select, insert, update, delete on all tables in schema public to device')
  await server.query('grant usage, select on all sequences in schema public to device')
  const device = { port: server.port, user: 'device', password: 'secret' }
  gateway.configure(scene.files(device))
  await gateway.start()
  const publishers = scene.publishers(gateway)
  for (let round = 0; round < 4; round++) {
    publishers.flow()
    await sleep(400)
    await (round % 2 === 0 ? server.kill9() : gateway.kill9())
    await (round % 2 === 0 ? server.start() : gateway.start())
  }
  await publishers.settle()
  await drained(gateway)
  const { exactlyOnce, deadLetters } = await poolStatus(gateway)
  assert.deepEqual([exactlyOnce, deadLetters], [false, 0])
  assert.match(gateway.output, /"level":(40|"warn")[^\n]*(holdfast_mark|exactly once|at least once)/)
  await scene.verify(server, { tables: ['mqtt_msg'] }) // once all the same, by msgid
  await scene.verify(server, { tables: ['log'], resent: true })
})
