// Redis. See README.md.

import type { Backend } from '../../model/backend.ts'
import { applySchema, schema } from './schema.ts'
import type { RedisSettings } from './settings.ts'

export const backend: Backend<RedisSettings> = {
  kind: 'redis',
  // a batch keeps the server from everybody else: it is a matter of some milliseconds
  capabilities: { transactions: true, batchMax: 1000, wildcardRead: false },
  open: async (options, settings) => new (await import('./pool.ts')).RedisPool(options, settings),
  schema,
  applySchema,
}
