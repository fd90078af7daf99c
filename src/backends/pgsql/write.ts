// A batch as one transaction, sent in one go: the mark first, which makes sure that nobody else moved it, then the writes.

import { MarkConflict } from '../../model/errors.ts'
import type { BoundStatement, Mark, MarkMove } from '../../model/operation.ts'
import { steps } from '../merge.ts'
import type { Batch } from '../sql-pool.ts'
import type { Connection, Query } from './connection.ts'
import { backendError } from './errors.ts'
import type { Layout } from './layout.ts'
import { renderMerged, statementText, statementValues } from './render.ts'

/** Rejects with the driver's error as `cause` of a BackendError; everything is undone then. */
export async function writeBatch(connection: Connection, layout: Layout, pool: string, batch: Batch): Promise<void> {
  const transaction = new Transaction(connection, pool)
  try {
    if (batch.move) transaction.send(moveMark(batch.move, pool), 'mark')
    for (const step of steps(batch.operations)) {
      const blame = step.operations.length === 1 ? step.operations[0] : undefined
      if (step.kind === 'merged') {
        for (const query of renderMerged(step.merged, layout, batch.idempotent)) transaction.send(query, blame)
      } else {
        for (const statement of step.statements) await transaction.sendStatement(statement, blame!)
      }
    }
  } catch (error) {
    await transaction.rollback()
    throw error
  }
  await transaction.commit()
}

/** What a failed query says of the batch: an operation's index, the mark, or nothing. */
type Blame = number | 'mark' | undefined

class Transaction {
  readonly #connection: Connection
  readonly #pool: string
  readonly #sent: Promise<unknown>[] = []
  #failure: Error | undefined

  constructor(connection: Connection, pool: string) {
    this.#connection = connection
    this.#pool = pool
    this.send({ text: 'begin isolation level read committed' }, undefined)
  }

  send(query: Query, blame: Blame): void {
    const answer = this.#connection.run(query).catch((error) => {
      this.#failure ??= this.#sorted(error, blame) // those behind it only say that the transaction has failed
    })
    this.#sent.push(answer)
  }

  /** The first time, the server is asked for the parameters' types; within the transaction, which may have made the table. */
  async sendStatement(statement: BoundStatement, operation: number): Promise<void> {
    const text = statementText(statement)
    let types = statement.values.length === 0 ? [] : this.#connection.knownTypes(text)
    if (!types) {
      await this.#answers()
      try {
        types = await this.#connection.describe(text)
      } catch (error) {
        throw this.#sorted(error, operation)
      }
    }
    this.send({ text, values: statementValues(statement, types) }, operation)
  }

  async commit(): Promise<void> {
    this.send({ text: 'commit' }, undefined) // after an error this rolls back
    await this.#answers()
  }

  async rollback(): Promise<void> {
    await Promise.all(this.#sent)
    if (!this.#connection.broken) await this.#connection.query('rollback')
  }

  async #answers(): Promise<void> {
    await Promise.all(this.#sent)
    if (this.#failure) throw this.#failure
  }

  #sorted(error: unknown, blame: Blame): Error {
    if (blame === 'mark' && (error as { code?: string }).code === DIVISION_BY_ZERO) return new MarkConflict()
    return backendError(error, this.#pool, blame === 'mark' ? undefined : blame)
  }
}

const DIVISION_BY_ZERO = '22012'

/** Compare-and-set. A mark that was not moved divides by zero, which stops the transaction without waiting for an answer. */
function moveMark({ journal, node, from, to }: MarkMove, pool: string): Query {
  const now = "timezone('utc', now())"
  const values = [journal, pool, to.seq, to.event, node]
  const moved = from
    ? `update holdfast_mark set seq = $3, event = $4, node = $5, at = ${now}
where journal = $1 and pool = $2 and seq = $6 and event = $7 returning 1`
    : `insert into holdfast_mark (journal, pool, seq, event, node, at) values ($1, $2, $3, $4, $5, ${now})
on conflict (journal, pool) do nothing returning 1`
  return {
    text: `with moved as (${moved}) select 1 / count(*) from moved`,
    values: from ? [...values, from.seq, from.event] : values,
  }
}

export async function readMark(connection: Connection, journal: string, pool: string): Promise<Mark | null> {
  const rows = await connection.query<{ seq: number; event: string }>(
    'select seq::float8 as seq, event from holdfast_mark where journal = $1 and pool = $2',
    [journal, pool],
  )
  return rows[0] ?? null
}
