// PostgreSQL. See README.md.

import type { Backend } from '../../model/backend.ts'
import { PgsqlPool } from './pool.ts'
import { applySchema, schema } from './schema.ts'
import type { PgsqlSettings } from './settings.ts'

export const backend: Backend<PgsqlSettings> = {
  kind: 'pgsql',
  capabilities: { transactions: true, batchMax: 5000, wildcardRead: true },
  open: async (options, settings) => new PgsqlPool(options, settings),
  schema,
  applySchema,
}
