// The numbers of mqtt_msg's documents: `_id` is an integer that only grows, so that a position is one number. They come in
// blocks from a counter document, past the transaction, so that gateways do not wait for each other. Gaps are harmless.

import type { Db } from 'mongodb'
import { NUMBERED } from './documents.ts'
import { COUNTERS } from './schema.ts'

interface CounterDocument {
  _id: string
  /** The next number that is free. */
  next: number
}

const COUNTER = 'mqtt_msg'

/** @returns the first of `count` numbers in a row that are nobody else's. */
export async function takeNumbers(db: Db, count: number): Promise<number> {
  const counters = db.collection<CounterDocument>(COUNTERS)
  for (;;) {
    const taken = await counters.findOneAndUpdate(
      { _id: COUNTER },
      { $inc: { next: count } },
      { returnDocument: 'after', writeConcern: { w: 1 } },
    )
    if (taken) return taken.next - count
    await catchUp(db)
  }
}

/** Puts the counter behind every document that is there: EMQX or an application may have numbered them. */
export async function catchUp(db: Db): Promise<void> {
  const numbered = db.collection<{ _id: number }>('mqtt_msg').find({ _id: NUMBERED }, { projection: { _id: 1 } })
  const [last] = await numbered.sort({ _id: -1 }).limit(1).toArray()
  const next = Math.floor(last?._id ?? 0) + 1
  await db.collection<CounterDocument>(COUNTERS).updateOne({ _id: COUNTER }, { $max: { next } }, { upsert: true })
}
