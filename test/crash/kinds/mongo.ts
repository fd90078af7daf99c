import { type MongoOptions, type MongoServer, mongoMissing, startMongo } from '../../helpers/mongo.ts'
import type { Row } from '../audit.ts'
import { type CrashKind, hooks } from '../kind.ts'

/** Of `log`: a collection has no order of its own, and the natural one is another after a crash, when the server repeats its log. */
const ORDER: Readonly<Record<string, Record<string, 1>>> = { mqtt_msg: { _id: 1 }, log: { msgid: 1 } }

/** A replica set of one: with transactions. */
export const mongo: CrashKind<MongoServer, MongoOptions> = {
  kind: 'mongo',
  missing: mongoMissing,
  start: startMongo,
  conf: ({ port }) => `backend.mongo.pool1.type = single
backend.mongo.pool1.server = 127.0.0.1:${port}
backend.mongo.pool1.database = mqtt
backend.mongo.pool1.c_pool_size = 2
${hooks('mongo', { mongo: [{ collection: 'log', insertOne: { msgid: '${msgid}', payload: '${payload}' } }] })}`,
  tables: { mqtt_msg: { byKey: true }, log: {} },
  async rows(server, table) {
    const found = server
      .db()
      .collection(table)
      .find({}, { projection: { _id: 0, msgid: 1, payload: 1 } })
    return (await found.sort(ORDER[table]!).toArray()) as unknown as Row[]
  },
  rounds: 4,
}

/** Without transactions. */
export const mongoAlone: CrashKind<MongoServer, MongoOptions> = {
  ...mongo,
  name: 'mongo-alone',
  start: (options = {}) => startMongo({ ...options, replicaSet: false }),
  exactlyOnce: false,
  tables: { mqtt_msg: { byKey: true, twinsMix: true }, log: { atLeastOnce: true } },
}
