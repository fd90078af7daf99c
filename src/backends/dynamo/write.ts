// A batch into DynamoDB. One that fits goes as one transaction, mark and all. A larger one: first its messages, in bulk, which
// nobody sees yet; then part by part a transaction with all the rest, the ids of the messages among it, and the mark moved to
// the part's last event. What an earlier try left of the first is written over by the next.

import type { CancellationReason, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { MarkConflict } from '../../model/errors.ts'
import type { MarkMove, Operation } from '../../model/operation.ts'
import { type Connection, inParallel, pause } from './connection.ts'
import { backendError, isNamed, missingTable, sorted } from './errors.ts'
import { cut, Part } from './part.ts'
import { type Action, moves } from './positions.ts'
import * as render from './render.ts'
import { writeItems } from './requests.ts'
import { absentTables } from './schema.ts'
import { changeIds, trim } from './topic-map.ts'

export interface Batch extends render.RenderOptions {
  readonly operations: readonly Operation[]
  readonly move: MarkMove | null
  /** The pool's name. */
  readonly pool: string
  readonly signal: AbortSignal
  /** Ids have left the set of their topic for want of room. */
  trimmed(count: number): void
}

/** Tries of a transaction that is at odds with somebody else's writes. */
const ATTEMPTS = 8

/** Rejects with BackendError and MarkConflict. */
export async function writeBatch(connection: Connection, batch: Batch): Promise<void> {
  const { operations, move, signal } = batch
  const parts = cut(operations)
  if (parts.length === 0 && move) parts.push(new Part())
  const [only, ...more] = parts
  const whole = more.length === 0 && only?.isWhole && !render.topicChanges(only, batch).some(isMixed)
  try {
    if (!whole) await writeItems(connection, render.puts(parts, batch), signal)
    let from = move?.from ?? null
    for (const part of parts) {
      const to = part === parts.at(-1) ? move?.to : part.last
      const moved = move && { ...move, from, to: to! }
      await writePart(connection, part, { ...batch, whole: whole === true, move: moved }).catch((error) => {
        throw part === only || !move ? error : behindParts(error)
      })
      from = to!
    }
  } catch (error) {
    if (!isNamed(error, 'ResourceNotFoundException')) throw error
    const absent = await absentTables(connection, signal)
    const touched = parts.flatMap((part) => [...part.operations.values()])
    const first = touched.find(({ table }) => absent.includes(table))
    throw missingTable(absent, batch.pool, { cause: error, operation: blamed(first?.indexes, batch) })
  }
}

/** Parts before are written and marked. The lane is to look where it stands, and begin with the part that has the culprit. */
function behindParts(error: unknown): unknown {
  return !(error instanceof MarkConflict) && backendError(error).errorClass === 'permanent' ? new MarkConflict() : error
}

const isMixed = ({ come, go }: render.TopicChange): boolean => come.length > 0 && go.length > 0

interface PartBatch extends Batch {
  /** Messages go in the transaction too. */
  readonly whole: boolean
}

async function writePart(connection: Connection, part: Part, batch: PartBatch): Promise<void> {
  const { move, whole, signal, pool } = batch
  const topics = render.topicChanges(part, batch)
  const fixed = [...render.topicActions(topics), ...render.stateActions(part)]
  if (whole) fixed.push(...[...render.puts([part], batch), ...render.deletes(part)].map(render.rowAction))
  else await removeAhead(connection, part, topics.filter(isMixed), signal)
  for (let attempt = 1; ; attempt++) {
    const positions = await moves(connection, [...part.merged.positions.values()], signal)
    const actions = [...(move ? [render.markAction(move, pool)] : []), ...fixed, ...positions]
    if (actions.length === 0) return
    try {
      const TransactItems = actions.map(({ item }) => item)
      await connection.db.transactWriteItems({ TransactItems }, { abortSignal: signal })
      return
    } catch (error) {
      if (
        attempt === ATTEMPTS ||
        !(await remedied(connection, error, { actions, topics, positions, batch, attempt }))
      ) {
        throw explained(error, actions, { part, batch })
      }
    }
  }
}

/** Acknowledged by the client, so gone for good, whatever becomes of the rest. In one set nothing can come and go at once. */
async function removeAhead(
  connection: Connection,
  part: Part,
  mixed: readonly render.TopicChange[],
  signal: AbortSignal,
): Promise<void> {
  await writeItems(connection, render.deletes(part), signal)
  await inParallel(connection.width, mixed, async ({ topic, go }) => {
    await connection.db.updateItem(changeIds('DELETE', topic, go), { abortSignal: signal })
  })
}

interface Failed {
  readonly actions: readonly Action[]
  readonly topics: readonly render.TopicChange[]
  readonly positions: readonly Action[]
  readonly batch: PartBatch
  readonly attempt: number
}

/** @returns whether the transaction can be tried again */
async function remedied(connection: Connection, error: unknown, failed: Failed): Promise<boolean> {
  const { actions, topics, positions, batch, attempt } = failed
  const reasons = reasonsOf(error)
  const codes = reasons.map(({ Code }) => Code)
  if (batch.move && codes[0] === 'ConditionalCheckFailed') throw new MarkConflict()
  const full = topics.filter(({ come }, index) => {
    const at = (batch.move ? 1 : 0) + index // topics come first
    return come.length > 0 && codes[at] === 'ValidationError' && /size/i.test(reasons[at]?.Message ?? '')
  })
  if (full.length > 0) {
    for (const { topic, come } of full) batch.trimmed(await trim(connection, topic, come, batch.signal))
    return true
  }
  const passing = codes.every(
    (code, index) =>
      code === 'None' ||
      code === 'TransactionConflict' ||
      (code === 'ConditionalCheckFailed' && positions.includes(actions[index]!)),
  )
  if (codes.length > 0 && passing) await pause(attempt, batch.signal)
  return codes.length > 0 && passing
}

function reasonsOf(error: unknown): CancellationReason[] {
  if (!isNamed(error, 'TransactionCanceledException')) return []
  return (error as TransactionCanceledException).CancellationReasons ?? []
}

/** The reason that counts, and the operation when only one can be meant. */
function explained(error: unknown, actions: readonly Action[], { part, batch }: { part: Part; batch: Batch }): unknown {
  const reasons = reasonsOf(error)
  const at = reasons.findIndex(({ Code }) => Code !== undefined && Code !== 'None' && Code !== 'TransactionConflict')
  const reason = reasons[at] ?? reasons.find(({ Code }) => Code !== 'None')
  if (!reason) return error
  const operation = at < 0 ? undefined : blamed(part.operations.get(actions[at]!.name)?.indexes, batch)
  return sorted(reason.Code ?? '', reason.Message ?? (error as Error).message, { cause: error, operation })
}

function blamed(indexes: readonly number[] | undefined, { operations }: Batch): number | undefined {
  const alone = operations[0]?.seq === operations.at(-1)?.seq
  return indexes?.length === 1 || alone ? indexes?.[0] : undefined
}
