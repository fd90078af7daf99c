// Redis. See README.md.

import type { Backend } from '../../model/backend.ts'
import { applySchema, schema } from './schema.ts'
import type { RedisSettings } from './settings.ts'

export const backend: Backend<RedisSettings> = {
  kind: 'redis',
  // what waits in the connection keeps the server from others: a matter of some milliseconds
  capabilities: { transactions: true, batchMax: 1000, wildcardRead: false },
  open: async (options, settings) => new (await import('./pool.ts')).RedisPool(options, settings),
  schema,
  applySchema,
}
