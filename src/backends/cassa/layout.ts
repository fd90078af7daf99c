// What the tables are like: ours, EMQX's own old ones, or what somebody made of them.

import type { Session } from './session.ts'

/** Table → column → type. A table that is missing is not in it. */
export type Layout = ReadonlyMap<string, ReadonlyMap<string, string>>

export async function lookAtTables(session: Session, keyspace: string): Promise<Layout> {
  const rows = await session.query(
    'select table_name, column_name, type from system_schema.columns where keyspace_name = ?',
    [keyspace],
  )
  const layout = new Map<string, Map<string, string>>()
  for (const { table_name, column_name, type } of rows as Record<string, string>[]) {
    if (!layout.has(table_name!)) layout.set(table_name!, new Map())
    layout.get(table_name!)!.set(column_name!, type!)
  }
  return layout
}

/** A table that is not there gets the answer for ours; the statement then says that it is missing. */
export function hasColumn(layout: Layout, table: string, column: string): boolean {
  return layout.get(table)?.has(column) ?? true
}

export function holdsBytes(layout: Layout, table: string): boolean {
  return layout.get(table)?.get('payload') === 'blob'
}

/** It is optional, and another one of that name may be there. */
export function takesDeliveries(layout: Layout): boolean {
  return ['client_id', 'topic', 'msgid', 'delivered_at'].every((column) => layout.get('delivered')?.has(column))
}

/** Sentences for an operator whose tables are not quite ours. */
export function warningsAbout(layout: Layout): string[] {
  const warnings: string[] = []
  if (!hasColumn(layout, 'retain', 'payload')) {
    warnings.push(
      'retain has no payload: retained messages are stored in msg too, and read from there; to keep them apart: ' +
        'alter table retain add (sender text, qos int, payload text, arrived timestamp)',
    )
  }
  if (layout.has('delivered') && !takesDeliveries(layout)) {
    warnings.push(
      'delivered is not the table of on_message_delivered, which writes nothing: see `holdfast schema cassa`',
    )
  }
  return warnings
}
