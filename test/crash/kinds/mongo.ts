import { type MongoOptions, type MongoServer, mongoMissing, startMongo } from '../../helpers/mongo.ts'
import type { Row } from '../audit.ts'
import type { CrashKind } from '../kind.ts'

const READ: Readonly<Record<string, { id: string; sort: Record<string, 1> }>> = {
  mqtt_msg: { id: '$msgid', sort: { _id: 1 } },
  log: { id: '$n', sort: { $natural: 1 } },
}

/** A replica set of one: with transactions. */
export const mongo: CrashKind<MongoServer, MongoOptions> = {
  kind: 'mongo',
  missing: mongoMissing,
  start: startMongo,
  conf: ({ port }) => `backend.mongo.pool1.type = single
backend.mongo.pool1.server = 127.0.0.1:${port}
backend.mongo.pool1.database = mqtt
backend.mongo.pool1.c_pool_size = 2
backend.mongo.hook.message.publish.1 = {"topic": "crash/#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
backend.mongo.hook.message.publish.2 = {"topic": "crash/#", "action": {"mongo": [{"collection": "log", "insertOne": {"n": "\${msgid}", "payload": "\${payload}"}}]}, "pool": "pool1"}
`,
  tables: { mqtt_msg: { byKey: true }, log: {} },
  async rows(server, table) {
    const { id, sort } = READ[table]!
    const projection = { _id: 0, msgid: id, payload: 1 }
    return (await server.db().collection(table).find({}, { projection, sort }).toArray()) as unknown as Row[]
  },
  rounds: 4,
}
