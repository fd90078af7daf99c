// Requests over many items, in the portions that DynamoDB takes. What it did not get to for want of throughput is asked again.

import type { BatchGetItemCommandOutput, WriteRequest } from '@aws-sdk/client-dynamodb'
import { BackendError } from '../../model/errors.ts'
import { type Connection, type Item, inParallel, pause, slices } from './connection.ts'

/** Of one BatchGetItem and one BatchWriteItem. */
const GETS = 100
const WRITES = 25
const ATTEMPTS = 6

/** @returns those of the items that are there, in any order */
export async function getItems(
  { db, width }: Connection,
  table: string,
  keys: readonly Item[],
  signal: AbortSignal,
): Promise<Item[]> {
  const found: Item[] = []
  await inParallel(width, slices(keys, GETS), async (slice) => {
    let rest: Item[] | undefined = slice
    for (let attempt = 0; rest?.length; ) {
      const answer: BatchGetItemCommandOutput = await db.batchGetItem(
        { RequestItems: { [table]: { Keys: rest, ConsistentRead: true } } },
        { abortSignal: signal },
      )
      const items: Item[] = answer.Responses?.[table] ?? []
      found.push(...items)
      rest = answer.UnprocessedKeys?.[table]?.Keys
      if (items.length > 0) attempt = 0
      else if (rest?.length) await again(++attempt, signal)
    }
  })
  return found
}

export interface TableWrite {
  readonly table: string
  readonly request: WriteRequest
}

/** Puts and deletes of whole items, each item once, in any order; what fails leaves a part done. */
export async function writeItems(
  { db, width }: Connection,
  writes: readonly TableWrite[],
  signal: AbortSignal,
): Promise<void> {
  await inParallel(width, slices(writes, WRITES), async (slice) => {
    let rest = byTable(slice)
    for (let attempt = 0; Object.keys(rest).length > 0; ) {
      const answer = await db.batchWriteItem({ RequestItems: rest }, { abortSignal: signal })
      rest = answer.UnprocessedItems ?? {}
      if (Object.keys(rest).length > 0) await again(++attempt, signal)
    }
  })
}

function byTable(writes: readonly TableWrite[]): Record<string, WriteRequest[]> {
  const tables: Record<string, WriteRequest[]> = {}
  for (const { table, request } of writes) tables[table] = [...(tables[table] ?? []), request]
  return tables
}

async function again(attempt: number, signal: AbortSignal): Promise<void> {
  if (attempt === ATTEMPTS) {
    throw new BackendError('transient', 'ProvisionedThroughputExceeded', 'the tables take no more at the moment')
  }
  await pause(attempt, signal)
}
