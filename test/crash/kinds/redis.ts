import { type RedisServer, type RedisServerOptions, redisMissing, startRedis } from '../../helpers/redis.ts'
import type { Row } from '../audit.ts'
import { type CrashKind, hooks } from '../kind.ts'

/** What was acknowledged is on disk, as the gateway's promise wants it of a server that loses its power. */
const KEEPING = ['appendonly yes', 'appendfsync always']

export const redis: CrashKind<RedisServer, RedisServerOptions> = {
  kind: 'redis',
  missing: redisMissing,
  start: (options = {}) => startRedis({ ...options, conf: [...KEEPING, ...(options.conf ?? [])] }),
  conf: ({ port }) => `backend.redis.pool1.server = 127.0.0.1:${port}
backend.redis.pool1.pool_size = 2
${hooks('redis', { commands: ['RPUSH log ${msgid}=${payload}'] })}`,
  tables: { mqtt_msg: { byKey: true }, log: {} },
  rows: (server, table) => (table === 'log' ? pushed(server) : stored(server)),
  rounds: 6,
}

async function pushed(server: RedisServer): Promise<Row[]> {
  const entries = (await server.ask('lrange', 'log', 0, -1)) as string[]
  return entries.map((entry) => {
    const end = entry.indexOf('=')
    return { msgid: entry.slice(0, end), payload: entry.slice(end + 1) }
  })
}

/** What the topics' indexes name; '' for a message that is not there. */
async function stored(server: RedisServer): Promise<Row[]> {
  const client = server.client()
  await client.connect()
  try {
    const topics = await client.keys('mqtt:msg:crash/*')
    const ids = (await Promise.all(topics.map((topic) => client.zrange(topic, '0', '-1')))).flat().sort()
    const payloads = await Promise.all(ids.map((id) => client.hget(`mqtt:msg:${id}`, 'payload')))
    return ids.map((msgid, n) => ({ msgid, payload: payloads[n] ?? '' }))
  } finally {
    client.disconnect()
  }
}
