// The keys of emqx_backend_mongo.conf, beside its hooks.

import type { Revealed } from '../../config/secret.ts'
import { secret } from '../../config/secret.ts'
import type { Settings, SettingsSpec } from '../../config/spec.ts'
import { TLS_SETTINGS } from '../../config/tls.ts'
import { addresses, choice, flag, integer, text } from '../../config/values.ts'

const PORT = 27017
const count = integer({ min: 0 })

/** `backend.mongo.<pool>.…` */
export const SETTINGS = {
  type: {
    type: choice('single', 'unknown', 'sharded', 'rs'),
    default: 'single',
    doc: 'single, unknown, sharded or rs (replica set)',
  },
  rs_set_name: { type: text, doc: 'Name of the replica set' },
  srv_record: { type: flag, default: 'off', doc: 'Is the server a name with SRV and TXT records?' },
  server: { type: addresses(PORT), default: `127.0.0.1:${PORT}`, doc: 'Addresses by comma' },
  c_pool_size: { type: integer({ min: 1 }), default: '8', doc: 'Connections', alias: ['pool_size'] },
  database: { type: text, default: 'mqtt', doc: 'Database' },
  login: { type: text, doc: 'User', alias: ['username'] },
  password: { type: secret, doc: 'Password' },
  auth_source: { type: text, doc: 'Database that knows the user, where it is another one' },
  w_mode: { type: choice('safe', 'unsafe'), default: 'safe', doc: 'Wait until a write is confirmed (safe) or not' },
  r_mode: {
    type: choice('master', 'slave_ok'),
    default: 'master',
    doc: 'Read from the master only, or from any member',
  },
  ...TLS_SETTINGS,
} as const satisfies SettingsSpec

/** `backend.mongo.…`: for every pool. Times in ms. `connection.ts` says what each becomes. */
export const PLUGIN_SETTINGS = {
  'topology.pool_size': { type: count, doc: "Connections of the driver's pool" },
  'topology.max_overflow': { type: count, doc: 'Connections beyond it' },
  'topology.overflow_ttl': { type: count, doc: 'How long those stay' },
  'topology.overflow_check_period': { type: count, doc: 'Time between two looks at those' },
  'topology.local_threshold_ms': { type: count, doc: 'Latency within which a member counts as near' },
  'topology.connect_timeout_ms': { type: count, doc: 'Longest wait for a connection' },
  'topology.socket_timeout_ms': { type: count, doc: 'Longest wait for an answer' },
  'topology.server_selection_timeout_ms': { type: count, doc: 'Longest wait for a member to talk to' },
  'topology.wait_queue_timeout_ms': { type: count, doc: 'Longest wait for a free connection' },
  'topology.heartbeat_frequency_ms': { type: count, doc: 'Time between two looks at the members' },
  'topology.min_heartbeat_frequency_ms': { type: count, doc: 'The same, at least' },
} as const satisfies SettingsSpec

export type MongoSettings = Revealed<Settings<typeof SETTINGS>> & {
  readonly plugin: Partial<Revealed<Settings<typeof PLUGIN_SETTINGS>>>
}
