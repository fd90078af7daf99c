// One configured pool. HTTP knows no connection that could be lost, so `connect` only looks at the tables.

import type { Connected, OpenOptions, Pool, WriteOptions } from '../../model/backend.ts'
import { BackendError, MarkConflict } from '../../model/errors.ts'
import type { Mark, MarkMove, Operation, ReadOp, RowOf } from '../../model/operation.ts'
import type { Connection } from './connection.ts'
import { backendError, isNamed, missingTable } from './errors.ts'
import { numberIn, textIn } from './items.ts'
import { read } from './read.ts'
import { absentTables, describe, makeTable, NO_MARK, tables } from './schema.ts'
import { writeBatch } from './write.ts'

const MARK = 'holdfast_mark'
/** The lane gives up connecting at the same time. */
const MARK_TIMEOUT_MS = 15_000

interface Lane {
  readonly keepsMark: boolean
  /** The table mqtt_delivered is there. */
  readonly deliveries: boolean
}

export class DynamoPool implements Pool {
  readonly #name: string
  readonly #connection: Connection
  #lane: Lane | undefined
  #trimmed = 0

  constructor({ name }: OpenOptions, connection: Connection) {
    this.#name = name
    this.#connection = connection
  }

  /** Since start: ids that have left the set of their topic for want of room. */
  get counts(): Readonly<Record<string, number>> {
    return { idsTrimmed: this.#trimmed }
  }

  connect(signal: AbortSignal): Promise<Connected> {
    this.#lane = undefined
    return this.#sorted(signal, async () => {
      const [keepsMark, deliveries] = await Promise.all([this.#mayMark(signal), this.#hasDeliveries(signal)])
      this.#lane = { keepsMark, deliveries }
      return { exactlyOnce: keepsMark, warnings: keepsMark ? [] : [NO_MARK] }
    })
  }

  mark(journal: string): Promise<Mark | null> {
    const signal = AbortSignal.timeout(MARK_TIMEOUT_MS)
    return this.#sorted(signal, async () => {
      if (!this.#connected().keepsMark) return null
      const { Item } = await this.#connection.db.getItem(
        {
          TableName: MARK,
          Key: { journal: { S: journal }, pool: { S: this.#name } },
          ConsistentRead: true,
        },
        { abortSignal: signal },
      )
      return Item ? { seq: numberIn(Item, 'seq') ?? 0, event: textIn(Item, 'event') ?? '' } : null
    })
  }

  write(
    operations: readonly Operation[],
    move: MarkMove | null,
    { idempotent }: WriteOptions,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#sorted(signal, () => {
      const { deliveries } = this.#connected()
      const trimmed = (count: number): void => {
        this.#trimmed += count
      }
      return writeBatch(this.#connection, {
        operations,
        move,
        idempotent,
        deliveries,
        pool: this.#name,
        signal,
        trimmed,
      })
    })
  }

  read<O extends ReadOp>(op: O, signal: AbortSignal): Promise<readonly RowOf<O>[]> {
    return this.#sorted(signal, () => read(this.#connection, op, signal))
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.#sorted(signal, () => this.#mayMark(signal, false))
  }

  async close(): Promise<void> {
    this.#lane = undefined
    this.#connection.db.destroy()
  }

  /**
   * A write that does nothing, to an item that is not there, tells whether the table is there and may be written to.
   * @param make makes the table where it is missing, if it may
   */
  async #mayMark(signal: AbortSignal, make = true): Promise<boolean> {
    try {
      await this.#connection.db.updateItem(
        {
          TableName: MARK,
          Key: { journal: { S: 'none' }, pool: { S: this.#name } },
          UpdateExpression: 'REMOVE #at',
          ConditionExpression: 'attribute_exists(journal)',
          ExpressionAttributeNames: { '#at': 'at' },
        },
        { abortSignal: signal },
      )
    } catch (error) {
      if (isNamed(error, 'AccessDeniedException')) return false
      if (isNamed(error, 'ResourceNotFoundException')) return make && this.#makeMark(signal)
      if (!isNamed(error, 'ConditionalCheckFailedException')) throw error
    }
    return true
  }

  /** @returns false where there is no right to */
  async #makeMark(signal: AbortSignal): Promise<boolean> {
    const table = tables().find(({ TableName }) => TableName === MARK)!
    try {
      await makeTable(this.#connection.db, table, signal)
      return true
    } catch (error) {
      if (isNamed(error, 'AccessDeniedException')) return false
      throw error
    }
  }

  /** Without the right to ask: yes; a write then tells. */
  async #hasDeliveries(signal: AbortSignal): Promise<boolean> {
    try {
      return (await describe(this.#connection.db, 'mqtt_delivered', signal)) !== undefined
    } catch (error) {
      if (isNamed(error, 'AccessDeniedException')) return true
      throw error
    }
  }

  #connected(): Lane {
    if (!this.#lane) throw new BackendError('transient', 'NOT_CONNECTED', 'not connected')
    return this.#lane
  }

  async #sorted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof MarkConflict) throw error
      if (!isNamed(error, 'ResourceNotFoundException')) throw backendError(error)
      const absent = await absentTables(this.#connection, signal).catch((other) => {
        throw backendError(other)
      })
      throw missingTable(absent, this.#name, { cause: error })
    }
  }
}
