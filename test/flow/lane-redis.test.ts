// A lane into a real Redis, through everything that can happen to it. At the end, what was acknowledged by the journal is
// there once and in order, custom commands included.

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolConfig } from '../../src/forward/forward.ts'
import type { Action } from '../../src/model/binding.ts'
import { redisSettings } from '../contract/subjects/redis.ts'
import { type Exchange, type FaultyProxy, startProxy } from '../helpers/proxy.ts'
import { type RedisServer, redisMissing, startRedis } from '../helpers/redis.ts'
import { Scene, type SceneOptions } from './lane-scene.ts'

const skip = redisMissing()
/** A batch's script, until its answer: nothing, or a refusal. */
const BATCH: Exchange = { asked: () => (said) => /\r\neval(sha)?\r\n/i.test(said), answered: /^\$-1|^\*/ }
let server: RedisServer
let proxy: FaultyProxy
const open: { end(): Promise<void> }[] = []

before(async () => {
  if (skip) return
  server = await startRedis()
  proxy = await startProxy(server, BATCH)
})
after(async () => {
  await proxy?.close()
  await server?.stop()
})
beforeEach(async () => {
  if (!skip) await server.ask('flushall')
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.end()
  proxy?.heal()
})

/** Whatever is sent twice is there twice. */
const SEEN: Action = { statements: [{ texts: ['RPUSH seen ', ''], names: ['msgid'] }] }
/** Refused where the payload is no number, with a command before it that is taken. */
const SUM: Action = {
  statements: [
    { texts: ['RPUSH tried ', ''], names: ['msgid'] },
    { texts: ['INCRBY sum ', ''], names: ['payload'] },
  ],
}
const PUBLISH: Action = { function: 'on_message_publish' }

const pool = (): PoolConfig => ({
  id: 'redis.pool1',
  name: 'pool1',
  kind: 'redis',
  settings: redisSettings([{ host: proxy.host, port: proxy.port }]),
})

async function scene(more: Partial<SceneOptions> = {}): Promise<Scene> {
  const started = await Scene.open({ pool: pool(), actions: [SEEN, PUBLISH, SUM], ...more })
  open.push(started)
  return started
}

const seen = (key = 'seen'): Promise<unknown> => server.ask('lrange', key, 0, -1)
const stored = (): Promise<unknown> => server.ask('zrange', 'mqtt:msg:t/1', 0, -1)
const ONE = { payload: Buffer.from('1') }
const BAD = { payload: Buffer.from('no number') }

test('order, and once', { skip }, async () => {
  const lane = await scene()
  const ids = [...(await lane.publish(1500, ONE)), ...(await lane.publish(700, ONE))]
  const { forwarded, state, exactlyOnce } = await lane.drained()
  assert.deepEqual([await seen(), await stored()], [ids, ids])
  assert.equal(await server.ask('get', 'sum'), '2200')
  assert.deepEqual({ forwarded, state, exactlyOnce }, { forwarded: 2200, state: 'up', exactlyOnce: true })
})

test('what is refused is a dead letter with the words of Redis, the rest goes on, nothing runs twice', {
  skip,
}, async () => {
  const lane = await scene()
  const ids: string[] = []
  for (let n = 0; n < 10; n++) {
    ids.push(...(await lane.publish(20, ONE)), ...(await lane.publish(1, BAD)))
  }
  const { deadLetters } = await lane.drained()
  assert.deepEqual([await seen(), await seen('tried'), await stored()], [ids, ids, ids])
  assert.equal(await server.ask('get', 'sum'), '200')
  assert.equal(deadLetters, 10)
  const [letter] = lane.journal.deadLetters.list()
  assert.equal(letter!.code, 'ERR')
  assert.match(letter!.operation, /INCRBY sum "no number"/)
})

test('cut, hung, killed, flushed of scripts, refused, answers lost: everything once and in order', {
  skip,
}, async () => {
  const lane = await scene()
  const ids: string[] = []
  let bad = 0
  const faults: (() => unknown)[] = [
    () => proxy.cut(),
    async () => {
      await lane.until(({ lag }) => lag.events === 0)
      const swallowed = proxy.swallowAnswer()
      ids.push(...(await lane.publish(5, ONE)))
      await swallowed
    },
    async () => {
      await server.kill9()
      await server.start()
    },
    async () => {
      server.pause()
      await sleep(300)
      server.resume()
    },
    () => server.ask('script', 'flush'),
    async () => {
      ids.push(...(await lane.publish(1, BAD)))
      bad++
    },
  ]
  for (let n = 0; n < 36; n++) {
    ids.push(...(await lane.publish(60, ONE)))
    if (n % 2) await sleep(Math.random() * 30)
    await faults[n % faults.length]!()
    ids.push(...(await lane.publish(1, BAD)))
    bad++
  }
  proxy.heal()
  const { recovered } = await lane.drained(60_000)
  assert.deepEqual(await stored(), ids)
  assert.deepEqual([await seen(), await seen('tried')], [ids, ids])
  assert.equal(await server.ask('get', 'sum'), String(ids.length - bad))
  assert.equal(lane.journal.deadLetters.list().length, bad)
  assert.ok(recovered.answersLost > 0, JSON.stringify(recovered))
})

test('a server that went back, data and mark together, gets the rest again', { skip }, async () => {
  const lane = await scene()
  const ids = await lane.publish(100, ONE)
  await lane.drained()
  const backup = mkdtempSync(join(tmpdir(), 'holdfast-redis-backup-'))
  cpSync(join(server.folder, 'appendonlydir'), backup, { recursive: true })
  ids.push(...(await lane.publish(100, ONE)))
  await lane.drained()
  await server.kill9()
  cpSync(backup, join(server.folder, 'appendonlydir'), { recursive: true })
  rmSync(backup, { recursive: true })
  await server.start()
  ids.push(...(await lane.publish(10, ONE)))
  await lane.drained()
  assert.deepEqual([await seen(), await stored()], [ids, ids])
  assert.equal(await server.ask('get', 'sum'), '210')
})
