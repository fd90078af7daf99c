// A pool's settings as the driver wants them.

import { BackendError } from '../../model/errors.ts'
import { tlsOptions } from '../tls.ts'
import type { RedisSettings } from './settings.ts'

const CONNECT_MS = 10_000

/** How the servers of a pool are found. */
export type Topology =
  | { readonly type: 'single'; readonly servers: RedisSettings['server'] }
  | { readonly type: 'sentinel'; readonly sentinels: RedisSettings['server']; readonly name: string }
  | { readonly type: 'cluster'; readonly servers: RedisSettings['server'] }

/** A master's name, the pool's or the one for all pools, means sentinels. @throws BackendError where it is missing */
export function topologyOf(settings: RedisSettings): Topology {
  const { type, server, plugin } = settings
  if (type === 'cluster') return { type, servers: server }
  const name = settings.sentinel ?? plugin.sentinel
  if (name !== undefined) {
    return { type: 'sentinel', sentinels: (settings.sentinel ? undefined : plugin.server) ?? server, name }
  }
  if (type === 'single') return { type, servers: server }
  throw new BackendError('denied', 'NO_MASTER', 'the pool has sentinels, but not their name of the master', {
    hint: 'set backend.redis.<pool>.sentinel, or backend.redis.sentinel for every pool',
  })
}

/** Nothing is tried again or kept back in the driver: the lane does that, and knows what was written. */
export function commonOptions(settings: RedisSettings) {
  const { username, password, plugin } = settings
  const { sentinel_username, sentinel_password } = settings.sentinel ? settings : plugin
  const ssl = settings.ssl ? tlsOptions(settings) : undefined
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(sentinel_username === undefined ? {} : { sentinelUsername: sentinel_username }),
    ...(sentinel_password === undefined ? {} : { sentinelPassword: sentinel_password }),
    ...(ssl ? { tls: ssl, sentinelTLS: ssl, enableTLSForSentinelMode: true } : {}),
    protocol: 2 as const,
    connectionName: 'holdfast',
    disableClientInfo: true,
    connectTimeout: CONNECT_MS,
    keepAlive: 30_000,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  }
}
