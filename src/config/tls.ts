// The TLS keys that every pool takes.

import type { SettingsSpec } from './spec.ts'
import { flag, readableFile, verification } from './values.ts'

export const TLS_SETTINGS = {
  ssl: { type: flag, default: 'off', doc: 'Encrypt the connection' },
  cafile: {
    type: readableFile,
    doc: "Certificates to trust; without it the system's",
    alias: ['cacertfile'],
  },
  certfile: { type: readableFile, doc: 'Certificate to show to the server' },
  keyfile: { type: readableFile, doc: 'Private key of certfile' },
  verify: { type: verification, default: 'on', doc: "Refuse a server whose certificate isn't trusted" },
} as const satisfies SettingsSpec
