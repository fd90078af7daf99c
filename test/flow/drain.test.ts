// 100,000 events that waited go into each kind of database at once: all of them, once, in order.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { BACKENDS } from '../../src/backends/index.ts'
import type { BackendKind } from '../../src/model/binding.ts'
import { openForRead } from '../../src/sqlite/open.ts'
import { cassaSettings } from '../contract/subjects/cassa.ts'
import { dynamoSettings } from '../contract/subjects/dynamo.ts'
import { mongoSettings } from '../contract/subjects/mongo.ts'
import { mysqlSettings } from '../contract/subjects/mysql.ts'
import { pgsqlSettings } from '../contract/subjects/pgsql.ts'
import { redisSettings } from '../contract/subjects/redis.ts'
import { OPTIONS } from '../contract/support.ts'
import { cassandraMissing, startCassandra } from '../helpers/cassandra.ts'
import { dynamoMissing, startDynamo } from '../helpers/dynamo.ts'
import { mariadbMissing, startMariadb } from '../helpers/mariadb.ts'
import { mongoMissing, startMongo } from '../helpers/mongo.ts'
import { postgresMissing, startPostgres } from '../helpers/postgres.ts'
import { redisMissing, startRedis } from '../helpers/redis.ts'
import { Scene } from './lane-scene.ts'

const EVENTS = 100_000
const BURST = 10_000
/** A set of ids in DynamoDB holds 400 KB. */
const TOPICS = Array.from({ length: 20 }, (_, n) => `drain/${n}`)

interface Target {
  readonly settings: unknown
  /** Message ids as they are stored, in the kind's order; where rows have none, in that of the ids. */
  stored(lane: Scene): Promise<unknown[]>
  stop(): Promise<void>
}

const ids = (rows: readonly Record<string, unknown>[]): unknown[] => rows.map(({ msgid }) => msgid)

const TARGETS: Readonly<Record<BackendKind, { readonly skip: string | false; start(): Promise<Target> }>> = {
  sqlite: {
    skip: false,
    start: async () => ({
      settings: { database: 'mqtt.db', pool_size: 1 },
      stored: async ({ folder }) =>
        openForRead(join(folder, 'mqtt.db')).prepare('select msgid from mqtt_msg order by id').pluck().all(),
      stop: async () => {},
    }),
  },
  pgsql: {
    skip: postgresMissing(),
    async start() {
      const server = await startPostgres()
      const stored = async () => ids(await server.query('select msgid from mqtt_msg order by id'))
      return { settings: pgsqlSettings(server), stored, stop: () => server.stop() }
    },
  },
  mysql: {
    skip: mariadbMissing(),
    async start() {
      const server = await startMariadb()
      const stored = async () => ids(await server.query('select msgid from mqtt_msg order by id'))
      return { settings: mysqlSettings(server), stored, stop: () => server.stop() }
    },
  },
  mongo: {
    skip: mongoMissing(),
    async start() {
      const server = await startMongo()
      const stored = async () => ids(await server.db().collection('mqtt_msg').find().sort({ _id: 1 }).toArray())
      return { settings: mongoSettings(server), stored, stop: () => server.stop() }
    },
  },
  redis: {
    skip: redisMissing(),
    async start() {
      const server = await startRedis()
      const ofTopic = (topic: string) => server.ask('zrange', `mqtt:msg:${topic}`, 0, -1) as Promise<string[]>
      const stored = async () => (await Promise.all(TOPICS.map(ofTopic))).flat().sort()
      return { settings: redisSettings([server]), stored, stop: () => server.stop() }
    },
  },
  cassa: {
    skip: cassandraMissing(),
    async start() {
      const server = await startCassandra()
      const ofTopic = async (topic: string) =>
        ids(await server.query('select msgid from mqtt.msg where topic = ?', [topic])) // each below a page of the driver
      const stored = async () => (await Promise.all(TOPICS.map(ofTopic))).flat().sort()
      return { settings: cassaSettings(server), stored, stop: () => server.stop() }
    },
  },
  dynamo: {
    skip: dynamoMissing(),
    async start() {
      const server = await startDynamo({ inMemory: true })
      const stored = async () => (await server.scan('mqtt_msg')).map(({ msgid }) => msgid!.S!).sort()
      return { settings: dynamoSettings(server), stored, stop: () => server.stop() }
    },
  },
}

for (const [kind, { skip, start }] of Object.entries(TARGETS) as [BackendKind, (typeof TARGETS)[BackendKind]][]) {
  test(`${EVENTS / 1000}k events drain into ${kind}, once and in order`, { skip }, async () => {
    const { settings, stored, stop } = await start()
    const pool = { id: `${kind}.pool1`, name: 'pool1', kind, settings } as const
    const limits = { batch: 1000 }
    const lane = await Scene.open({ pool, limits, timing: { writeTimeoutMs: 60_000, connectTimeoutMs: 20_000 } })
    try {
      await lane.forward.pause(pool.id)
      await lane.until(({ mode }) => mode === 'paused')
      const sent: string[] = []
      while (sent.length < EVENTS) {
        const some = TOPICS.map((topic) => lane.publish(BURST / TOPICS.length, { topic }))
        sent.push(...(await Promise.all(some)).flat())
      }
      if (kind !== 'sqlite') await (await BACKENDS[kind]!()).applySchema(OPTIONS, settings)
      await lane.forward.resume(pool.id)
      const { deadLetters } = await lane.drained(300_000)
      assert.equal(deadLetters, 0)
      const found = await stored(lane)
      assert.equal(found.length, EVENTS)
      assert.deepEqual(found, sent.sort())
    } finally {
      await lane.end()
      await stop()
    }
  })
}
