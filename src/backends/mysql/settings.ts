// The keys of emqx_backend_mysql.conf, beside its hooks.

import type { Revealed } from '../../config/secret.ts'
import { secret } from '../../config/secret.ts'
import type { Settings, SettingsSpec } from '../../config/spec.ts'
import { TLS_SETTINGS } from '../../config/tls.ts'
import { address, integer, text } from '../../config/values.ts'

const PORT = 3306

/** `backend.mysql.<pool>.…` */
export const SETTINGS = {
  server: { type: address(PORT), default: `127.0.0.1:${PORT}`, doc: 'Address' },
  pool_size: { type: integer({ min: 1 }), default: '8', doc: 'Connections for reads, beside the one for writes' },
  user: { type: text, default: 'root', doc: 'User', alias: ['username'] },
  password: { type: secret, doc: 'Password' },
  database: { type: text, default: 'mqtt', doc: 'Database' },
  ...TLS_SETTINGS,
} as const satisfies SettingsSpec

export type MysqlSettings = Revealed<Settings<typeof SETTINGS>>
