// The keys of emqx_backend_redis.conf, beside its hooks.

import type { Revealed } from '../../config/secret.ts'
import { secret } from '../../config/secret.ts'
import type { Settings, SettingsSpec } from '../../config/spec.ts'
import { TLS_SETTINGS } from '../../config/tls.ts'
import { addresses, choice, integer, text } from '../../config/values.ts'
import { type Binding, FUNCTIONS, type PoolId } from '../../model/binding.ts'

const PORT = 6379

/** The sentinels' own, apart from those of the servers that they watch. */
const SENTINEL_LOGIN = {
  sentinel_username: { type: text, doc: 'User of the sentinels, where they have users' },
  sentinel_password: { type: secret, doc: 'Password of the sentinels' },
} as const satisfies SettingsSpec

/** `backend.redis.<pool>.…` */
export const SETTINGS = {
  type: { type: choice('single', 'sentinel', 'cluster'), default: 'single', doc: 'single, sentinel or cluster' },
  server: {
    type: addresses(PORT),
    default: `127.0.0.1:${PORT}`,
    doc: 'Address; several by comma for sentinel and cluster',
  },
  sentinel: { type: text, doc: "The sentinels' name of the master" },
  ...SENTINEL_LOGIN,
  pool_size: { type: integer({ min: 1 }), default: '8', doc: 'Connections for reads' },
  database: { type: integer({ min: 0 }), default: '0', doc: 'Number of the database' },
  username: { type: text, doc: 'User, where the server has users' },
  password: { type: secret, doc: 'Password' },
  channel: { type: text, doc: 'Channel on which subscribe and unsubscribe are published' },
  ...TLS_SETTINGS,
} as const satisfies SettingsSpec

/** `backend.redis.…`: for every pool. */
export const PLUGIN_SETTINGS = {
  server: { type: addresses(26379), doc: 'Addresses of the sentinels, for every pool' },
  sentinel: { type: text, doc: "The sentinels' name of the master, for every pool" },
  ...SENTINEL_LOGIN,
  'msg.expired_after': {
    type: integer(),
    default: '3600',
    doc: 'Seconds that a message is kept; 0 or less means 3600',
  },
} as const satisfies SettingsSpec

export type RedisSettings = Revealed<Settings<typeof SETTINGS>> & {
  readonly plugin: Revealed<Settings<typeof PLUGIN_SETTINGS>>
}

/** With a channel, each subscribe and unsubscribe is told there, before what the hooks do. */
export function impliedBindings({
  id,
  settings,
}: {
  id: PoolId
  settings: Readonly<Record<string, unknown>>
}): Binding[] {
  if (settings.channel === undefined) return []
  const action = { function: 'on_subscription_publish' } as const
  return FUNCTIONS[action.function].map((hook) => ({ pool: id, hook, order: 0, action, options: {} }))
}
