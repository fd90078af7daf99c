// Results for eyes: a list of records becomes a table, a record becomes lines, and what a change did is a sentence.

import type { Column, Command } from './command.ts'

const LONGEST_CELL = 160

type Row = Record<string, unknown>

interface Rendering extends Pick<Command, 'columns' | 'did'> {
  readonly input?: unknown
  /** Of the terminal: what is wider as a table is shown row by row. */
  readonly width?: number
}

/** @param rendering the command whose result it is, and what it was given */
export function render(result: unknown, { columns, did, input = {}, width }: Rendering = {}): string {
  const text = did ? did(result, input as never) : result
  if (typeof text === 'string') return text.endsWith('\n') ? text : `${text}\n`
  if (Array.isArray(result) && result.length > 0 && result.every(isRow)) return rows(result, columns, width)
  return part(result, '')
}

/** A table, or where that is too wide a block a row. */
function rows(
  all: readonly Row[],
  columns: readonly (string | Column)[] | undefined,
  width = Number.POSITIVE_INFINITY,
) {
  const table = list(all, '', columns)
  if (!table.split('\n').some((line) => line.length > width)) return table
  const shown = columnsOf(all, columns)
  const blocks = all.map((row) =>
    record(Object.fromEntries(shown.map((one) => [one.title ?? one.key, cellOf(row, one)])), ''),
  )
  return blocks.join('\n')
}

function part(result: unknown, indent: string): string {
  if (Array.isArray(result)) return list(result, indent)
  if (isRow(result)) return record(result, indent)
  return `${indent}${cell(result)}\n`
}

function record(row: Row, indent: string): string {
  const width = Math.max(0, ...Object.keys(row).map((key) => key.length))
  return Object.entries(row)
    .map(([key, value]) => {
      const nested = Array.isArray(value) ? value.some(isRow) : isRow(value) && Object.keys(value).length > 0
      return nested
        ? `${indent}${key}\n${part(value, `${indent}  `)}`
        : `${indent}${key.padEnd(width)}  ${cell(value)}\n`
    })
    .join('')
}

function list(rows: readonly unknown[], indent: string, declared?: readonly (string | Column)[]): string {
  if (rows.length === 0) return `${indent}(none)\n`
  if (!rows.every(isRow)) return rows.map((row) => `${indent}${cell(row)}\n`).join('')
  const columns = columnsOf(rows, declared)
  const cells = rows.map((row) => columns.map((column) => cellOf(row, column)))
  const titles = columns.map(({ key, title = key }) => title)
  const widths = columns.map((_, i) => Math.max(titles[i]!.length, ...cells.map((row) => row[i]!.length)))
  const right = columns.map(({ key }) => rows.every((row) => typeof (row[key] ?? 0) === 'number'))
  const line = (words: readonly string[]): string =>
    `${indent}${words.map((word, i) => (right[i] ? word.padStart(widths[i]!) : word.padEnd(widths[i]!))).join('  ')}`.trimEnd()
  return `${[titles, ...cells].map(line).join('\n')}\n`
}

function columnsOf(rows: readonly Row[], declared?: readonly (string | Column)[]): Column[] {
  const columns = declared ?? [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return columns.map((column) => (typeof column === 'string' ? { key: column } : column))
}

const cellOf = (row: Row, column: Column): string => short(shown(row[column.key], column))

function shown(value: unknown, { as }: Column): string {
  if (value === null || value === undefined || as === undefined) return cell(value)
  if (as === 'bytes') return bytesForEyes(Number(value))
  return as === 'ago'
    ? `${durationForEyes(Date.now() - Date.parse(String(value)))} ago`
    : durationForEyes(Number(value))
}

/** `1.5 MB`; KB is 1024, as in the conf. */
export function bytesForEyes(bytes: number): string {
  const unit = Math.max(0, Math.min(4, Math.floor(Math.log2(Math.max(1, bytes)) / 10)))
  const number = bytes / 2 ** (10 * unit)
  return `${unit === 0 || number >= 100 ? Math.round(number) : number.toFixed(1)} ${['B', 'KB', 'MB', 'GB', 'TB'][unit]}`
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** The two greatest units: `3d 4h`, `12s`. */
export function durationForEyes(ms: number): string {
  const parts: string[] = []
  let rest = Math.max(0, ms)
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length)
    rest -= count * length
    if (count > 0) parts.push(`${count}${unit}`)
    else if (parts.length > 0) break
  }
  return parts.slice(0, 2).join(' ') || '0s'
}

/** One cell must not stretch the whole table: `--json` has all of it. */
function short(text: string): string {
  return text.length <= LONGEST_CELL ? text : `${text.slice(0, LONGEST_CELL)}… (${text.length} characters)`
}

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)

function cell(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'object') {
    if (Array.isArray(value)) return value.map(cell).join(', ') || '-'
    return (
      Object.entries(value)
        .map(([key, part]) => `${key}=${cell(part)}`)
        .join(' ') || '-'
    )
  }
  return String(value).replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
