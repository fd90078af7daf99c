// The tables' DDL.

import { textBeside } from '../../system/program.ts'

export function schema(): string {
  return textBeside(import.meta, 'schema.sql')
}

/** The table that the gateway makes by itself. */
export function markSchema(): string {
  return schema().match(/create table if not exists holdfast_mark[^;]*/)![0]
}
