// The tables' DDL.

import { textBeside } from '../../system/program.ts'

export function schema(): string {
  return textBeside(import.meta, 'schema.sql')
}
