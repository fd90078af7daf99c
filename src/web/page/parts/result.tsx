// What a command answers, by its shape alone: for commands that have no page of their own.

import type { ComponentChildren } from 'preact'
import type { Declared } from '../declared.ts'
import { ago, bytes, duration } from '../format.ts'
import { t } from '../texts.ts'
import { Empty } from './empty.tsx'
import { Facts } from './facts.tsx'
import { type Column, Table } from './table.tsx'

type Row = Readonly<Record<string, unknown>>

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)

export function Result({ result, columns }: { result: unknown; columns: Declared['columns'] }) {
  if (Array.isArray(result)) {
    if (!result.every(isRow)) return <pre>{result.map(textOf).join('\n')}</pre>
    const wanted = columns ?? [...new Set(result.flatMap((row) => Object.keys(row)))]
    return (
      <Table<Row>
        {...{ label: t('result'), rows: result, columns: wanted.map(columnOf), filter: true }}
        keyOf={(row) => String(result.indexOf(row))}
        empty={<Empty title={t('result.none')} />}
      />
    )
  }
  if (!isRow(result)) return <pre>{textOf(result)}</pre>
  return <Facts facts={Object.entries(result).map(([key, value]) => [key, shown(value)] as const)} />
}

function columnOf(declared: string | { key: string; title?: string; as?: string }): Column<Row> {
  const { key, title = key, as = undefined } = typeof declared === 'string' ? { key: declared } : declared
  const text = (row: Row): string => {
    const value = row[key]
    if (value === null || value === undefined) return '–'
    if (as === 'ago') return ago(String(value))
    if (as === 'bytes') return bytes(Number(value))
    return as === 'duration' ? duration(Number(value)) : textOf(value)
  }
  return { title, text, cell: text }
}

function shown(value: unknown): ComponentChildren {
  if (typeof value === 'string' && value.includes('\n')) return <pre>{value}</pre>
  if (Array.isArray(value) && value.length > 0 && value.every(isRow)) return <Result result={value} columns={null} />
  return textOf(value)
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (Array.isArray(value)) return value.map(textOf).join(', ') || '–'
  if (!isRow(value)) return String(value)
  const parts = Object.entries(value).map(([key, part]) => `${key} ${textOf(part)}`)
  return parts.join(', ') || '–'
}
