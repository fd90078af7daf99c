import { backend } from '../../src/backends/mongo/index.ts'
import { mongoSettings } from '../contract/subjects/mongo.ts'
import { startMongo } from '../helpers/mongo.ts'
import type { DrainKind } from './drain.ts'

const BATCHES = [1000, 5000]

function hook(port: number): Record<string, string> {
  return {
    mongo: `
backend.mongo.pool1.server = 127.0.0.1:${port}
backend.mongo.pool1.database = mqtt
backend.mongo.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
`,
  }
}

export const mongo: DrainKind = {
  kind: 'mongo',
  database: 'MongoDB',
  driver: 'mongodb',
  goal: 0.6,
  schema: true,
  hook,
  async start() {
    const server = await startMongo()
    const messages = server.db().collection<{ _id: number }>('mqtt_msg')
    return {
      port: server.port,
      async clear() {
        await server.db().dropDatabase()
        await backend.applySchema({ name: 'pool1', dataDir: '/', node: 'bench' }, mongoSettings(server))
      },
      progress: () => messages.estimatedDocumentCount(),
      count: () => messages.countDocuments(),
      /** By default the driver waits for a majority's journal, as the gateway does. */
      async peers() {
        const rows = await messages.find().sort({ _id: 1 }).toArray()
        const timed = (batch: number) => async (): Promise<number> => {
          const client = await server.connection().connect()
          try {
            const collection = client.db('mqtt').collection<{ _id: number }>('mqtt_msg')
            const begin = performance.now()
            for (let at = 0; at < rows.length; at += batch) await collection.insertMany(rows.slice(at, at + batch))
            return rows.length / ((performance.now() - begin) / 1000)
          } finally {
            await client.close()
          }
        }
        return Object.fromEntries(BATCHES.map((batch) => [`insertMany × ${batch}`, timed(batch)]))
      },
      stop: () => server.stop(),
    }
  },
}
