// One event goes to every kind of database at once. Cassandra is not there for the whole test, MongoDB is far away (300 ms a
// round trip), MariaDB refuses each tenth row: the others must not notice.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openForRead } from '../../src/sqlite/open.ts'
import { type DynamoServer, dynamoMissing, startDynamo } from '../helpers/dynamo.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { type MariadbServer, mariadbMissing, startMariadb } from '../helpers/mariadb.ts'
import { type MongoServer, mongoMissing, startMongo } from '../helpers/mongo.ts'
import { Client } from '../helpers/mqtt-client.ts'
import { freePort } from '../helpers/ports.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../helpers/postgres.ts'
import { type FaultyProxy, startProxy } from '../helpers/proxy.ts'
import { type RedisServer, redisMissing, startRedis } from '../helpers/redis.ts'

const HEALTHY = ['dynamo.pool1', 'pgsql.pool1', 'redis.pool1', 'sqlite.pool1'] as const
const MESSAGES = 300
const ROUND_TRIP_MS = 300
const KEY = 'local'

const hook = (kind: string): string =>
  `backend.${kind}.hook.message.publish.1 = {"topic": "site/#", "action": {"function": "on_message_publish"}, "pool": "pool1"}\n`

interface PoolFigures {
  readonly state: string
  readonly lag: { readonly events: number }
  readonly deadLetters: number
}

const skip = postgresMissing() || mariadbMissing() || mongoMissing() || redisMissing() || dynamoMissing()

describe('several pools at once', { skip }, () => {
  let pgsql: PostgresServer
  let mariadb: MariadbServer
  let mongo: MongoServer
  let far: FaultyProxy
  let redis: RedisServer
  let dynamo: DynamoServer
  let gateway: GatewayProcess

  before(async () => {
    ;[pgsql, mariadb, mongo, redis, dynamo] = await Promise.all([
      startPostgres(),
      startMariadb(),
      startMongo(),
      startRedis(),
      startDynamo({ inMemory: true }),
    ])
    far = await startProxy(mongo)
    gateway = new GatewayProcess({
      conf: 'forward.backoff_max = 1s\nclock.wait_for_sync = 0s\n',
      plugins: {
        cassa: `backend.ecql.pool1.nodes = 127.0.0.1:${await freePort()}\nbackend.ecql.pool1.keyspace = mqtt\n${hook('cassa')}`,
        dynamo: `backend.dynamo.region = us-west-2
backend.dynamo.pool1.server = ${dynamo.url}
backend.dynamo.pool1.aws_access_key_id = ${KEY}
backend.dynamo.pool1.aws_secret_access_key = local\n${hook('dynamo')}`,
        mongo: `backend.mongo.pool1.server = 127.0.0.1:${far.port}\nbackend.mongo.pool1.database = mqtt\n${hook('mongo')}`,
        mysql: `backend.mysql.pool1.server = 127.0.0.1:${mariadb.port}
backend.mysql.pool1.user = ${mariadb.user}
backend.mysql.pool1.password = ${mariadb.password}
backend.mysql.pool1.database = mqtt\n${hook('mysql')}`,
        pgsql: `backend.pgsql.pool1.server = 127.0.0.1:${pgsql.port}
backend.pgsql.pool1.username = ${pgsql.user}
backend.pgsql.pool1.password = ${pgsql.password}
backend.pgsql.pool1.database = mqtt\n${hook('pgsql')}`,
        redis: `backend.redis.pool1.server = 127.0.0.1:${redis.port}\n${hook('redis')}`,
        sqlite: `backend.sqlite.pool1.database = mqtt.db\n${hook('sqlite')}`,
      },
    })
    for (const kind of ['dynamo', 'mongo', 'mysql', 'pgsql', 'sqlite']) {
      await gateway.holdfast('schema', kind, '--apply', '--pool', 'pool1')
    }
    await mariadb.query(`alter table mqtt_msg add constraint tenth check (payload not like '%0')`)
    far.delay(ROUND_TRIP_MS / 2)
    await gateway.start()
  })
  after(async () => {
    await gateway?.remove()
    await far?.close()
    await Promise.all([pgsql, mariadb, mongo, redis, dynamo].map((server) => server?.stop()))
  })

  const pools = async (): Promise<Map<string, PoolFigures>> => {
    const { pools: all } = await gateway.ctl('status')
    return new Map(all.map((pool: PoolFigures & { kind: string; name: string }) => [`${pool.kind}.${pool.name}`, pool]))
  }

  test('one that is away, one that is slow, one that refuses: the others do not wait', async () => {
    await until('the healthy ones are up', async () => {
      const now = await pools()
      return HEALTHY.every((name) => now.get(name)!.state === 'up')
    })
    const client = await Client.connect(gateway.url, 'sensor')
    for (let n = 1; n <= MESSAGES; n++) await client.publish(`site/${n % 3}`, String(n))
    await client.end()
    await until('the healthy ones have all of it', async () => {
      const now = await pools()
      return HEALTHY.every((name) => now.get(name)!.lag.events === 0)
    })
    const { state, lag } = (await pools()).get('cassa.pool1')!
    assert.equal(state, 'down')
    assert.equal(lag.events, MESSAGES)
  })

  test('each has its rows, in order where it has one, and what was refused is a dead letter', async () => {
    await until('all that can be forwarded is', async () => {
      const now = await pools()
      return [...now].every(([name, { lag }]) => name === 'cassa.pool1' || lag.events === 0)
    })
    const all = Array.from({ length: MESSAGES }, (_, i) => String(i + 1))
    const taken = all.filter((payload) => !payload.endsWith('0'))
    const inOrder = 'select payload from mqtt_msg order by id'
    const texts = (rows: readonly Record<string, unknown>[]): string[] => rows.map(({ payload }) => String(payload))
    assert.deepEqual(texts(await pgsql.query(inOrder)), all)
    assert.deepEqual(texts(await mariadb.query(inOrder)), taken)
    const documents = mongo.db().collection('mqtt_msg').find().sort({ _id: 1 })
    assert.deepEqual(texts(await documents.toArray()), all)
    const embedded = openForRead(`${gateway.data}/mqtt.db`)
    assert.deepEqual(texts(embedded.prepare<[], Record<string, unknown>>(inOrder).all()), all)
    embedded.close()
    const items = (await dynamo.scan('mqtt_msg', KEY)).map((item) => ({ payload: item.payload!.S }))
    assert.deepEqual(texts(items).sort(byNumber), all)
    assert.deepEqual((await payloadsInRedis()).sort(byNumber), all)

    const now = await pools()
    for (const [name, { deadLetters }] of now) {
      assert.equal(deadLetters, name === 'mysql.pool1' ? MESSAGES - taken.length : 0, name)
    }
  })

  async function payloadsInRedis(): Promise<string[]> {
    const found: string[] = []
    for (const topic of ['site/0', 'site/1', 'site/2']) {
      for (const id of (await redis.ask('zrange', `mqtt:msg:${topic}`, '0', '-1')) as string[]) {
        found.push((await redis.ask('hget', `mqtt:msg:${id}`, 'payload')) as string)
      }
    }
    return found
  }
})

const byNumber = (a: string, b: string): number => Number(a) - Number(b)
