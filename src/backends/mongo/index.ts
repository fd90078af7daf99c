// MongoDB. See README.md.

import type { Backend } from '../../model/backend.ts'
import { applySchema, schema } from './schema.ts'
import type { MongoSettings } from './settings.ts'

export const backend: Backend<MongoSettings> = {
  kind: 'mongo',
  capabilities: { transactions: true, batchMax: 5000, wildcardRead: true },
  open: async (options, settings) => new (await import('./pool.ts')).MongoPool(options, settings),
  schema,
  applySchema,
}
