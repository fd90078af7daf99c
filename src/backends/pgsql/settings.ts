// The keys of emqx_backend_pgsql.conf, beside its hooks.

import type { Revealed } from '../../config/secret.ts'
import { secret } from '../../config/secret.ts'
import type { Settings, SettingsSpec } from '../../config/spec.ts'
import { TLS_SETTINGS } from '../../config/tls.ts'
import { addresses, integer, text } from '../../config/values.ts'

const PORT = 5432

/** `backend.pgsql.<pool>.…` */
export const SETTINGS = {
  server: {
    type: addresses(PORT),
    default: `127.0.0.1:${PORT}`,
    doc: 'Addresses by comma; the first that takes writes is used',
  },
  pool_size: { type: integer({ min: 1 }), default: '8', doc: 'Connections for reads, beside the one for writes' },
  username: { type: text, default: 'root', doc: 'User', alias: ['user'] },
  password: { type: secret, doc: 'Password' },
  database: { type: text, default: 'mqtt', doc: 'Database' },
  ...TLS_SETTINGS,
} as const satisfies SettingsSpec

export type PgsqlSettings = Revealed<Settings<typeof SETTINGS>>
