// MongoDB under the contract: as a replica set, alone, and with EMQX's own old collections.

import type { Db, Document } from 'mongodb'
import { BACKENDS } from '../../../src/backends/index.ts'
import type { MongoSettings } from '../../../src/backends/mongo/settings.ts'
import { type MongoServer, mongoMissing, startMongo } from '../../helpers/mongo.ts'
import { ALL_TABLES, type Bench, COLUMNS, type Subject, type Table, type TableRows, TIMES } from '../subject.ts'
import { OPTIONS, opener } from '../support.ts'

/** The collections and indexes of the EMQX backend documentation. */
export async function oldCollections(db: Db): Promise<void> {
  for (const name of ['mqtt_client', 'mqtt_sub', 'mqtt_msg', 'mqtt_retain', 'mqtt_acked'])
    await db.createCollection(name)
  await db.collection('mqtt_client').createIndex({ clientid: 1, node: 2 as 1 })
  await db.collection('mqtt_sub').createIndex({ clientid: 1 })
  await db.collection('mqtt_msg').createIndex({ sender: 1, topic: 2 as 1 })
  await db.collection('mqtt_retain').createIndex({ topic: 1 })
}

class Mongo implements Subject {
  readonly name: string
  readonly kind = 'mongo'
  readonly skip = mongoMissing()
  readonly sql = null
  readonly transactions: boolean
  readonly wildcards = true
  readonly hides = false
  readonly tables = ALL_TABLES
  readonly uniqueMsgid: boolean
  readonly timeStepMs = 1000
  readonly maxTopic = Number.POSITIVE_INFINITY
  readonly maxPayloadBytes = Number.POSITIVE_INFINITY
  #server: MongoServer | undefined
  #databases = 0

  constructor(name: string, { replicaSet = true, old = false }) {
    this.name = name
    this.transactions = replicaSet
    this.uniqueMsgid = !old
  }

  async start(): Promise<void> {
    this.#server = await startMongo({ replicaSet: this.transactions })
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
  }

  async bench(): Promise<Bench> {
    const server = this.#server!
    const database = `test${this.#databases++}`
    const db = server.db(database)
    const backend = await BACKENDS.mongo!()
    const settings = mongoSettings(server, { database })
    if (this.uniqueMsgid) await backend.applySchema(OPTIONS, settings)
    else await oldCollections(db)
    const { connected: another, close } = opener(backend, () => settings)
    const none = async (): Promise<never> => {
      throw new Error('MongoDB makes a collection where one is missing, and knows no SQL')
    }
    return {
      backend,
      pool: await another(),
      another,
      ...mongoCollections(() => db),
      schemaAgain: () => backend.applySchema(OPTIONS, settings),
      hide: none,
      sql: none,
      end: async () => {
        await close()
        await db.dropDatabase()
      },
    }
  }
}

/** The collections in neutral words. */
export function mongoCollections(db: () => Db): Pick<Bench, 'rows' | 'insertForeign'> {
  return {
    async rows<T extends Table>(table: T): Promise<TableRows[T][]> {
      const documents = await db().collection(table).find().sort({ _id: 1 }).toArray()
      return documents.map((document) => neutral(table, document) as unknown as TableRows[T])
    },
    insertForeign: async ({ into, ...row }) => {
      const numbered = into === 'mqtt_msg' ? { _id: 1 } : {}
      await db()
        .collection(into)
        .insertOne({ ...numbered, ...row } as object)
    },
  }
}

function neutral(table: Table, document: Document): Record<string, unknown> {
  const made = COLUMNS[table].map((name) => {
    const value = document[name === 'mid' ? 'mongo_id' : name] ?? null
    if (value === null) return [name, null]
    if (name === 'retain') return [name, Boolean(value)]
    if (name === 'payload') return [name, Buffer.from(value)]
    return [name, TIMES.includes(name) ? value * 1000 : value]
  })
  return Object.fromEntries(made)
}

export function mongoSettings(server: MongoServer, changes: Partial<MongoSettings> = {}): MongoSettings {
  return {
    type: 'single',
    rs_set_name: undefined,
    srv_record: false,
    server: [{ host: server.host, port: server.port }],
    c_pool_size: 3,
    database: 'mqtt',
    login: undefined,
    password: undefined,
    auth_source: undefined,
    w_mode: 'safe',
    r_mode: 'master',
    ssl: false,
    cafile: undefined,
    certfile: undefined,
    keyfile: undefined,
    verify: true,
    plugin: { 'topology.server_selection_timeout_ms': 1000 },
    ...changes,
  }
}

export const subjects: readonly Subject[] = [
  new Mongo('mongo', {}),
  new Mongo('mongo alone', { replicaSet: false }),
  new Mongo("mongo with EMQX's own collections", { old: true }),
]
