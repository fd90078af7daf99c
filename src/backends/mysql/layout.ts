// What the tables are like: ours, EMQX's old ones, or what somebody made of them.

import type { Connection } from './connection.ts'
import { text, texts } from './literals.ts'

const TABLES = ['mqtt_client', 'mqtt_sub', 'mqtt_msg', 'mqtt_retain', 'mqtt_acked', 'mqtt_delivered', 'holdfast_mark']

export interface Column {
  readonly name: string
  readonly type: string
  /** Characters, or bytes, that it holds; null: not a column of text or bytes. */
  readonly maxLength: number | null
  /** null: not a column of text. */
  readonly charset: string | null
  readonly collation: string | null
  /** Digits of a second. */
  readonly timeDigits: number | null
}

export interface Table {
  /** In their order. */
  readonly columns: ReadonlyMap<string, Column>
  /** Columns of each unique index that covers them in full, sorted. */
  readonly unique: readonly string[]
  /** Has its engine transactions? */
  readonly transactional: boolean
}

/** Tables by name; one that is missing is not in it. */
export type Layout = ReadonlyMap<string, Table>

const COLUMNS = `select table_name as tableName, column_name as name, lower(data_type) as type,
  character_maximum_length as maxLength, character_set_name as charset, collation_name as collation,
  datetime_precision as timeDigits
from information_schema.columns`

/** The tables of the pool's database. */
export async function lookAtTables(connection: Connection): Promise<Layout> {
  const named = `table_schema = database() and table_name in (${texts(TABLES)})`
  type Answers = [ColumnRow[], { tableName: string; columns: string }[], { tableName: string }[]]
  const [columns, uniques, transactional] = await connection.query<Answers>(
    `${COLUMNS} where ${named} order by ordinal_position;
select table_name as tableName, group_concat(column_name order by column_name separator ',') as columns
from information_schema.statistics where ${named} and non_unique = 0
group by table_name, index_name having sum(sub_part is not null) = 0;
select table_name as tableName from information_schema.tables where ${named}
and engine in (select engine from information_schema.engines where transactions = 'YES')`,
  )
  const layout = new Map<string, Table>()
  for (const name of TABLES) {
    const own = columns.filter((column) => column.tableName === name)
    const unique = uniques.filter((index) => index.tableName === name).map((index) => index.columns)
    const safe = transactional.some((table) => table.tableName === name)
    if (own.length > 0) layout.set(name, { columns: byName(own), unique, transactional: safe })
  }
  return layout
}

interface ColumnRow extends Column {
  readonly tableName: string
}

/** Columns of any table, in order; empty when it is not there. @param name may hold the database's too */
export async function columnsOf(connection: Connection, name: string): Promise<ReadonlyMap<string, Column>> {
  const [table, database] = name.replaceAll('`', '').split('.').reverse()
  const schema = database === undefined ? 'database()' : text(database)
  return byName(
    await connection.query<ColumnRow[]>(
      `${COLUMNS} where table_schema = ${schema} and table_name = ${text(table!)} order by ordinal_position`,
    ),
  )
}

function byName(columns: readonly ColumnRow[]): ReadonlyMap<string, Column> {
  return new Map(columns.map(({ tableName: _, ...column }) => [column.name.toLowerCase(), column]))
}

export function isUnique(layout: Layout, table: string, columns: readonly string[]): boolean {
  // A table that is not there gets the answer for ours; the statement then says that it is missing.
  return layout.get(table)?.unique.includes([...columns].sort().join(',')) ?? true
}

/**
 * Does the table see to it that a message is stored once? Our ids differ in case only, as often as not; a unique index
 * that folds case tells them not apart.
 */
export function hasUniqueMsgid(layout: Layout): boolean {
  return isUnique(layout, 'mqtt_msg', ['msgid']) && !foldsCase(columnOf(layout, 'mqtt_msg', 'msgid'))
}

function foldsCase(column: Column | undefined): boolean {
  return !/_(bin|cs)$/.test(column?.collation ?? '_bin')
}

/** Has the table our column with the hash of the row's key? */
export function hasRowKey(layout: Layout, table: string): boolean {
  return isUnique(layout, table, ['row_key'])
}

export function columnOf(layout: Layout, table: string, name: string): Column | undefined {
  return layout.get(table)?.columns.get(name)
}

const BYTES = /blob$|binary$/

export function holdsBytes({ type }: Column): boolean {
  return BYTES.test(type)
}

export function holdsTime({ type }: Column): boolean {
  return type === 'datetime' || type === 'timestamp'
}

/** What our rows need at most, in characters or bytes. */
const NEEDED: Readonly<Record<string, number>> = {
  clientid: 65_535,
  topic: 65_535,
  sender: 65_535,
  msgid: 36,
  payload: 268_435_455,
}

/** Sentences for an operator whose tables hold less than MQTT allows. */
export function warningsAbout(layout: Layout): string[] {
  const warnings: string[] = []
  for (const [name, { columns, transactional }] of layout) {
    if (!transactional) warnings.push(`${name}: its engine has no transactions, so rows are written at least once`)
    const of = (so: (column: Column) => boolean): string[] => [...columns.values()].filter(so).map((each) => each.name)
    const narrow = of((column) => (column.maxLength ?? Number.MAX_VALUE) < (NEEDED[column.name] ?? 0))
    if (narrow.length > 0) {
      const list = narrow.map((column) => `${column} (${columns.get(column)!.maxLength})`).join(', ')
      warnings.push(`${name}: these columns hold so much only, longer rows become dead letters: ${list}`)
    }
    const names = ({ name }: Column): boolean => ['clientid', 'topic', 'sender'].includes(name)
    const folding = of((column) => names(column) && foldsCase(column))
    if (folding.length > 0) warnings.push(`${name}: upper and lower case are the same in ${folding.join(', ')}`)
    const poor = of((column) => names(column) && (column.charset ?? 'utf8mb4') !== 'utf8mb4')
    if (poor.length > 0) {
      warnings.push(
        `${name}: not every character fits, such rows become dead letters (not utf8mb4): ${poor.join(', ')}`,
      )
    }
  }
  for (const [table, column] of [
    ['mqtt_msg', 'id'],
    ['mqtt_acked', 'mid'],
  ] as const) {
    if (columnOf(layout, table, column)?.type === 'int') {
      warnings.push(
        `${table}.${column} is a 32-bit number: no message can be stored or acknowledged behind its last one`,
      )
    }
  }
  const unique = isUnique(layout, 'mqtt_msg', ['msgid'])
  if (layout.has('mqtt_msg') && !unique) {
    warnings.push('mqtt_msg has no unique index on msgid: finding a message by its id reads the whole table')
  }
  if (unique && foldsCase(columnOf(layout, 'mqtt_msg', 'msgid'))) {
    warnings.push(
      'mqtt_msg: the unique index on msgid takes upper and lower case for the same, so messages become dead letters: ' +
        'alter table mqtt_msg modify msgid varchar(191) character set utf8mb4 collate utf8mb4_bin',
    )
  }
  return warnings
}
