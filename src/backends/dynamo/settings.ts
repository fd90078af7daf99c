// The keys of emqx_backend_dynamo.conf, beside its hooks.

import { type Revealed, secret } from '../../config/secret.ts'
import type { Settings, SettingsSpec } from '../../config/spec.ts'
import { TLS_SETTINGS } from '../../config/tls.ts'
import { httpUrl, integer, text } from '../../config/values.ts'

/** `backend.dynamo.<pool>.…` */
export const SETTINGS = {
  server: { type: httpUrl, doc: "Address as a URL; without it the region's own" },
  pool_size: { type: integer({ min: 1 }), default: '8', doc: 'Connections' },
  region: { type: text, doc: "Region, where it is not the plugin's" },
  aws_access_key_id: { type: secret, doc: 'Id of the access key' },
  aws_secret_access_key: { type: secret, doc: 'The access key' },
  ...TLS_SETTINGS,
} as const satisfies SettingsSpec

/** `backend.dynamo.…`: for every pool. */
export const PLUGIN_SETTINGS = {
  region: { type: text, default: 'us-west-2', doc: 'Region' },
} as const satisfies SettingsSpec

export type DynamoSettings = Revealed<Settings<typeof SETTINGS>> & {
  readonly plugin: Settings<typeof PLUGIN_SETTINGS>
}
