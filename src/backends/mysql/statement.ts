// Custom statements. Each is prepared once for a connection and run with its values as parameters: `set` hands them over
// as variables, `execute` binds them, so that a batch of statements is one text and one round trip.
//
// MySQL tells no parameter's type. For `insert … values`, `replace` and `column = ?` it is looked up in the table.

import type { BoundStatement, ParameterValue } from '../../model/operation.ts'
import { isPlainText, toTextBytes } from '../payload-rule.ts'
import type { Connection } from './connection.ts'
import { type Column, columnsOf, holdsBytes, holdsTime } from './layout.ts'
import * as literal from './literals.ts'

/** Where a parameter's value goes: a column by name, or by position where the statement names none. */
export interface Targets {
  /** As written, e.g. `db`.`table`; undefined: nothing is known. */
  readonly table: string | undefined
  readonly columns: readonly (string | number | undefined)[]
}

/** A character that no statement holds stands for a parameter. */
const MARKER = '\uffff'
const TABLE =
  /^\s*(?:insert|replace|update|delete)\s+(?:(?:low_priority|delayed|high_priority|quick|ignore|into|from)\s+)*([`\w$.]+)/i
const VALUES = /^\s*(?:\(([^()]*)\)\s*)?values?\s*(?=\()/i
const ASSIGNED = /([`\w$]+)\s*=\s*$/

/** Finds the columns that a statement's parameters are for. Pure. */
export function targetsOf(texts: readonly string[]): Targets {
  const [head, table] = TABLE.exec(texts.join(MARKER)) ?? []
  const columns: Targets['columns'][number][] = texts.slice(1).map((_, index) => {
    const name = ASSIGNED.exec(texts[index]!)?.[1]
    return name === undefined ? undefined : columnName(name)
  })
  if (table === undefined) return { table, columns }
  const rest = texts.join(MARKER).slice(head!.length)
  const values = VALUES.exec(rest)
  if (values) {
    const names = values[1]?.split(',').map(columnName)
    for (const [index, position] of positions(rest.slice(values[0].length)).entries()) {
      if (position !== undefined) columns[index] ??= names ? names[position] : position
    }
  }
  return { table, columns }
}

function columnName(written: string): string {
  return written.trim().split('.').at(-1)!.replaceAll('`', '').toLowerCase()
}

/** `(?, now(), ?), (?, …)`: the position in its row of each parameter that stands alone there. */
function positions(rows: string): (number | undefined)[] {
  const found: (number | undefined)[] = []
  let depth = 0
  let position = 0
  for (const { 0: token, index } of rows.matchAll(/'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|[(),\uffff]/gs)) {
    if (token === '(' && depth++ === 0) position = 0
    else if (token === ')') depth--
    else if (token === ',' && depth === 1) position++
    else if (token === MARKER) {
      const alone = /[(,]\s*$/.test(rows.slice(0, index)) && /^\s*[,)]/.test(rows.slice(index + 1))
      found.push(depth === 1 && alone ? position : undefined)
    }
  }
  return found
}

/** Statements that leave the transaction as it is. Any other may commit it. */
const HARMLESS = /^[\s(]*(?:insert|replace|update|delete|select|with|set|do)\b/i

export function mayCommit({ texts }: BoundStatement): boolean {
  return !HARMLESS.test(texts[0]!)
}

interface Prepared {
  readonly name: string
  readonly targets: Targets
  done: boolean
}

/** The statements of one connection. */
export class Statements {
  readonly #connection: Connection
  readonly #prepared = new Map<string, Prepared>()
  readonly #tables = new Map<string, ReadonlyMap<string, Column>>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Looks at the tables that the statements write, where that matters for their values. */
  async lookAtTables(statements: readonly BoundStatement[]): Promise<void> {
    for (const statement of statements) {
      if (!statement.values.some(dependsOnColumn)) continue
      const { table } = this.#statement(statement).targets
      if (table === undefined || this.#tables.has(table)) continue
      const columns = await columnsOf(this.#connection, table)
      if (columns.size > 0) this.#tables.set(table, columns) // else it may be made later
    }
  }

  /** The texts to run, one after the other. @param marks assignments of variables to be made before */
  render(statement: BoundStatement, marks: string): string[] {
    const prepared = this.#statement(statement)
    const { name, targets } = prepared
    const columns = targets.table === undefined ? undefined : this.#tables.get(targets.table)
    const variables = statement.values.map((_, index) => `@holdfast_${index}`)
    const set = statement.values.map((value, index) => {
      const target = targets.columns[index]
      const column = typeof target === 'number' ? [...(columns?.values() ?? [])][target] : columns?.get(target ?? '')
      return `${variables[index]} = ${parameter(value, column)}`
    })
    const texts = [`set ${[marks, ...set].join(', ')}`]
    if (!prepared.done) {
      texts.push(
        `set @holdfast_text = ${literal.text(statement.texts.join('?'))}`,
        `prepare ${name} from @holdfast_text`,
      )
    }
    prepared.done = true
    return [...texts, `execute ${name}${variables.length > 0 ? ` using ${variables.join(', ')}` : ''}`]
  }

  /** Since a text was not run to its end, or the tables have changed. Prepared again, a statement keeps its name. */
  forget(): void {
    this.#tables.clear()
    for (const prepared of this.#prepared.values()) prepared.done = false
  }

  #statement({ texts }: BoundStatement): Prepared {
    const key = texts.join(MARKER)
    let prepared = this.#prepared.get(key)
    if (!prepared) {
      prepared = { name: `holdfast_${this.#prepared.size}`, targets: targetsOf(texts), done: false }
      this.#prepared.set(key, prepared)
    }
    return prepared
  }
}

function dependsOnColumn(value: ParameterValue): boolean {
  return typeof value === 'number' || Buffer.isBuffer(value)
}

/** @param column undefined: unknown; a payload that is no plain text is then stored as in a text */
function parameter(value: ParameterValue, column: Column | undefined): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return literal.text(value)
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (Buffer.isBuffer(value)) return payload(value, column)
  return column && holdsTime(column) ? literal.time(value, column.timeDigits ?? 0) : literal.number(value)
}

/** Raw in a column of bytes, by the payload rule in one of text. */
export function payload(value: Buffer, column: Column | undefined): string {
  const stored = payloadValue(value, column)
  return typeof stored === 'string' ? literal.text(stored) : literal.bytes(stored)
}

/** Bytes for a column of bytes, else a text. */
export function payloadValue(value: Buffer, column: Column | undefined): Buffer | string {
  if (column && holdsBytes(column)) return value
  const fits = isPlainText(value) && fitsIn(column?.charset ?? 'utf8mb4', value)
  return (fits ? toTextBytes(value) : dataUrl(value)).toString()
}

function dataUrl(value: Buffer): string {
  return `data:;base64,${value.toString('base64')}`
}

/** May the column's character set hold every character of the text? Where it is not known to, no. */
function fitsIn(charset: string, text: Buffer): boolean {
  if (charset === 'utf8mb4') return true
  const limit = /^(utf8|utf8mb3|ucs2)$/.test(charset) ? 0xf0 : 0x80
  return text.every((byte) => byte < limit)
}
