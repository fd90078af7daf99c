// MySQL and MariaDB. See README.md.

import type { Backend } from '../../model/backend.ts'
import { schema } from './schema.ts'
import type { MysqlSettings } from './settings.ts'

export const backend: Backend<MysqlSettings> = {
  kind: 'mysql',
  capabilities: { transactions: true, batchMax: 5000, wildcardRead: true },
  open: async (options, settings) => (await import('./pool.ts')).openPool(options, settings),
  schema,
  applySchema: async (options, settings, say) => (await import('./tables.ts')).applySchema(options, settings, say),
}
