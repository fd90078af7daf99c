// A lane into a real MongoDB, through everything that can happen to it. At the end, what was acknowledged by the journal is
// there once and in order: custom actions included in a replica set, the rows of functions on a server alone.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseStatement } from '../../src/actions/actions.ts'
import { backend } from '../../src/backends/mongo/index.ts'
import type { PoolConfig } from '../../src/forward/forward.ts'
import type { Action } from '../../src/model/binding.ts'
import { mongoSettings } from '../contract/subjects/mongo.ts'
import { type MongoServer, mongoMissing, startMongo } from '../helpers/mongo.ts'
import { type Exchange, type FaultyProxy, startProxy } from '../helpers/proxy.ts'
import { Scene, type SceneOptions } from './lane-scene.ts'

const COMMIT: Exchange = { asked: () => (said) => said.includes('commitTransaction'), answered: /ok/ }
const INSERT: Exchange = { asked: () => (said) => said.includes('insert\0'), answered: /ok/ }

const action = (...statements: object[]): Action => ({
  statements: statements.map((each) => parseStatement(JSON.stringify(each), 'mongo').statement),
})
/** Whatever is sent twice is there twice. */
const SEEN = action({ collection: 'seen', insertOne: { msgid: '${msgid}' } })
/** Refused where the payload is no JSON with an `n`, with an action before it that is taken. */
const SUM = action(
  { collection: 'tried', insertOne: { msgid: '${msgid}' } },
  { collection: 'sum', updateOne: { filter: { _id: 1 }, update: { $inc: { n: '${payload.n}' } }, upsert: true } },
)
const PUBLISH: Action = { function: 'on_message_publish' }
const ONE = { payload: Buffer.from('{"n":1}') }
const BAD = { payload: Buffer.from('no number') }

function scenes(replicaSet: boolean) {
  const open: { end(): Promise<void> }[] = []
  const at = {} as { server: MongoServer; proxy: FaultyProxy }
  const options = { name: 'pool1', dataDir: '/', node: 'n' }

  before(async () => {
    at.server = await startMongo({ replicaSet })
    at.proxy = await startProxy(at.server, replicaSet ? COMMIT : INSERT)
    await backend.applySchema(options, mongoSettings(at.server))
  })
  after(async () => {
    await at.proxy?.close()
    await at.server?.stop()
  })
  beforeEach(async () => {
    for (const each of await at.server.db().collections()) await each.deleteMany({})
  })
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.end()
    at.proxy.heal()
  })
  const scene = async (more: Partial<SceneOptions> = {}): Promise<Scene> => {
    const settings = mongoSettings(at.server, { server: [{ host: at.proxy.host, port: at.proxy.port }] })
    const pool: PoolConfig = { id: 'mongo.pool1', name: 'pool1', kind: 'mongo', settings }
    const timing = { connectTimeoutMs: 3000, writeTimeoutMs: 3000, idlePingMs: 500 }
    const started = await Scene.open({ pool, timing, actions: [SEEN, PUBLISH, SUM], ...more })
    open.push(started)
    return started
  }
  const ids = async (collection: string): Promise<string[]> =>
    (await at.server.db().collection(collection).find().sort({ _id: 1 }).toArray()).map(({ msgid }) => msgid)
  const sum = async (): Promise<number> => (await at.server.db().collection('sum').findOne())?.n ?? 0
  return { at, scene, ids, sum }
}

/** Publishes through everything that goes wrong. @returns the ids, and how many of them were bad */
async function throughFaults(
  lane: Scene,
  { server, proxy }: { server: MongoServer; proxy: FaultyProxy },
  times: number,
) {
  const ids: string[] = []
  let bad = 0
  const faults: (() => unknown)[] = [
    () => proxy.cut(),
    async () => {
      await lane.until(({ lag }) => lag.events === 0, 30_000)
      const swallowed = proxy.swallowAnswer(2) // the driver asks once more by itself
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
    () => server.db('admin').command({ killAllSessions: [] }),
    async () => {
      proxy.hang()
      await sleep(200)
      proxy.heal()
    },
  ]
  for (let n = 0; n < times; n++) {
    ids.push(...(await lane.publish(60, ONE)))
    if (n % 2) await sleep(Math.random() * 30)
    await faults[n % faults.length]!()
    ids.push(...(await lane.publish(1, BAD)))
    bad++
  }
  proxy.heal()
  return { ids, bad }
}

describe('a lane into a replica set', { skip: mongoMissing() }, () => {
  const { at, scene, ids, sum } = scenes(true)

  test('order, and once', async () => {
    const lane = await scene()
    const sent = [...(await lane.publish(700, ONE)), ...(await lane.publish(300, ONE))]
    const { forwarded, state, exactlyOnce } = await lane.drained(60_000)
    assert.deepEqual([await ids('seen'), await ids('mqtt_msg')], [sent, sent])
    assert.equal(await sum(), 1000)
    assert.deepEqual({ forwarded, state, exactlyOnce }, { forwarded: 1000, state: 'up', exactlyOnce: true })
  })

  test('what is refused is a dead letter with the words of MongoDB, the rest goes on', async () => {
    const lane = await scene()
    const sent: string[] = []
    const good: string[] = []
    for (let n = 0; n < 5; n++) {
      good.push(...(await lane.publish(20, ONE)))
      sent.push(...good.slice(-20), ...(await lane.publish(1, BAD)))
    }
    const { deadLetters } = await lane.drained(60_000)
    assert.deepEqual([await ids('seen'), await ids('mqtt_msg')], [sent, sent])
    assert.deepEqual(await ids('tried'), good, 'an action is all or nothing')
    assert.equal(await sum(), 100)
    assert.equal(deadLetters, 5)
    assert.equal(lane.journal.deadLetters.list()[0]!.code, '14')
  })

  test('cut, hung, killed, sessions ended, refused, answers lost: everything once and in order', async () => {
    const lane = await scene()
    const { ids: sent, bad } = await throughFaults(lane, at, 18)
    const { recovered } = await lane.drained(120_000)
    assert.deepEqual([await ids('seen'), await ids('mqtt_msg')], [sent, sent])
    assert.equal(await sum(), sent.length - bad)
    assert.equal(lane.journal.deadLetters.list().length, bad)
    assert.ok(recovered.answersLost > 0, JSON.stringify(recovered))
  })
})

describe('a lane into a server alone', { skip: mongoMissing() }, () => {
  const { at, scene, ids } = scenes(false)

  test('the rows of functions are there once and in order, custom actions at least once', async () => {
    const lane = await scene()
    const { ids: sent } = await throughFaults(lane, at, 12)
    const { exactlyOnce, warnings } = await lane.drained(120_000)
    assert.equal(exactlyOnce, false)
    assert.match(warnings.join(), /custom actions run at least once/)
    assert.deepEqual(await ids('mqtt_msg'), sent)
    const seen = await ids('seen')
    assert.deepEqual([...new Set(seen)].sort(), sent.toSorted())
  })
})
