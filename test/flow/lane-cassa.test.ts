// A lane into a real Cassandra, through everything that can happen to it. At the end, what was acknowledged by the journal is
// there once and in order, rows of custom statements included.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { backend } from '../../src/backends/cassa/index.ts'
import type { PoolConfig } from '../../src/forward/forward.ts'
import type { Action } from '../../src/model/binding.ts'
import { cassaSettings } from '../contract/subjects/cassa.ts'
import { type CassandraServer, cassandraMissing, startCassandra } from '../helpers/cassandra.ts'
import { type FaultyProxy, startProxy } from '../helpers/proxy.ts'
import { Scene } from './lane-scene.ts'

/** Refused where the payload is no number. */
const NUMBERS: Action = {
  statements: [{ texts: ['insert into numbers (msgid, n) values (', ', ', ')'], names: ['msgid', 'payload'] }],
}
const ONE = { payload: Buffer.from('1') }
const BAD = { payload: Buffer.from('no number') }
const patient = { connectTimeoutMs: 20_000, writeTimeoutMs: 20_000 }

describe('a lane into Cassandra', { skip: cassandraMissing() }, () => {
  let server: CassandraServer
  let proxy: FaultyProxy
  let lane: Scene

  before(async () => {
    server = await startCassandra()
    proxy = await startProxy(server)
    await backend.applySchema({ name: 'pool1', dataDir: '/', node: 'n' }, cassaSettings(server))
    await server.query('create table mqtt.numbers (msgid text primary key, n int)')
  })
  after(async () => {
    await proxy?.close()
    await server?.stop()
  })
  beforeEach(async () => {
    for (const table of ['msg', 'numbers']) await server.query(`truncate mqtt.${table}`)
    const settings = { ...cassaSettings(server), nodes: [{ host: proxy.host, port: proxy.port }] }
    const pool: PoolConfig = { id: 'cassa.pool1', name: 'pool1', kind: 'cassa', settings }
    lane = await Scene.open({ pool, actions: [{ function: 'on_message_publish' }, NUMBERS], timing: patient })
  })
  afterEach(async () => {
    proxy.heal()
    await lane.end()
  })

  const stored = async (): Promise<unknown[]> => {
    const rows = await server.query("select msgid from mqtt.msg where topic = 't/1' order by msgid")
    return rows.map(({ msgid }) => msgid)
  }
  const numbers = async (): Promise<unknown[]> =>
    (await server.query('select msgid from mqtt.numbers')).map(({ msgid }) => msgid).sort()

  test('order, and once', async () => {
    const ids = [...(await lane.publish(1500, ONE)), ...(await lane.publish(700, ONE))]
    const { forwarded, state, exactlyOnce } = await lane.drained(60_000)
    assert.deepEqual([await stored(), await numbers()], [ids, ids.toSorted()])
    assert.deepEqual({ forwarded, state, exactlyOnce }, { forwarded: 2200, state: 'up', exactlyOnce: true })
  })

  test('what is refused is a dead letter, the rest goes on', async () => {
    const good: string[] = []
    const all: string[] = []
    for (let n = 0; n < 10; n++) {
      good.push(...(await lane.publish(20, ONE)))
      all.push(...good.slice(-20), ...(await lane.publish(1, BAD)))
    }
    const { deadLetters } = await lane.drained(60_000)
    assert.deepEqual([await stored(), await numbers()], [all, good.toSorted()])
    assert.equal(deadLetters, 10)
    assert.equal(lane.journal.deadLetters.list()[0]!.code, 'VALUE')
  })

  test('cut, hung, killed: everything once and in order', async () => {
    const ids: string[] = []
    const hang = async (): Promise<void> => {
      server.pause()
      await sleep(300)
      server.resume()
    }
    const kill = async (): Promise<void> => {
      await server.kill9()
      await server.start()
    }
    const cut = async (): Promise<void> => proxy.cut()
    for (const fault of [cut, hang, cut, kill, hang, cut]) {
      ids.push(...(await lane.publish(200, ONE)))
      await fault()
      ids.push(...(await lane.publish(200, ONE)))
      await sleep(50)
    }
    const { deadLetters } = await lane.drained(120_000)
    assert.deepEqual([await stored(), await numbers()], [ids, ids.toSorted()])
    assert.equal(deadLetters, 0)
  })
})
