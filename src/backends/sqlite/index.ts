// The embedded database. See README.md; this folder is the one to copy for another backend.

import type { Backend } from '../../model/backend.ts'
import { SqlitePool, schema } from './pool.ts'
import type { SqliteSettings } from './settings.ts'

export const backend: Backend<SqliteSettings> = {
  kind: 'sqlite',
  capabilities: { transactions: true, batchMax: 5000, wildcardRead: true },
  open: async (options, settings) => new SqlitePool(options, settings),
  schema,
  async applySchema(options, settings) {
    const pool = new SqlitePool(options, settings)
    await pool.connect()
    await pool.close()
  },
}
