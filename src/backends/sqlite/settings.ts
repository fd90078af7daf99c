// The keys of emqx_backend_sqlite.conf, beside its hooks.

import type { Settings, SettingsSpec } from '../../config/spec.ts'
import { integer, text } from '../../config/values.ts'

/** `backend.sqlite.<pool>.…` */
export const SETTINGS = {
  database: { type: text, default: 'mqtt.db', doc: 'File, below the data folder' },
  pool_size: {
    type: integer({ min: 1 }),
    default: '1',
    doc: 'As with the other backends; an embedded file needs none',
  },
} as const satisfies SettingsSpec

export type SqliteSettings = Settings<typeof SETTINGS>
