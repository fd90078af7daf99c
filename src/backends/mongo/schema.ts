// The collections and their indexes.

import type { OpenOptions } from '../../model/backend.ts'
import type { MongoSettings } from './settings.ts'

export interface Index {
  readonly key: Readonly<Record<string, 1>>
  readonly unique?: true
  /** Rows of applications may lack a msgid, or have null there. */
  readonly partialFilterExpression?: object
  /** Absent: the server's own name for the key. A unique one has a name of its own, so that EMQX's may be there too. */
  readonly name?: string
  /** What is slow, or not sure, without it. */
  readonly lack?: string
}

export const MARKS = 'holdfast_mark'
export const COUNTERS = 'holdfast_counter'

/** Those of the EMQX backend documentation, two of ours, and what is looked up in them. */
export const COLLECTIONS = {
  mqtt_client: [
    {
      key: { clientid: 1 },
      unique: true,
      name: 'clientid_unique',
      lack: "finding a client's state reads the whole collection",
    },
  ],
  mqtt_sub: [{ key: { clientid: 1 } }],
  mqtt_msg: [
    {
      key: { msgid: 1 },
      unique: true,
      partialFilterExpression: { msgid: { $gte: '' } },
      name: 'msgid_unique',
      lack: 'finding a message by its id reads the whole collection',
    },
    { key: { topic: 1, _id: 1 }, lack: 'a fetch reads the whole collection' },
    { key: { sender: 1, topic: 1 } },
  ],
  mqtt_retain: [
    {
      key: { topic: 1 },
      unique: true,
      name: 'topic_unique',
      lack: 'two gateways may retain two messages of one topic',
    },
  ],
  mqtt_acked: [
    {
      key: { clientid: 1, topic: 1 },
      unique: true,
      name: 'clientid_topic_unique',
      lack: 'finding a position reads the whole collection',
    },
  ],
  mqtt_delivered: [{ key: { msgid: 1 } }],
  [MARKS]: [],
  [COUNTERS]: [],
} as const satisfies Readonly<Record<string, readonly Index[]>>

export function applyCommand(pool: string): string {
  return `holdfast schema mongo --apply --pool ${pool}`
}

/** For mongosh. */
export function schema(): string {
  const lines = Object.entries(COLLECTIONS).flatMap(([collection, indexes]) => [
    `db.createCollection("${collection}")`,
    ...indexes.map((index) => `db.${collection}.createIndex(${arguments_(index)})`),
  ])
  return `// The collections of the EMQX backend for MongoDB, and what Holdfast keeps beside them. May be run again.\n${lines.join('\n')}\n`
}

function arguments_(index: Index): string {
  const { key, options } = indexOptions(index)
  return [key, ...(Object.keys(options).length > 0 ? [options] : [])].map((one) => JSON.stringify(one)).join(', ')
}

function indexOptions({ key, lack: _, ...options }: Index): {
  key: Index['key']
  options: Omit<Index, 'key' | 'lack'>
} {
  return { key, options }
}

const ALREADY_THERE = 48

export async function applySchema({ name }: OpenOptions, settings: MongoSettings): Promise<void> {
  const { Connection } = await import('./connection.ts')
  const { backendError } = await import('./errors.ts')
  const signal = new AbortController().signal
  try {
    const connection = await Connection.open(settings, signal)
    try {
      for (const [collection, indexes] of Object.entries(COLLECTIONS)) {
        await connection.db.createCollection(collection).catch((error) => {
          if (error.code !== ALREADY_THERE) throw error
        })
        for (const index of indexes as readonly Index[]) {
          const { key, options } = indexOptions(index)
          await connection.db.collection(collection).createIndex({ ...key }, options)
        }
      }
    } finally {
      await connection.close()
    }
  } catch (error) {
    throw backendError(error, name)
  }
}
