// A batch as a few calls of batch.lua, each of which moves the mark with it. They are sent without waiting for answers, so that
// the server works on one while the next is rendered; behind one that is refused, none finds the mark where it should be.

import { BackendError, MarkConflict } from '../../model/errors.ts'
import type { Mark, MarkMove, Operation, Write } from '../../model/operation.ts'
import { type Argument, commandsOf } from './commands.ts'
import type { Connection } from './connection.ts'
import { backendError } from './errors.ts'
import { indexKey, markKey, seconds } from './keys.ts'
import { type Letter, type Rules, render, subscriptionCommand } from './render.ts'

export interface Batch {
  readonly operations: readonly Operation[]
  readonly move: MarkMove | null
}

/** A batch that was refused in the middle: the mark stands where everything before is done. */
export class Refused extends BackendError {
  /** Undefined: the mark stands where it did. */
  readonly reached: Mark | undefined

  constructor(error: BackendError, reached: Mark | undefined) {
    const { errorClass, code, message, hint, operation, cause } = error
    super(errorClass, code, message, {
      ...(hint === undefined ? {} : { hint }),
      ...(operation === undefined ? {} : { operation }),
      cause,
    })
    this.reached = reached
  }
}

/** Operations a call; an event's are never split. */
const PART = 250

interface Part extends Batch {
  /** Where its operations begin in the batch. */
  readonly offset: number
}

/** Rejects with Refused, with MarkConflict, or with what the connection says. */
export async function writeBatch(connection: Connection, pool: string, batch: Batch, rules: Rules): Promise<void> {
  const parts = batch.move ? partsOf(batch.operations, batch.move) : [{ ...batch, offset: 0 }]
  const answers = await Promise.allSettled(parts.map((part) => writePart(connection, pool, part, rules)))
  for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
}

function partsOf(operations: readonly Operation[], move: MarkMove): Part[] {
  const parts: Part[] = []
  let { from } = move
  for (let offset = 0; offset < operations.length; ) {
    let end = Math.min(offset + PART, operations.length)
    while (end < operations.length && operations[end]!.seq === operations[end - 1]!.seq) end++
    const to = end < operations.length ? markOf(operations[end - 1]!) : move.to
    parts.push({ operations: operations.slice(offset, end), move: { ...move, from, to }, offset })
    from = to
    offset = end
  }
  return parts.length > 0 ? parts : [{ operations, move, offset: 0 }]
}

const markOf = ({ seq, id }: Operation): Mark => ({ seq, event: id.toString() })

async function writePart(connection: Connection, pool: string, part: Part, rules: Rules): Promise<void> {
  const { operations, move, offset } = part
  const before = offset > 0 ? (move?.from ?? undefined) : undefined
  const records = new Records()
  for (const [index, operation] of operations.entries()) {
    const next = operations[index + 1]
    try {
      add(records, operation, index, rules)
    } catch (error) {
      throw new Refused(backendError(error, offset + index), before)
    }
    if (next && next.seq !== operation.seq) records.endEvent(markOf(operation))
  }
  records.trim()
  const answer = await connection.driver.batch(...markArguments(move, pool), ...records.arguments)
  if (answer === null) return
  const [what, record, message] = answer as [string, number, string]
  if (what === 'moved') throw new MarkConflict()
  const operation = records.operationOf(record)
  const error = backendError({ message: plain(message) }, operation === undefined ? undefined : offset + operation)
  throw new Refused(error, records.reachedBefore(record) ?? before)
}

/** What a custom statement, or a message on the channel, does once only. */
export function onceCommands(write: Write, rules: Rules): Argument[][] | undefined {
  if (write.do === 'statements') return commandsOf(write.statements)
  if (write.do === 'subscription.publish') return subscriptionCommand(write, rules)
  return undefined
}

function add(records: Records, { write, id, binding }: Operation, index: number, rules: Rules): void {
  const once = onceCommands(write, rules)
  if (once) {
    for (const [n, command] of once.entries()) {
      const name = [id.toString(), `${binding}.${n}`]
      records.add(index, 'O', ...name)
      records.add(index, 'X', String(command.length), ...command)
      records.add(index, 'E', ...name)
    }
    records.once = true
  } else {
    render(write, rules, (_, letter, ...values) => records.add(index, letter, ...values))
    if (write.do === 'message.insert' && !write.latest) records.inserted(write.message.topic)
  }
}

class Records {
  readonly arguments: Argument[] = []
  /** Something of the event that is being added may be done once only. */
  once = false
  readonly #operations: number[] = []
  readonly #reached: { readonly record: number; readonly mark: Mark }[] = []
  readonly #inserted = new Map<string, number>()

  add(operation: number, letter: Letter, ...values: readonly Argument[]): void {
    this.#operations.push(operation)
    this.arguments.push(letter, ...values)
  }

  inserted(topic: string): void {
    this.#inserted.set(topic, (this.#inserted.get(topic) ?? 0) + 1)
  }

  /** What may be done again is done again after a refusal; only behind the rest the mark has to move. */
  endEvent(mark: Mark): void {
    if (!this.once) return
    this.once = false
    this.#reached.push({ record: this.#operations.length, mark })
    this.add(-1, 'M', String(mark.seq), mark.event)
  }

  /** Twice as many as were added, so that an index never grows by what has expired. */
  trim(): void {
    for (const [topic, count] of this.#inserted) this.add(-1, 'T', indexKey(topic), String(2 * count))
  }

  operationOf(record: number): number | undefined {
    const operation = this.#operations[record]!
    return operation < 0 ? undefined : operation
  }

  reachedBefore(record: number): Mark | undefined {
    return this.#reached.findLast((one) => one.record < record)?.mark
  }
}

function markArguments(move: MarkMove | null, pool: string): (number | Argument)[] {
  if (!move) return [0, '0']
  const { journal, node, from, to } = move
  const [is, shall] = [from, to].map((mark) => (mark ? [String(mark.seq), mark.event] : ['', '']))
  return [1, markKey(journal, pool), '6', ...is!, ...shall!, node, seconds(Date.now())]
}

/** An error without what Redis tells of the script in which it happened. */
function plain(message: string): string {
  return message
    .replace(/( called from script)?( script: .*)?$/s, '')
    .replace(/^(user_script|@user_script):? ?\d+: /, '')
}

export async function readMark(connection: Connection, journal: string, pool: string): Promise<Mark | null> {
  const [seq, event] = await connection.driver.hmget(markKey(journal, pool), 'seq', 'event')
  return seq && event ? { seq: Number(seq), event } : null
}

/** May the mark be kept? @throws what the server says when not even scripts may be run */
export async function mayKeepMark({ driver }: Connection, pool: string): Promise<boolean> {
  await driver.batch(0, '0')
  const key = markKey('probe', pool)
  try {
    await Promise.all([driver.hget(key, 'seq'), driver.hset(key, 'seq', 0), driver.del(key)])
    return true
  } catch (error) {
    if (backendError(error).code === 'NOPERM') return false
    throw error
  }
}
