// A lane into a real DynamoDB Local, through what can happen to it. Each test has tables and a journal of its own; at the end,
// what was acknowledged by the journal is there once, and its ids are in the sets of their topics.

import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { backend } from '../../src/backends/dynamo/index.ts'
import type { DynamoSettings } from '../../src/backends/dynamo/settings.ts'
import type { Action } from '../../src/model/binding.ts'
import { type DynamoServer, dynamoMissing, REGION, startDynamo } from '../helpers/dynamo.ts'
import { DynamoFront, exception } from '../helpers/dynamo-front.ts'
import { Scene, type SceneOptions } from './lane-scene.ts'

const skip = dynamoMissing()
let server: DynamoServer
let front: DynamoFront
let databases = 0
const open: { end(): Promise<void> }[] = []

before(async () => {
  if (skip) return
  server = await startDynamo({ inMemory: true })
  front = await DynamoFront.before(server.url)
})
after(async () => {
  await front?.close()
  await server?.stop()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.end()
  if (front) front.fault = () => undefined
})

const key = (): string => `lane${databases}`
const BOTH: readonly Action[] = [{ function: 'on_message_publish' }, { function: 'on_message_retain' }]

function settings(): DynamoSettings {
  const keys = { aws_access_key_id: key(), aws_secret_access_key: 'x' }
  const tls = { ssl: false, cafile: undefined, certfile: undefined, keyfile: undefined, verify: true }
  return { server: front.url, pool_size: 4, region: undefined, plugin: { region: REGION }, ...keys, ...tls }
}

const makeTables = (): Promise<void> => backend.applySchema({ name: 'pool1', dataDir: '/', node: 'test' }, settings())

async function scene({ tables = true, ...more }: Partial<SceneOptions> & { tables?: boolean } = {}): Promise<Scene> {
  databases++
  if (tables) await makeTables()
  const pool = { id: 'dynamo.pool1', name: 'pool1', kind: 'dynamo', settings: settings() } as const
  const timing = { connectTimeoutMs: 5000, writeTimeoutMs: 10_000, idlePingMs: 500 }
  const started = await Scene.open({ pool, timing, ...more })
  open.push(started)
  return started
}

/** Publishes to so many topics in turn. */
async function publish(lane: Scene, count: number, topics = 7): Promise<string[]> {
  const published = await Promise.all(
    Array.from({ length: count }, (_, n) => lane.publish(1, { topic: `t/${n % topics}`, retain: n % 5 === 0 })),
  )
  return published.flat()
}

async function assertAllThere(ids: readonly string[]): Promise<void> {
  const rows = await server.scan('mqtt_msg', key())
  assert.deepEqual(rows.map(({ msgid }) => msgid!.S).sort(), [...ids].sort())
  const topicOf = new Map(rows.map(({ msgid, topic }) => [msgid!.S!, topic!.S!]))
  const sets = await server.scan('mqtt_topic_msg_map', key())
  const named = sets.flatMap(({ topic, MsgId }) => MsgId!.SS!.map((id) => [id, topic!.S!] as const))
  assert.equal(named.length, ids.length)
  for (const [id, topic] of named) assert.equal(topicOf.get(id), topic)
  const [mark] = await server.scan('holdfast_mark', key())
  assert.equal(mark!.event!.S, [...ids].sort().at(-1))
}

test('all of it, with full batches and over many topics', { skip }, async () => {
  const lane = await scene({ actions: BOTH })
  const ids = [...(await publish(lane, 900)), ...(await publish(lane, 400, 300))]
  const status = await lane.drained(60_000)
  await assertAllThere(ids)
  assert.deepEqual([status.forwarded, status.exactlyOnce, status.deadLetters], [1300, true, 0])
  assert.deepEqual(status.counts, { idsTrimmed: 0 })
})

test('an outage of the server in the midst: it waits, then all of it', { skip }, async (t) => {
  const inMemory = { server, front }
  server = await startDynamo()
  front = await DynamoFront.before(server.url)
  t.after(async () => {
    await front.close()
    await server.stop()
    server = inMemory.server
    front = inMemory.front
  })
  const lane = await scene({ actions: BOTH })
  const ids = await publish(lane, 600, 200)
  await sleep(300)
  await server.kill9()
  ids.push(...(await publish(lane, 300)))
  const { waitingFor } = await lane.until(({ mode }) => mode === 'waiting')
  assert.equal(waitingFor, 'server')
  await server.start()
  const status = await lane.drained(60_000)
  await assertAllThere(ids)
  assert.equal(status.error, null)
})

test('answers that are lost: what is there is not sent again', { skip }, async () => {
  const lane = await scene()
  const ids = await publish(lane, 10)
  await lane.drained(60_000)
  for (let round = 1; round <= 4; round++) {
    let lost = false
    front.fault = (operation) => {
      if (operation !== 'TransactWriteItems' || lost) return undefined
      lost = true
      return 'lose'
    }
    ids.push(...(await publish(lane, 30)))
    await lane.until(() => lost)
    await lane.drained(60_000)
  }
  const status = await lane.until(({ recovered }) => recovered.answersLost === 4)
  await assertAllThere(ids)
  assert.equal(status.deadLetters, 0)
})

test('faults of every kind at random, while it catches up', { skip }, async () => {
  const lane = await scene({ actions: BOTH })
  let faults = 0
  front.fault = (operation) => {
    if (operation === 'DescribeTable' || Math.random() > 0.15) return undefined
    faults++
    const kinds = [
      exception('ThrottlingException'),
      exception('ProvisionedThroughputExceededException'),
      'lose',
    ] as const
    return kinds[faults % kinds.length]
  }
  const ids: string[] = []
  for (let round = 0; round < 10 || faults <= 20; round++) {
    ids.push(...(await publish(lane, 60, round % 2 ? 3 : 60)))
    await sleep(50)
  }
  front.fault = () => undefined
  await lane.drained(60_000)
  await assertAllThere(ids)
  assert.equal(lane.status!.deadLetters, 0)
})

test('a message that does not fit is a dead letter, the rest goes on', { skip }, async () => {
  const lane = await scene({ actions: BOTH })
  const ids = await lane.publish(50)
  const [bad] = await lane.publish(1, { payload: Buffer.alloc(410_000, 'x') })
  ids.push(...(await lane.publish(50)))
  const status = await lane.drained(60_000)
  await assertAllThere(ids)
  assert.equal(status.deadLetters, 1)
  const [letter] = lane.journal.deadLetters.list()
  assert.equal(letter!.code, 'TOO_LARGE')
  assert.ok(letter!.operation.includes(bad!))
})

test('a refusal that only the server knows of, behind parts that it has taken', { skip }, async () => {
  const lane = await scene({ actions: BOTH })
  // biome-ignore lint/suspicious/noExplicitAny: a request as the SDK makes it
  const isBad = ({ Put }: any): boolean => Put?.TableName === 'mqtt_retain' && Put.Item.topic.S === 't/bad'
  let refusals = 0
  front.fault = (operation, request) => {
    if (operation !== 'TransactWriteItems' || !request.TransactItems.some(isBad)) return undefined
    refusals++
    const CancellationReasons = request.TransactItems.map((item: object) =>
      isBad(item) ? { Code: 'ValidationError', Message: 'no' } : { Code: 'None' },
    )
    return exception('TransactionCanceledException', { CancellationReasons })
  }
  const ids = await publish(lane, 300, 300)
  await lane.drained(60_000)
  ids.push(...(await publish(lane, 250, 250)))
  ids.push(...(await lane.publish(1, { topic: 't/bad', retain: true })))
  ids.push(...(await publish(lane, 50)))
  const status = await lane.drained(60_000)
  assert.ok(refusals > 0)
  await assertAllThere(ids)
  assert.equal(status.deadLetters, 1)
  assert.equal(lane.journal.deadLetters.list().length, 1)
})

test('without tables it is blocked, and says what to do; when they are made it goes on', { skip }, async () => {
  const lane = await scene({ tables: false })
  const ids = await lane.publish(20)
  const { error } = await lane.until(({ state }) => state === 'blocked')
  assert.match(error!.message, /mqtt_msg, .*mqtt_topic_msg_map/)
  assert.equal(error!.hint, 'holdfast schema dynamo --apply --pool pool1')
  await makeTables()
  const status = await lane.drained(60_000)
  await assertAllThere(ids)
  assert.equal(status.deadLetters, 0)
})
