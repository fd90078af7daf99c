// What the tables are like: ours, EMQX's old ones, or what somebody made of them.

import type { Connection } from './connection.ts'

const TABLES = ['mqtt_client', 'mqtt_sub', 'mqtt_msg', 'mqtt_retain', 'mqtt_acked', 'mqtt_delivered', 'holdfast_mark']

export interface Column {
  readonly type: string
  /** Characters that it holds; null: any number. */
  readonly maxLength: number | null
  readonly foldsCase: boolean
}

export interface Table {
  readonly columns: ReadonlyMap<string, Column>
  /** Columns of each unique index that a conflict can be named by, sorted. */
  readonly unique: readonly string[]
  /** May the pool's user read, insert and update? */
  readonly mayWrite: boolean
}

/** Tables by name; one that is missing is not in it. */
export type Layout = ReadonlyMap<string, Table>

const LOOK = `
select n.name, a.attname::text as column, t.typname::text as type,
  case when t.typname in ('varchar', 'bpchar') and a.atttypmod > 0 then a.atttypmod - 4 end as "maxLength",
  t.typname = 'citext' or not coalesce(l.collisdeterministic, true) as "foldsCase"
from unnest($1::text[]) as n(name)
join pg_attribute a on a.attrelid = to_regclass(n.name) and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_collation l on l.oid = a.attcollation`

const LOOK_UNIQUE = `
select n.name, has_table_privilege(n.name, 'select') and has_table_privilege(n.name, 'insert')
    and has_table_privilege(n.name, 'update') as "mayWrite",
  array(select (select string_agg(a.attname, ',' order by a.attname) from pg_attribute a
      where a.attrelid = i.indrelid and a.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1]))
    from pg_index i where i.indrelid = to_regclass(n.name) and i.indisunique and i.indisvalid and i.indimmediate
      and i.indpred is null and i.indexprs is null) as unique
from unnest($1::text[]) as n(name) where to_regclass(n.name) is not null`

interface ColumnRow extends Column {
  readonly name: string
  readonly column: string
}

/** The tables that an unqualified name finds, so by the search_path of the pool's user. */
export async function lookAtTables(connection: Connection): Promise<Layout> {
  const [columns, uniques] = await Promise.all([
    connection.query<ColumnRow>(LOOK, [TABLES]),
    connection.query<{ name: string; mayWrite: boolean; unique: string[] }>(LOOK_UNIQUE, [TABLES]),
  ])
  return new Map(
    uniques.map(({ name, mayWrite, unique }) => {
      const own = columns.filter((row) => row.name === name).map(({ column, ...rest }) => [column, rest] as const)
      return [name, { columns: new Map(own), unique, mayWrite }]
    }),
  )
}

export function isUnique(layout: Layout, table: string, columns: readonly string[]): boolean {
  // A table that is not there gets the answer for ours; the statement then says that it is missing.
  return layout.get(table)?.unique.includes([...columns].sort().join(',')) ?? true
}

export function hasColumn(layout: Layout, table: string, column: string): boolean {
  return layout.get(table)?.columns.has(column) ?? true
}

export function columnType(layout: Layout, table: string, column: string): string {
  return layout.get(table)?.columns.get(column)?.type ?? 'text'
}

/** Sentences for an operator whose tables hold less than MQTT allows. */
export function warningsAbout(layout: Layout): string[] {
  const warnings: string[] = []
  for (const [name, { columns }] of layout) {
    const narrow = [...columns].filter(([, { maxLength }]) => maxLength !== null)
    if (narrow.length > 0) {
      const list = narrow.map(([column, { maxLength }]) => `${column} (${maxLength})`).join(', ')
      warnings.push(`${name}: these columns hold so many characters only, longer rows become dead letters: ${list}`)
    }
    const folding = [...columns].filter(([, { foldsCase }]) => foldsCase).map(([column]) => column)
    if (folding.length > 0) warnings.push(`${name}: upper and lower case are the same in ${folding.join(', ')}`)
  }
  if (columnType(layout, 'mqtt_msg', 'id') === 'int4') {
    warnings.push('mqtt_msg.id is a 32-bit number: no message can be stored behind 2147483647')
  }
  if (layout.has('mqtt_msg') && !isUnique(layout, 'mqtt_msg', ['msgid'])) {
    warnings.push('mqtt_msg has no unique index on msgid: finding a message by its id reads the whole table')
  }
  return warnings
}
