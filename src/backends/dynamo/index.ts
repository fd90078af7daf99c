// DynamoDB. See README.md.

import type { Backend } from '../../model/backend.ts'
import { openConnection } from './connection.ts'
import { DynamoPool } from './pool.ts'
import { applySchema, schema } from './schema.ts'
import type { DynamoSettings } from './settings.ts'

export const backend: Backend<DynamoSettings> = {
  kind: 'dynamo',
  capabilities: { transactions: true, batchMax: 2000, wildcardRead: false },
  open: async (options, settings) => new DynamoPool(options, await openConnection(settings)),
  schema,
  applySchema,
}
