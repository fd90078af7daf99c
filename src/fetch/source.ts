// A fetch binding as a question to its pool.

import type { Binding, PoolId } from '../model/binding.ts'

export interface Source {
  readonly pool: PoolId
  /** A queue: all that nobody consumed, instead of what is behind the client's position. */
  readonly shared: boolean
  /** Of a topic the newest alone. */
  readonly latest: boolean
  /** The newest so many. */
  readonly limit: number | undefined
  /** Not older than this, wall time ms. */
  readonly since: number | undefined
  /** Where a client without a position begins. */
  readonly start: 'earliest' | 'latest'
}

/** One source a pool and way of reading: of several bindings the first in hook order counts. */
export function sourcesOf(bindings: readonly Binding[], now: number): Source[] {
  const sources = new Map<string, Source>()
  for (const { pool, action, options } of bindings) {
    const name = 'function' in action ? action.function : ''
    const shared = name === 'on_message_fetch_for_queue'
    const latest = name === 'on_message_fetch_for_keep_latest'
    const key = `${shared} ${latest} ${pool}`
    if (sources.has(key)) continue
    sources.set(key, {
      pool,
      shared,
      latest,
      limit: latest ? 1 : options.maxReturnedCount,
      since: options.timeRangeMs === undefined ? undefined : now - options.timeRangeMs,
      start: options.start ?? 'earliest',
    })
  }
  return [...sources.values()]
}

/** What all sources together may return; undefined: no limit. */
export function limitOf(sources: readonly Source[]): number | undefined {
  const limits = sources.map(({ limit }) => limit ?? Number.POSITIVE_INFINITY)
  const most = Math.max(...limits)
  return Number.isFinite(most) ? most : undefined
}
