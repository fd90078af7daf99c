// A batch as one transaction, the mark first; on a server alone, write by write, each known by its key, and the
// mark, which is looked at before, moved last.

import type { ClientSession, Db, Document } from 'mongodb'
import { MarkConflict } from '../../model/errors.ts'
import type { Mark, MarkMove, Operation } from '../../model/operation.ts'
import { type Step, steps } from '../merge.ts'
import { backendError } from './errors.ts'
import { Collision, MergedWriter, type WriteOptions } from './merged.ts'
import { takeNumbers } from './row-numbers.ts'
import { MARKS } from './schema.ts'
import { runStatement } from './statement.ts'

export interface Batch {
  readonly operations: readonly Operation[]
  readonly move: MarkMove | null
  /** Messages may be there already: look first. */
  readonly idempotent: boolean
}

export interface Target {
  readonly pool: string
  readonly db: Db
  /** Of transactions; undefined on a server alone. */
  readonly session: ClientSession | undefined
  readonly writeConcern: { readonly w: 1 | 'majority'; readonly j: boolean }
}

const optionsOf = ({ session, writeConcern }: Omit<Target, 'pool' | 'db'>): WriteOptions =>
  session ? { session } : { writeConcern }

/** Rejects with BackendError, MarkConflict or Collision; everything is undone then where there are transactions. */
export async function writeBatch(target: Target, batch: Batch): Promise<void> {
  const { session, writeConcern } = target
  const planned = steps(batch.operations)
  const count = planned.reduce((sum, step) => sum + (step.kind === 'merged' ? step.merged.inserts.size : 0), 0)
  const numbers = count > 0 ? takeNumbers(target.db, count) : Promise.resolve(0)
  numbers.catch(() => {}) // whoever needs them hears of it
  if (!session) {
    if (batch.move && !isSame(await readMark(target, batch.move.journal), batch.move.from)) throw new MarkConflict()
    await writeSteps(target, planned, batch, numbers)
    if (batch.move) await moveMark(target, batch.move)
    return
  }
  session.startTransaction({ readConcern: { level: 'local' }, writeConcern, readPreference: 'primary' })
  try {
    if (batch.move) await moveMark(target, batch.move)
    await writeSteps(target, planned, batch, numbers)
    await session.commitTransaction()
  } catch (error) {
    if (session.inTransaction()) await session.abortTransaction() // never rejects
    throw error instanceof MarkConflict || error instanceof Collision ? error : backendError(error, target.pool)
  }
}

async function writeSteps(
  { pool, db, ...concern }: Target,
  planned: readonly Step[],
  { idempotent }: Batch,
  numbers: Promise<number>,
): Promise<void> {
  const options = optionsOf(concern)
  const writer = new MergedWriter(db, options, idempotent, numbers)
  for (const step of planned) {
    const blame = step.operations.length === 1 ? step.operations[0] : undefined
    try {
      if (step.kind === 'merged') await writer.write(step.merged)
      else for (const statement of step.statements) await runStatement(db, statement, options)
    } catch (error) {
      throw error instanceof Collision ? error : backendError(error, pool, blame)
    }
  }
}

interface MarkDocument {
  _id: string
  journal?: string
  pool?: string
  seq?: number
  event?: string
  node?: string
  at?: Date
  /** Of a `session:…` document: the session whose transactions move the mark. */
  session?: Document
}

function isSame(one: Mark | null, other: Mark | null): boolean {
  return one?.seq === other?.seq && one?.event === other?.event
}

const markId = (journal: string, pool: string): string => `${journal}:${pool}`

const DUPLICATE = 11000

/** Compare-and-set. It takes the document: a transaction that was thought dead and its repeat can't both go on. */
async function moveMark({ db, pool, ...concern }: Target, { journal, node, from, to }: MarkMove): Promise<void> {
  const marks = db.collection<MarkDocument>(MARKS)
  const _id = markId(journal, pool)
  const next = { journal, pool, ...to, node, at: new Date() }
  const options = optionsOf(concern)
  if (from) {
    const { seq, event } = from
    const { matchedCount } = await marks.updateOne({ _id, seq, event }, { $set: next }, options)
    if (matchedCount === 0) throw new MarkConflict()
    return
  }
  try {
    await marks.insertOne({ _id, ...next }, options)
  } catch (error) {
    throw (error as { code?: number }).code === DUPLICATE ? new MarkConflict() : error
  }
}

/** Longest wait for a majority that confirms what it says. */
const MARK_MS = 10_000

/** In a replica set linearizable: what a new leader would not know of is not believed. */
export async function readMark({ db, pool, session }: Target, journal: string): Promise<Mark | null> {
  const sure = { readConcern: { level: 'linearizable' }, readPreference: 'primary', maxTimeMS: MARK_MS } as const
  const mark = await db
    .collection<MarkDocument>(MARKS)
    .findOne({ _id: markId(journal, pool) }, session ? sure : { maxTimeMS: MARK_MS })
  if (session) await db.command({ ping: 1 }, { session }) // it learns the time of what the mark accounts for
  return mark ? { seq: mark.seq!, event: mark.event! } : null
}

/**
 * A transaction belongs to its session, not to a connection: one that was cut off holds its mark for a minute yet. So each
 * connection leaves its session's id, and ends the transaction that the one before it may have left open.
 */
export async function takeOver(db: Db, session: ClientSession, journal: string, pool: string): Promise<void> {
  const own = session.id!.id
  const before = await db
    .collection<MarkDocument>(MARKS)
    .findOneAndUpdate({ _id: `session:${markId(journal, pool)}` }, { $set: { session: own } }, { upsert: true })
  if (before?.session) await db.command({ killSessions: [{ id: before.session }] })
}
