// A batch as many statements in flight at once. There is no transaction over them; instead each carries the time of its
// event (stamps.ts), so that in whatever order, and however often they arrive, the same is left.
//
// What can't be done so is waited for before, and waits for what came before it: custom statements that do not only set or
// remove values, and positions, which are looked up before they are moved.

import type { BoundStatement, Operation } from '../../model/operation.ts'
import { isRepeatable, statementText, statementValues } from './custom.ts'
import { backendError } from './errors.ts'
import type { Layout } from './layout.ts'
import { Positions } from './positions.ts'
import { type Change, renderWrite } from './render.ts'
import type { Session, Statement } from './session.ts'
import { Stamps } from './stamps.ts'

/** Requests in flight. */
const IN_FLIGHT = 128
/** Of what is sent as one write of a partition. */
const BATCH = { rows: 256, bytes: 128 << 10 }

export interface WriteContext {
  readonly session: Session
  readonly layout: Layout
  readonly pool: string
  readonly signal: AbortSignal
}

/** What is sent as one; `operations` are the indexes in the batch of what is in it. */
export interface Request {
  readonly operations: readonly number[]
  send(): Promise<unknown>
}

/** Rejects with BackendError; any part of the batch may be done then. */
export async function writeOperations(operations: readonly Operation[], context: WriteContext): Promise<void> {
  const { layout } = context
  const alone = operations[0]?.seq === operations.at(-1)?.seq // an error then names its operation
  let stage = new Stage(context, !alone)
  const flush = async (): Promise<void> => {
    await stage.done()
    stage = new Stage(context, !alone)
  }
  const stamps = new Stamps()
  for (const [index, operation] of operations.entries()) {
    const { write } = operation
    switch (write.do) {
      case 'statements': {
        const own = write.statements.map((statement) =>
          customRequest(statement, { operation: index, timestamp: stamps.next(operation) }, context),
        )
        if (own.every(({ repeatable }) => repeatable)) {
          for (const request of own) stage.addRequest(request)
          break
        }
        await flush()
        for (const request of own) await sendAll([request], context)
        break
      }
      case 'position.move':
        stage.positions.move(write, { stamp: stamps.of(operation), operation: index })
        break
      case 'position.delete':
        stage.positions.forget(write, { stamp: stamps.of(operation), operation: index })
        break
      default:
        for (const change of renderWrite(write, layout, stamps.of(operation))) stage.add(change, index)
    }
    if (alone) await flush()
  }
  await stage.done()
}

/** Writes that don't mind each other's order. */
class Stage {
  readonly #context: WriteContext
  readonly #grouped: boolean
  readonly #rows = new Map<string, { change: Change; operation: number }[]>()
  readonly #requests: Request[] = []
  readonly positions = new Positions()

  /** @param grouped may rows of one partition go together? */
  constructor(context: WriteContext, grouped: boolean) {
    this.#context = context
    this.#grouped = grouped
  }

  add(change: Change, operation: number): void {
    const before = this.#rows.get(change.row)
    if (before && !change.whole) before.push({ change, operation })
    else this.#rows.set(change.row, [{ change, operation }])
  }

  addRequest(request: Request): void {
    this.#requests.push(request)
  }

  async done(): Promise<void> {
    await sendAll([...this.#changes(), ...this.#requests], this.#context)
    const { session } = this.#context
    await sendAll(this.positions.lookUps(session), this.#context)
    const moved = this.positions.changes().map(({ change, operations }) => requestOf(session, [change], operations))
    await sendAll(moved, this.#context)
  }

  #changes(): Request[] {
    const { session } = this.#context
    const requests: Request[] = []
    const open = new Map<string, { changes: Change[]; operations: number[]; bytes: number }>()
    const close = ({ changes, operations }: { changes: Change[]; operations: number[] }): void => {
      requests.push(requestOf(session, changes, operations))
    }
    for (const entries of this.#rows.values()) {
      for (const { change, operation } of entries) {
        let group = open.get(change.partition)
        if (!group) {
          group = { changes: [], operations: [], bytes: 0 }
          open.set(change.partition, group)
        }
        group.changes.push(change)
        group.operations.push(operation)
        group.bytes += sizeOf(change)
        if (this.#grouped && group.changes.length < BATCH.rows && group.bytes < BATCH.bytes) continue
        close(group)
        open.delete(change.partition)
      }
    }
    for (const group of open.values()) close(group)
    return requests
  }
}

function sizeOf({ values }: Statement): number {
  let bytes = 0
  for (const value of values) if (typeof value === 'string' || Buffer.isBuffer(value)) bytes += value.length
  return bytes
}

function requestOf(session: Session, changes: readonly Change[], operations: readonly number[]): Request {
  const [first, ...others] = changes
  return {
    operations,
    send: () => (others.length === 0 ? session.run(first!, { repeatable: true }) : session.batch(changes)),
  }
}

interface CustomRequest extends Request {
  readonly repeatable: boolean
}

/** Its parameters' types are asked when it is sent: the statement before it may make its table. */
function customRequest(
  statement: BoundStatement,
  { operation, timestamp }: { operation: number; timestamp: bigint },
  { session }: WriteContext,
): CustomRequest {
  const text = statementText(statement)
  const repeatable = isRepeatable(text)
  return {
    operations: [operation],
    repeatable,
    async send() {
      const values = statementValues(statement, await session.types(text))
      await session.run({ text, values }, { repeatable, timestamp })
    },
  }
}

/** Ends when none is in flight any more. After a failure no more are sent. */
async function sendAll(requests: readonly Request[], { session, pool, signal }: WriteContext): Promise<void> {
  let next = 0
  let failure: Error | undefined
  const worker = async (): Promise<void> => {
    while (next < requests.length && !failure) {
      const { send, operations } = requests[next++]!
      try {
        await session.guard(signal, send)
      } catch (error) {
        failure ??= backendError(error, pool, operations.length === 1 ? operations[0] : undefined)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, requests.length) }, worker))
  if (failure) throw failure
}
