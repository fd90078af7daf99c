// The tables' DDL.

import { readFileSync } from 'node:fs'

export function schema(): string {
  return readFileSync(new URL('schema.sql', import.meta.url), 'utf8')
}
