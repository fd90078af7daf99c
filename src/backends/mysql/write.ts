// A batch as one transaction, sent as one text (or several, where the server takes no longer one, and where many rows go by a
// prepared insert): the mark first, which makes sure that nobody else moved it, then the writes, then the commit. The server
// stops at the first that fails.

import { BackendError, MarkConflict } from '../../model/errors.ts'
import type { Mark, MarkMove } from '../../model/operation.ts'
import { type Step, steps } from '../merge.ts'
import type { Batch } from '../sql-pool.ts'
import type { Bulk } from './bulk.ts'
import type { Connection } from './connection.ts'
import { backendError, isNotMoved } from './errors.ts'
import { hasUniqueMsgid, type Layout } from './layout.ts'
import * as literal from './literals.ts'
import { renderMerged } from './render.ts'
import { mayCommit, type Statements } from './statement.ts'

export interface Target {
  readonly connection: Connection
  readonly statements: Statements
  readonly layout: Layout
  /** The pool's name. */
  readonly pool: string
}

/** A statement in it may commit what was done before it. */
export function commitsByItself({ operations }: Batch): boolean {
  return operations.some(({ write }) => write.do === 'statements' && write.statements.some(mayCommit))
}

/** A variable of the session that names what is being done: an operation's index, MARK, or nothing. */
const DOING = '@holdfast'
const MARK = -1
const doing = (what: number | undefined): string => `${DOING} = ${what ?? 'null'}`

/** Rejects with the driver's error as `cause` of a BackendError; everything is undone then. */
export async function writeBatch(target: Target, batch: Batch): Promise<void> {
  const { operations, move, idempotent } = batch
  const { connection, statements, layout, pool } = target
  const todo = steps(operations)
  const custom = todo.flatMap((step) => (step.kind === 'statements' ? step.statements : []))
  await statements.lookAtTables(custom)
  const there = idempotent ? await storedMessages(connection, layout, todo) : new Set<string>()

  // A statement that commits by itself takes what was done before with it. Then the mark is moved last: what it accounts
  // for is all there, and after a crash in between the batch comes again.
  const markLast = commitsByItself(batch)
  const bulkBytes = connection.prepares ? connection.maxTextBytes : 0
  const texts: (string | Bulk)[] = [markLast ? 'set autocommit = 0' : 'start transaction'] // the former begins anew behind each commit
  if (move) texts.push(`set ${doing(MARK)}`, ...(markLast ? lockMark(move, pool) : moveMark(move, pool)))
  for (const step of todo) {
    const blame = doing(step.operations.length === 1 ? step.operations[0] : undefined)
    if (step.kind === 'statements') {
      for (const statement of step.statements) texts.push(...statements.render(statement, blame))
    } else texts.push(`set ${blame}`, ...renderMerged(step.merged, { layout, idempotent, there, bulkBytes }))
  }
  if (move && markLast) texts.push(`set ${doing(MARK)}`, ...moveMark(move, pool))
  texts.push(`set ${doing(undefined)}`, ...(markLast ? ['commit', 'set autocommit = 1'] : ['commit']))
  try {
    for (const text of joined(texts, connection.maxTextBytes)) {
      await (typeof text === 'string' ? connection.query(text) : connection.execute(text))
    }
  } catch (error) {
    statements.forget()
    if (connection.broken) throw error
    const left = await rollback(connection)
    const at = error instanceof TooLong ? error.doing : left
    if (at === MARK && isNotMoved(error)) throw new MarkConflict()
    throw backendError(error, pool, at === null || at === MARK ? undefined : at)
  }
}

/** @returns what the transaction was doing */
async function rollback(connection: Connection): Promise<number | null> {
  const [rows] = await connection.query<[{ at: number | string | null }[]]>(
    `select ${DOING} as at; rollback; set autocommit = 1`,
  )
  const at = rows[0]?.at ?? null
  return at === null ? null : Number(at)
}

class TooLong extends BackendError {
  readonly doing: number | null

  constructor(bytes: number, maxBytes: number, at: number | null) {
    const known = at !== null && at >= 0 ? { operation: at } : {}
    super('permanent', 'TOO_LONG', `a statement of ${bytes} bytes; the server takes ${maxBytes}`, {
      hint: 'raise max_allowed_packet of the server',
      ...known,
    })
    this.doing = at
  }
}

/** Texts in one, as long as the server takes. */
function* joined(texts: readonly (string | Bulk)[], maxBytes: number): Iterable<string | Bulk> {
  let open: string[] = []
  let size = 0
  let at: number | null = null
  for (const text of texts) {
    if (typeof text !== 'string') {
      if (open.length > 0) yield open.join(';\n')
      open = []
      size = 0
      yield text
      continue
    }
    const bytes = Buffer.byteLength(text) + 2
    const doingNow = /^set @holdfast = (-?\d+|null)/.exec(text)?.[1]
    if (doingNow !== undefined) at = doingNow === 'null' ? null : Number(doingNow)
    if (bytes > maxBytes) throw new TooLong(bytes, maxBytes, at)
    if (size + bytes > maxBytes) {
      yield open.join(';\n')
      open = []
      size = 0
    }
    open.push(text)
    size += bytes
  }
  yield open.join(';\n')
}

/** Which messages of the batch are there, in a table that would take them twice. */
async function storedMessages(connection: Connection, layout: Layout, todo: readonly Step[]): Promise<Set<string>> {
  if (hasUniqueMsgid(layout)) return new Set()
  const msgids = todo.flatMap((step) => (step.kind === 'merged' ? [...step.merged.inserts.keys()] : []))
  if (msgids.length === 0) return new Set()
  const rows = await connection.query<{ msgid: string }[]>(
    `select msgid from mqtt_msg where ${literal.isMsgid(literal.texts(msgids))}`,
  )
  return new Set(rows.map(({ msgid }) => msgid))
}

function marked({ journal, from }: MarkMove, pool: string): string {
  const own = `journal = ${literal.text(journal)} and pool = ${literal.text(pool)}`
  return from ? `${own} and seq = ${from.seq} and event = ${literal.text(from.event)}` : own
}

/** A number that grows too large stops the transaction where the statement before it did not change one row. */
const MOVED = 'set @holdfast_moved = ~0 + (row_count() <> 1)'

/** Compare-and-set; takes the row's lock. */
function moveMark(move: MarkMove, pool: string): string[] {
  const { journal, node, from, to } = move
  const values = { seq: `${to.seq}`, event: literal.text(to.event), node: literal.text(node), at: 'utc_timestamp(3)' }
  if (from) {
    const set = Object.entries(values).map(([name, value]) => `${name} = ${value}`)
    return [`update holdfast_mark set ${set.join(', ')} where ${marked(move, pool)}`, MOVED]
  }
  const row = { journal: literal.text(journal), pool: literal.text(pool), ...values }
  return [`insert into holdfast_mark (${Object.keys(row).join(', ')}) values (${Object.values(row).join(', ')})`]
}

/** The same check, with the mark left as it is. */
function lockMark(move: MarkMove, pool: string): string[] {
  return move.from ? [`update holdfast_mark set at = utc_timestamp(6) where ${marked(move, pool)}`, MOVED] : []
}

export async function readMark(connection: Connection, journal: string, pool: string): Promise<Mark | null> {
  const [row] = await connection.query<Mark[]>(
    `select seq, event from holdfast_mark where journal = ${literal.text(journal)} and pool = ${literal.text(pool)}`,
  )
  return row ? { seq: row.seq, event: row.event } : null
}
