// The merged writes of functions, collection by collection.

import type { AnyBulkWriteOperation, ClientSession, Collection, Db } from 'mongodb'
import type { ClientState, Delivery, Merged, PositionChange, StoredMessage } from '../merge.ts'
import { rowId } from '../row-id.ts'
import { type MessageDocument, messageDocument, seconds } from './documents.ts'

/** A unique index already holds the key: somebody else wrote the same just now, or stores the same messages. */
export class Collision extends Error {
  /** `msgid` or `_id` of mqtt_msg, else the name of the collection where two writers met. */
  readonly on: string

  constructor(on: string, cause: unknown) {
    super(`written by somebody else already: ${on}`, { cause })
    this.on = on
  }
}

const DUPLICATE = 11000

export interface WriteOptions {
  readonly session?: ClientSession
  readonly writeConcern?: { readonly w: 1 | 'majority'; readonly j: boolean }
}

export class MergedWriter {
  readonly #db: Db
  readonly #options: object
  readonly #idempotent: boolean
  readonly #numbers: Promise<number>
  #used = 0
  /** msgid → `_id` of what this batch has inserted. */
  readonly #inserted = new Map<string, number>()

  /** @param numbers the first of as many as the batch has inserts */
  constructor(db: Db, options: WriteOptions, idempotent: boolean, numbers: Promise<number>) {
    this.#db = db
    this.#options = options
    this.#idempotent = idempotent
    this.#numbers = numbers
  }

  async write(merged: Merged): Promise<void> {
    if (merged.inserts.size > 0) await this.#insert([...merged.inserts.values()])
    if (merged.positions.size > 0) await this.#move([...merged.positions.values()])
    if (merged.deletes.size > 0) await this.#delete([...merged.deletes])
    await this.#bulk('mqtt_retain', [...merged.retained].map(retention))
    await this.#bulk('mqtt_client', [...merged.clients.values()].map(stateChange))
    await this.#bulk(
      'mqtt_delivered',
      merged.deliveries.map((one) => delivery(one, this.#idempotent)),
    )
  }

  get #messages(): Collection<MessageDocument & { _id: number }> {
    return this.#db.collection('mqtt_msg')
  }

  async #insert(messages: readonly StoredMessage[]): Promise<void> {
    const first = (await this.#numbers) + this.#used
    this.#used += messages.length
    const there = this.#idempotent ? await this.#numbersOf(messages.map(({ msgid }) => msgid)) : new Map()
    const documents = messages
      .map((message, index) => ({ _id: first + index, ...messageDocument(message) }))
      .filter(({ msgid }) => !there.has(msgid))
    if (documents.length === 0) return
    try {
      await this.#messages.insertMany(documents, this.#options)
    } catch (error) {
      throw collision(error, 'mqtt_msg')
    }
    for (const { _id, msgid } of documents) this.#inserted.set(msgid!, _id)
  }

  /** `_id` by msgid of those that are stored. */
  async #numbersOf(msgids: readonly string[]): Promise<Map<string, number>> {
    const own = msgids.flatMap((msgid): [string, number][] => {
      const number = this.#inserted.get(msgid) ?? rowId(msgid)
      return number == null ? [] : [[msgid, number]]
    })
    const found = new Map(own)
    const others = msgids.filter((msgid) => !found.has(msgid))
    if (others.length === 0) return found
    const rows = this.#messages.find({ msgid: { $in: others } }, { ...this.#options, projection: { msgid: 1 } })
    for (const { _id, msgid } of await rows.toArray()) found.set(msgid!, Math.max(_id, found.get(msgid!) ?? _id))
    return found
  }

  async #move(changes: readonly PositionChange[]): Promise<void> {
    const numbers = await this.#numbersOf([...new Set(changes.flatMap(({ msgids }) => msgids))])
    await this.#bulk(
      'mqtt_acked',
      changes.flatMap((change) => positionChange(change, numbers)),
    )
  }

  async #delete(msgids: readonly string[]): Promise<void> {
    const rows = msgids.map(rowId).filter((number) => number !== null)
    await this.#messages.deleteMany({ msgid: { $in: [...msgids] } }, this.#options)
    if (rows.length > 0) await this.#messages.deleteMany({ _id: { $in: rows } }, this.#options)
  }

  async #bulk(collection: string, changes: AnyBulkWriteOperation[]): Promise<void> {
    if (changes.length === 0) return
    try {
      await this.#db.collection(collection).bulkWrite(changes, this.#options)
    } catch (error) {
      throw collision(error, collection)
    }
  }
}

/** The driver tells the index of a refused document in its message only. */
function collision(error: unknown, collection: string): unknown {
  const { code, message } = error as { code?: number; message: string }
  if (code !== DUPLICATE) return error
  const field = /dup key: \{ (\w+):/.exec(message)?.[1] ?? ''
  return new Collision(collection === 'mqtt_msg' ? field : collection, error)
}

function positionChange(
  { clientid, topic, forget, msgids }: PositionChange,
  numbers: ReadonlyMap<string, number>,
): AnyBulkWriteOperation[] {
  const filter = { clientid, topic }
  const reached = msgids.flatMap((msgid) => numbers.get(msgid) ?? [])
  if (reached.length === 0) return forget ? [{ deleteMany: { filter } }] : []
  const furthest = { mongo_id: Math.max(...reached) }
  return [{ updateOne: { filter, update: forget ? { $set: furthest } : { $max: furthest }, upsert: true } }]
}

function retention([topic, message]: [string, StoredMessage | null]): AnyBulkWriteOperation {
  if (!message) return { deleteMany: { filter: { topic } } }
  const { retain: _, topic: __, ...fields } = messageDocument(message)
  const $unset = fields.payload_text === undefined ? { $unset: { payload_text: '' } } : {}
  return { updateOne: { filter: { topic }, update: { $set: fields, ...$unset }, upsert: true } }
}

function stateChange({ clientid, node, state, onlineAt, offlineAt }: ClientState): AnyBulkWriteOperation {
  const offline_at = offlineAt === null ? null : seconds(offlineAt)
  const online = onlineAt === null ? {} : { online_at: seconds(onlineAt) }
  const update = {
    $set: { state, node, ...online, offline_at },
    ...(onlineAt === null ? { $setOnInsert: { online_at: null } } : {}),
  }
  return { updateOne: { filter: { clientid }, update, upsert: true } }
}

function delivery({ clientid, topic, msgid, at }: Delivery, idempotent: boolean): AnyBulkWriteOperation {
  const document = { clientid, topic, msgid, delivered_at: seconds(at) }
  if (!idempotent) return { insertOne: { document } }
  return { updateOne: { filter: document, update: { $setOnInsert: document }, upsert: true } }
}
