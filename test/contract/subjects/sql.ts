// What the SQL kinds share: a database a test, and the documentation's tables by their own names.

import { BACKENDS } from '../../../src/backends/index.ts'

import {
  type Bench,
  COLUMNS,
  type ForeignRow,
  type SqlTypes,
  type Subject,
  type Table,
  type TableRows,
  TIMES,
} from '../subject.ts'
import { OPTIONS, opener } from '../support.ts'

type Sql = Bench['sql']

/** @param epochMs an SQL expression for a column's time in ms */
export function sqlBench(
  sql: Sql,
  epochMs: (column: string) => string,
): Pick<Bench, 'rows' | 'insertForeign' | 'hide' | 'sql'> {
  const selected = (name: string): string => (TIMES.includes(name) ? `${epochMs(name)} as ${name}` : name)
  return {
    sql,
    async rows<T extends Table>(table: T): Promise<TableRows[T][]> {
      const rows = await sql(`select ${COLUMNS[table].map(selected).join(', ')} from ${table} order by id`)
      return rows.map((row) => neutral(row) as unknown as TableRows[T])
    },
    async insertForeign(row) {
      await sql(insertion(row))
    },
    async hide(table) {
      await sql(`alter table ${table} rename to elsewhere`)
      return async () => {
        await sql(`alter table elsewhere rename to ${table}`)
      }
    },
  }
}

function insertion({ into, ...row }: ForeignRow): string {
  const literals = Object.values(row).map((value) =>
    typeof value === 'number' ? value : `'${value.replaceAll("'", "''")}'`,
  )
  return `insert into ${into} (${Object.keys(row).join(', ')}) values (${literals.join(', ')})`
}

/** Numbers and bytes as drivers return them by the column's type. */
function neutral(row: Record<string, unknown>): Record<string, unknown> {
  const made = Object.entries(row).map(([name, value]) => {
    if (value === null) return [name, null]
    if (name === 'state' || name === 'qos') return [name, Number(value)]
    if (name === 'retain') return [name, Boolean(value)]
    if (name === 'payload') return [name, Buffer.from(value as string | Buffer)]
    return [name, TIMES.includes(name) ? Math.round(Number(value)) : value]
  })
  return Object.fromEntries(made)
}

interface SqlServer {
  createDatabase(name: string): Promise<void>
  stop(): Promise<void>
}

export interface SqlSubjectOf<S extends SqlServer>
  extends Pick<Subject, 'name' | 'skip' | 'tables' | 'timeStepMs' | 'maxTopic'>,
    Partial<Pick<Subject, 'maxPayloadBytes' | 'basicPlaneOnly'>> {
  readonly kind: 'pgsql' | 'mysql'
  readonly types: SqlTypes
  /** DDL of EMQX's own tables; absent: ours. */
  readonly oldTables?: string
  launch(): Promise<S>
  query(server: S, text: string, database: string): Promise<Record<string, unknown>[]>
  /** Before what somebody writes who doesn't care. */
  readonly careless?: string
  settings(server: S, database: string): unknown
  /** An SQL expression for a column's time in ms. */
  epochMs(column: string): string
}

/** A subject with a server that holds a database for each bench. */
export function sqlSubject<S extends SqlServer>(of: SqlSubjectOf<S>): Subject {
  const { types, oldTables, launch, query, careless = '', settings: settingsOf, epochMs, ...rest } = of
  let server: S
  let databases = 0
  return {
    sql: types,
    transactions: true,
    wildcards: true,
    hides: true,
    uniqueMsgid: oldTables === undefined,
    maxPayloadBytes: Number.POSITIVE_INFINITY,
    ...rest,
    async start() {
      server = await launch()
    },
    async stop() {
      await server?.stop()
    },
    async bench(): Promise<Bench> {
      const database = `test${databases++}`
      await server.createDatabase(database)
      const backend = await BACKENDS[of.kind]!()
      const settings = settingsOf(server, database)
      const sql: Sql = (text) => query(server, text, database)
      if (oldTables) await sql(oldTables)
      else await backend.applySchema(OPTIONS, settings)
      const { connected, close } = opener(backend, () => settings as object)
      return {
        backend,
        pool: await connected(),
        another: connected,
        ...sqlBench(sql, epochMs),
        insertForeign: sqlBench((text) => sql(`${careless}${text}`), epochMs).insertForeign,
        schemaAgain: () => backend.applySchema(OPTIONS, settings),
        end: close,
      }
    },
  }
}
