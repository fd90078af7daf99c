// What an operator should know of a server, from what it tells of itself.

import type { Connection } from './connection.ts'
import type { RedisSettings } from './settings.ts'

export const NO_MARK =
  'no right to the keys holdfast_mark:*: messages reach this pool at least once, not exactly once; ' +
  'grant the user ~holdfast_mark:*'

const CLUSTER =
  'a cluster has no transactions over several keys: functions write each row once all the same, custom commands and ' +
  'messages on the channel happen at least once'
const DATABASE = 'a cluster has only database 0: `database` of the pool does not count'
const NOT_KEPT =
  'the server keeps no append-only file: what it has acknowledged may be lost when it dies; set appendonly yes there'
const EVICTS =
  'the server throws keys away when its memory is full, messages and the mark among them; set maxmemory-policy noeviction there'

export async function warningsAbout(connection: Connection, { database }: RedisSettings): Promise<string[]> {
  if (connection.cluster) return [CLUSTER, ...(database > 0 ? [DATABASE] : [])]
  const told = await connection.driver.info().catch(() => '') // a user may have no right to ask
  const value = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(told)?.[1]
  const evicts = value('maxmemory') !== '0' && !['noeviction', undefined].includes(value('maxmemory_policy'))
  return [...(value('aof_enabled') === '0' ? [NOT_KEPT] : []), ...(evicts ? [EVICTS] : [])]
}
