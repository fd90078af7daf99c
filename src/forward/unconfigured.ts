// A pool that is no longer configured may have events waiting: they are kept, and it is said.

import type { BackendKind } from '../model/binding.ts'
import type { Seq } from '../model/event.ts'
import type { Lane } from '../queue/lanes.ts'
import type { LaneStatus } from './status.ts'

/** @returns the first event that waits, or null */
export function nextOf(lane: Lane): Seq | null {
  return lane.peek(lane.cursor, { events: 1, bytes: 1 }).entries[0]?.event.seq ?? null
}

/** @returns null when nothing of the pool waits. */
export function unconfiguredStatus(lane: Lane): LaneStatus | null {
  const { entries } = lane.peek(lane.cursor, { events: 1, bytes: 1 })
  const oldest = entries[0]
  if (!oldest) return null
  const { events, bytes } = lane.lag()
  const dot = lane.pool.indexOf('.')
  return {
    pool: lane.pool,
    name: lane.pool.slice(dot + 1),
    kind: lane.pool.slice(0, dot) as BackendKind,
    state: 'down',
    mode: 'unconfigured',
    waitingFor: null,
    since: oldest.event.at,
    error: {
      code: 'UNCONFIGURED',
      message: 'events wait for a pool that the configuration does not have',
      hint: `configure ${lane.pool} again, or give them up: lane skip ${lane.pool} --to SEQ`,
    },
    cursor: lane.cursor,
    lag: { events, bytes, seconds: Math.max(0, Math.round((Date.now() - oldest.event.at) / 1000)) },
    forwarded: 0,
    deadLetters: 0,
    retries: 0,
    ratePerSecond: 0,
    drainEtaSeconds: null,
    exactlyOnce: null,
    recovered: { answersLost: 0, journalWentBack: 0, remoteWentBack: 0, journalCopied: 0 },
    warnings: [],
    counts: {},
  }
}
