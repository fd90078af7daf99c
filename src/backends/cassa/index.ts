// Cassandra, and what speaks its language. See README.md.

import type { Backend } from '../../model/backend.ts'
import { applySchema, schema } from './schema.ts'
import type { CassaSettings } from './settings.ts'

export const backend: Backend<CassaSettings> = {
  kind: 'cassa',
  capabilities: { transactions: false, batchMax: 5000, wildcardRead: false },
  open: async (options, settings) => new (await import('./pool.ts')).CassaPool(options, settings),
  schema,
  applySchema,
}
