// Redis under the contract: one server, and a cluster of three.

import { Cluster, type Redis } from 'ioredis'
import { BACKENDS } from '../../../src/backends/index.ts'
import type { RedisSettings } from '../../../src/backends/redis/settings.ts'
import { RedisCluster, type RedisServer, redisMissing, startRedis } from '../../helpers/redis.ts'
import type { Bench, ForeignRow, Subject, Table, TableRows } from '../subject.ts'
import { OPTIONS, opener } from '../support.ts'

const TABLES: readonly Table[] = ['mqtt_client', 'mqtt_sub', 'mqtt_msg', 'mqtt_retain', 'mqtt_acked']

/** What all of them have in common. */
const SUBJECT = {
  kind: 'redis',
  skip: redisMissing(),
  sql: null,
  wildcards: false,
  hides: false,
  tables: TABLES,
  stateHasNode: false,
  uniqueMsgid: true,
  timeStepMs: 1000,
  maxTopic: Number.POSITIVE_INFINITY,
  maxPayloadBytes: Number.POSITIVE_INFINITY,
} as const

export function redisSettings(
  server: RedisSettings['server'],
  more: Partial<Omit<RedisSettings, 'plugin'>> & { readonly plugin?: Partial<RedisSettings['plugin']> } = {},
): RedisSettings {
  return {
    type: 'single',
    server,
    sentinel: undefined,
    sentinel_username: undefined,
    sentinel_password: undefined,
    pool_size: 3,
    database: 0,
    username: undefined,
    password: undefined,
    channel: undefined,
    ssl: false,
    cafile: undefined,
    certfile: undefined,
    keyfile: undefined,
    verify: true,
    ...more,
    plugin: {
      server: undefined,
      sentinel: undefined,
      sentinel_username: undefined,
      sentinel_password: undefined,
      'msg.expired_after': 3600,
      ...more.plugin,
    },
  }
}

interface Direct {
  readonly client: Redis | Cluster
  /** Every node that has keys. */
  readonly nodes: () => Redis[]
}

async function benchOn(settings: RedisSettings, { client, nodes }: Direct): Promise<Bench> {
  await Promise.all(nodes().map((node) => node.flushall()))
  const backend = await BACKENDS.redis!()
  await backend.applySchema(OPTIONS, settings)
  const { connected: another, close } = opener(backend, () => settings)
  return {
    backend,
    pool: await another(),
    another,
    rows: (table) => rowsOf({ client, nodes }, table),
    insertForeign: (row) => insertForeign(client, row),
    schemaAgain: () => backend.applySchema(OPTIONS, settings),
    hide: () => Promise.reject(new Error('Redis has no tables')),
    sql: () => Promise.reject(new Error('Redis has no SQL')),
    end: async () => {
      await close()
      client.disconnect()
    },
  }
}

let foreign = 0

async function insertForeign(client: Redis | Cluster, row: ForeignRow): Promise<void> {
  if (row.into === 'mqtt_sub') {
    await client.hset(`mqtt:sub:${row.clientid}`, row.topic, row.qos)
    return
  }
  const msgid = row.msgid ?? `0foreign${foreign++}`
  await client.hset(`mqtt:msg:${msgid}`, 'id', msgid, 'topic', row.topic, 'payload', row.payload)
  await client.zadd(`mqtt:msg:${row.topic}`, 1, msgid)
}

async function rowsOf<T extends Table>(direct: Direct, table: T): Promise<TableRows[T][]> {
  return (await READERS[table](direct)) as TableRows[T][]
}

async function keys({ nodes }: Direct, prefix: string, type: string): Promise<string[]> {
  const found: string[] = []
  for (const node of nodes()) {
    for (const key of await node.keys('*')) {
      if (key.startsWith(prefix) && (await node.type(key)) === type) found.push(key)
    }
  }
  return found.sort()
}

async function messagesUnder(direct: Direct, prefix: string): Promise<TableRows['mqtt_msg'][]> {
  const hashes = await keys(direct, prefix, 'hash')
  return Promise.all(
    hashes.map(async (key) => {
      const { id, from, topic, qos, retain, payload, ts } = await direct.client.hgetallBuffer(key)
      return {
        msgid: String(id),
        sender: String(from),
        topic: String(topic),
        qos: Number(qos),
        retain: String(retain) === 'true',
        payload: payload!,
        arrived: Number(ts) * 1000,
      }
    }),
  )
}

const READERS: Readonly<Record<Table, (direct: Direct) => Promise<unknown[]>>> = {
  mqtt_client: async (direct) => {
    const time = (text: string | undefined): number | null => (/^\d+$/.test(text ?? '') ? Number(text) * 1000 : null)
    return Promise.all(
      (await keys(direct, 'mqtt:client:', 'hash')).map(async (key) => {
        const { state, online_at, offline_at } = await direct.client.hgetall(key)
        const clientid = key.slice('mqtt:client:'.length)
        return { clientid, state: Number(state), node: null, online_at: time(online_at), offline_at: time(offline_at) }
      }),
    )
  },
  mqtt_sub: async () => [],
  mqtt_msg: (direct) => messagesUnder(direct, 'mqtt:msg:'),
  mqtt_retain: async (direct) =>
    (await messagesUnder(direct, 'mqtt:retain:')).map(({ retain, ...row }) => {
      if (!retain) throw new Error(`${row.topic} is stored as not retained`)
      return row
    }),
  mqtt_acked: async (direct) =>
    Promise.all(
      (await keys(direct, 'mqtt:acked:', 'string')).map(async (key) => {
        const [, , clientid, ...topic] = key.split(':')
        return { clientid, topic: topic.join(':'), mid: await direct.client.get(key) }
      }),
    ),
  mqtt_delivered: async () => [],
}

let server: RedisServer | undefined
let cluster: RedisCluster | undefined

export const subjects: readonly Subject[] = [
  {
    ...SUBJECT,
    name: 'redis',
    transactions: true,
    start: async () => {
      server = await startRedis()
    },
    stop: async () => server?.stop(),
    bench: async () => {
      const client = server!.client()
      return benchOn(redisSettings([server!]), { client, nodes: () => [client] })
    },
  },
  {
    ...SUBJECT,
    name: 'redis, a cluster',
    transactions: false,
    start: async () => {
      cluster = await RedisCluster.start()
    },
    stop: async () => cluster?.stop(),
    bench: async () => {
      const client = new Cluster(cluster!.servers.map(({ host, port }) => ({ host, port })))
      await client.ping()
      return benchOn(redisSettings(cluster!.servers, { type: 'cluster' }), {
        client,
        nodes: () => client.nodes('master'),
      })
    },
  },
]
