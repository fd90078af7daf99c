import type { Redis } from 'ioredis'
import { startRedis } from '../helpers/redis.ts'
import type { DrainKind } from './drain.ts'

const BATCHES = [1000, 5000]
const EXPIRY_SECONDS = 3600
const PUBLISHERS = 10

function hook(port: number): Record<string, string> {
  return {
    redis: `
backend.redis.pool1.server = 127.0.0.1:${port}
backend.redis.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
`,
  }
}

/** A message's hash, its key first. */
type Hash = readonly [key: string, ...fields: (string | Buffer)[]]

interface Row {
  readonly hash: Hash
  readonly index: string
  readonly msgid: string
}

export const redis: DrainKind = {
  kind: 'redis',
  database: 'Redis',
  driver: 'ioredis',
  goal: 0.6,
  schema: false,
  hook,
  async start() {
    const server = await startRedis()
    const watcher = server.client()
    const indexes = Array.from({ length: PUBLISHERS }, (_, n) => `mqtt:msg:bench/${n}`)
    const count = async (): Promise<number> => {
      const cards = await Promise.all(indexes.map((index) => watcher.zcard(index)))
      return cards.reduce((sum, card) => sum + card, 0)
    }
    return {
      port: server.port,
      clear: async () => {
        await watcher.flushall()
      },
      progress: count,
      count,
      async peers() {
        const rows = await readRows(watcher, indexes)
        /** @param many what takes the commands of a part of the rows */
        const timed =
          (batch: number, many: (client: Redis) => ReturnType<Redis['pipeline']>) => async (): Promise<number> => {
            const client = server.client()
            await client.connect()
            try {
              const begin = performance.now()
              for (let at = 0; at < rows.length; at += batch) {
                const commands = many(client)
                for (const { hash, index, msgid } of rows.slice(at, at + batch)) {
                  commands.hset(...(hash as [string, ...string[]]))
                  commands.expire(hash[0], EXPIRY_SECONDS)
                  commands.zadd(index, 1, msgid)
                }
                await commands.exec()
              }
              return rows.length / ((performance.now() - begin) / 1000)
            } finally {
              client.disconnect()
            }
          }
        return Object.fromEntries(
          BATCHES.flatMap((batch) => [
            [`pipeline × ${batch}`, timed(batch, (client) => client.pipeline())],
            [`multi × ${batch}`, timed(batch, (client) => client.multi())],
          ]),
        )
      },
      async stop() {
        watcher.disconnect()
        await server.stop()
      },
    }
  },
}

/** All messages, in the order of their ids. */
async function readRows(client: Redis, indexes: readonly string[]): Promise<Row[]> {
  const rows: Row[] = []
  for (const index of indexes) {
    const msgids = await client.zrange(index, '0', '-1')
    for (let at = 0; at < msgids.length; at += 1000) {
      const part = msgids.slice(at, at + 1000)
      const found = await Promise.all(part.map((msgid) => client.hgetallBuffer(`mqtt:msg:${msgid}`)))
      for (const [n, { payload, ...texts }] of found.entries()) {
        const fields = Object.entries(texts).flatMap(([name, value]) => [name, value.toString()])
        rows.push({ hash: [`mqtt:msg:${part[n]}`, ...fields, 'payload', payload!], index, msgid: part[n]! })
      }
    }
  }
  return rows.sort((a, b) => (a.msgid < b.msgid ? -1 : 1))
}
