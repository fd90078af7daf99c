// The keys of emqx_backend_cassa.conf, beside its hooks.

import type { Revealed } from '../../config/secret.ts'
import { secret } from '../../config/secret.ts'
import type { Settings, SettingsSpec } from '../../config/spec.ts'
import { TLS_SETTINGS } from '../../config/tls.ts'
import { addresses, integer, text } from '../../config/values.ts'

const PORT = 9042

/** EMQX wrote `backend.ecql.<pool>.…`, where `backend.cassa.<pool>.…` is expected. */
export const PREFIXES = ['backend.ecql.'] as const

/** `backend.cassa.<pool>.…` */
export const SETTINGS = {
  nodes: { type: addresses(PORT), default: `127.0.0.1:${PORT}`, doc: 'Addresses by comma' },
  size: { type: integer({ min: 1 }), default: '8', doc: 'Connections', alias: ['pool_size'] },
  auto_reconnect: { type: integer({ min: 0 }), default: '1', doc: 'As in EMQX; Holdfast always reconnects' },
  username: { type: text, doc: 'User' },
  password: { type: secret, doc: 'Password' },
  keyspace: { type: text, default: 'mqtt', doc: 'Keyspace' },
  logger: { type: text, default: 'info', doc: 'As in EMQX; log.level of the gateway counts' },
  ...TLS_SETTINGS,
} as const satisfies SettingsSpec

export type CassaSettings = Revealed<Settings<typeof SETTINGS>>
