// The tables' DDL.

import { textBeside } from '../../system/program.ts'

export function schema(): string {
  return textBeside(import.meta, 'schema.sql')
}

/** For a server without generated columns. */
export function schemaWithoutKeys(): string {
  return schema().replace(/^ +(row_key|unique key \w+ \(row_key\)).*\n/gm, '')
}

/** The table that the gateway makes by itself. */
export function markSchema(): string {
  return schema().match(/create table if not exists holdfast_mark[^;]*/)![0]
}
