// The peer of the drain: the ways to insert many rows with plain `pg`, one connection, a statement a transaction.

import type pg from 'pg'
import type { PostgresServer } from '../helpers/postgres.ts'

export interface Rows {
  readonly table: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly values: readonly (readonly unknown[])[]
}

type Insert = (client: pg.Client) => Promise<void>

const BATCHES = [1000, 5000]

/** All rows of the table as values to insert again; `id` is left to the server. */
export async function readRows(server: PostgresServer, table: string): Promise<Rows> {
  const found = await server.query(
    `select column_name as name, udt_name as type from information_schema.columns
      where table_name = $1 and column_name <> 'id' order by ordinal_position`,
    [table],
  )
  const columns = found as unknown as Rows['columns']
  // as text, but for bytes, so that a time is sent as it was stored
  const words = columns.map(({ name, type }) => (type === 'bytea' ? name : `${name}::text`))
  const rows = await server.query(`select ${words.join(', ')} from ${table} order by id`)
  return { table, columns, values: rows.map((row) => columns.map(({ name }) => row[name])) }
}

/** name → how; the statements are prepared once for each connection. */
export function bulkInserts(rows: Rows): Record<string, Insert> {
  return Object.fromEntries(
    BATCHES.flatMap((batch): [string, Insert][] => [
      [`multi-row values × ${batch}`, (client) => multiRowValues(client, rows, batch)],
      [`unnest × ${batch}`, (client) => unnest(client, rows, batch)],
    ]),
  )
}

async function multiRowValues(client: pg.Client, { table, columns, values }: Rows, batch: number): Promise<void> {
  const width = columns.length
  const tuple = (_: unknown, row: number): string => `(${columns.map((_, i) => `$${row * width + i + 1}`).join(',')})`
  for (const part of parts(values, batch)) {
    const text = `insert into ${table} (${names(columns)}) values ${Array.from(part, tuple).join(',')}`
    await client.query({ name: `values-${part.length}`, text, values: part.flat() })
  }
}

async function unnest(client: pg.Client, { table, columns, values }: Rows, batch: number): Promise<void> {
  const arrays = columns.map(({ type }, i) => `$${i + 1}::${type}[]`).join(',')
  const text = `insert into ${table} (${names(columns)}) select * from unnest(${arrays})`
  for (const part of parts(values, batch)) {
    await client.query({ name: 'unnest', text, values: columns.map((_, i) => part.map((row) => row[i])) })
  }
}

function names(columns: Rows['columns']): string {
  return columns.map(({ name }) => name).join(',')
}

function* parts<T>(values: readonly T[], size: number): Iterable<readonly T[]> {
  for (let at = 0; at < values.length; at += size) yield values.slice(at, at + size)
}
