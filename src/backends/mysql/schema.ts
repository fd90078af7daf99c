// The tables' DDL.

import { readFileSync } from 'node:fs'

export function schema(): string {
  return readFileSync(new URL('schema.sql', import.meta.url), 'utf8')
}

/** The table that the gateway makes by itself. */
export function markSchema(): string {
  return schema().match(/create table if not exists holdfast_mark[^;]*/)![0]
}
