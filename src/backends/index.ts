// Every backend that is built. A driver is loaded only when a pool of its kind is there.

import type { Backend } from '../model/backend.ts'
import type { BackendKind } from '../model/binding.ts'

export const BACKENDS: Partial<Record<BackendKind, () => Promise<Backend>>> = {
  redis: async () => (await import('./redis/index.ts')).backend as Backend,
  cassa: async () => (await import('./cassa/index.ts')).backend as Backend,
  dynamo: async () => (await import('./dynamo/index.ts')).backend as Backend,
  mysql: async () => (await import('./mysql/index.ts')).backend as Backend,
  mongo: async () => (await import('./mongo/index.ts')).backend as Backend,
  pgsql: async () => (await import('./pgsql/index.ts')).backend as Backend,
  sqlite: async () => (await import('./sqlite/index.ts')).backend as Backend,
}
