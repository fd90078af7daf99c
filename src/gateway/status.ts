// One snapshot of everything, for every face.

import type { Listener } from '../broker/broker.ts'
import type { LaneStatus } from '../forward/forward.ts'
import type { Gateway } from './gateway.ts'
import { VERSION } from './version.ts'

export interface ListenerStatus {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly clients: number
  readonly maxConnections: number
  /** Also those that have not said who they are. */
  readonly sockets: number
  /** Of ssl and wss: until when it is valid, and why newer files are not in use. */
  readonly certificate?: { readonly validTo: string; readonly fault: string | null }
}

export interface Status {
  readonly version: string
  readonly node: string
  readonly uptimeMs: number
  readonly clock: { readonly trusted: boolean; readonly source: string }
  readonly listeners: readonly ListenerStatus[]
  readonly clients: { readonly connected: number; readonly sessions: number }
  readonly access: Record<string, unknown>
  readonly messages: Record<string, unknown>
  readonly queue: {
    readonly events: number
    readonly bytes: number
    readonly maxBytes: number
    readonly oldestAt: number | null
    readonly full: string | null
    readonly dropped: Record<string, unknown>
  }
  readonly pools: readonly Omit<LaneStatus, 'pool'>[]
  readonly storage: { readonly freeBytes: number; readonly writtenBytes: number } & Record<string, unknown>
}

export function statusOf({ access, broker, journal, forward, clock, startedAt, node }: Gateway): Status {
  const { connected, sessions, denied, ...messages } = broker.stats()
  const { events, bytes, maxBytes, oldestAt, full, dropped, freeBytes, bytesWritten, commits, commitMs } =
    journal.stats()
  const { id, copied } = journal.identity
  return {
    version: VERSION,
    node,
    uptimeMs: Math.round(performance.now() - startedAt),
    clock: { trusted: clock.trusted(), source: clock.source() },
    listeners: broker.listeners.map(listenerStatus),
    clients: { connected, sessions },
    access: { ...access.figures(), denied },
    messages: { ...messages },
    queue: { events, bytes, maxBytes, oldestAt, full, dropped },
    pools: forward.lanes().map(({ pool: _, ...lane }) => ({ ...lane })),
    storage: {
      freeBytes,
      writtenBytes: bytesWritten,
      bytesPerEvent: events === 0 ? null : Math.round(bytes / events),
      journalState: full === null ? 'ok' : 'full',
      journal: id,
      journalCopied: copied,
      salvaged: journal.salvaged,
      commits,
      commitMs,
    },
  }
}

function listenerStatus({ name, host, port, places, certificates }: Listener): ListenerStatus {
  const { clients, sockets, most } = places
  const plain = { name, host, port, clients, maxConnections: most, sockets }
  if (!certificates) return plain
  const { validTo, fault = null } = certificates
  return { ...plain, certificate: { validTo: new Date(validTo).toISOString(), fault } }
}
