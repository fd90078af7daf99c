// What a command answers, by its shape alone: for commands that have no page of their own.

import type { ComponentChildren } from 'preact'
import type { Declared } from '../declared.ts'
import { ago, bytes, duration } from '../format.ts'
import { said } from '../said.ts'
import { t } from '../texts.ts'
import { Empty } from './empty.tsx'
import { Facts } from './facts.tsx'
import { type Column, Table } from './table.tsx'

type Row = Readonly<Record<string, unknown>>

/** Properties whose texts are sentences of the gateway. */
const SENTENCES = new Set(['message', 'hint', 'error', 'warnings', 'changes', 'doc', 'next', 'said'])

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)

export function Result({ result, columns }: { result: unknown; columns: Declared['columns'] }) {
  if (Array.isArray(result)) {
    if (!result.every(isRow)) return <pre>{result.map((one) => textOf(one)).join('\n')}</pre>
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
  return <Facts facts={Object.entries(result).map(([key, value]) => [key, shown(value, key)] as const)} />
}

function columnOf(declared: string | { key: string; title?: string; as?: string }): Column<Row> {
  const { key, title = key, as = undefined } = typeof declared === 'string' ? { key: declared } : declared
  const text = (row: Row): string => {
    const value = row[key]
    if (value === null || value === undefined) return '–'
    if (as === 'ago') return ago(String(value))
    if (as === 'bytes') return bytes(Number(value))
    return as === 'duration' ? duration(Number(value)) : textOf(value, key)
  }
  return { title, text, cell: text }
}

function shown(value: unknown, of: string): ComponentChildren {
  if (typeof value === 'string' && value.includes('\n')) return <pre>{value}</pre>
  if (Array.isArray(value) && value.length > 0 && value.every(isRow)) return <Result result={value} columns={null} />
  return textOf(value, of)
}

/** @param of the property whose value it is */
function textOf(value: unknown, of = ''): string {
  if (value === null || value === undefined) return '–'
  if (Array.isArray(value)) {
    const parts = value.map((part) => textOf(part, of))
    return parts.join(parts.some((part) => part.endsWith('.')) ? ' ' : ', ') || '–'
  }
  if (typeof value === 'string' && SENTENCES.has(of)) return said(value)
  if (!isRow(value)) return String(value)
  const parts = Object.entries(value).map(([key, part]) => `${key} ${textOf(part, key)}`)
  return parts.join(', ') || '–'
}
