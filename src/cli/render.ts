// Results for eyes: a list of records becomes a table, a record becomes lines. `--json` prints them as they are.

const LONGEST_CELL = 160

type Row = Record<string, unknown>

export function render(result: unknown, indent = ''): string {
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
        ? `${indent}${key}\n${render(value, `${indent}  `)}`
        : `${indent}${key.padEnd(width)}  ${cell(value)}\n`
    })
    .join('')
}

function list(rows: unknown[], indent: string): string {
  if (rows.length === 0) return `${indent}(none)\n`
  if (!rows.every(isRow)) return rows.map((row) => `${indent}${cell(row)}\n`).join('')
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cells = rows.map((row) => columns.map((column) => short(cell(row[column]))))
  const widths = columns.map((column, i) => Math.max(column.length, ...cells.map((row) => row[i]!.length)))
  const line = (words: string[]): string =>
    `${indent}${words.map((word, i) => word.padEnd(widths[i]!)).join('  ')}`.trimEnd()
  return `${[line(columns), ...cells.map(line)].join('\n')}\n`
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
