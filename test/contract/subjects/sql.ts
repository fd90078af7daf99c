// What the benches of SQL kinds share: the documentation's tables by their own names.

import { type Bench, COLUMNS, type ForeignRow, type Table, type TableRows, TIMES } from '../subject.ts'

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
