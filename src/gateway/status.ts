// One snapshot of everything, for every face.

import { DROP_REASONS, type Listener } from '../broker/broker.ts'
import { LANE } from './commands/lanes.ts'
import {
  type Described,
  flag,
  integer,
  listOf,
  mapOf,
  number,
  oneOf,
  orNull,
  record,
  text,
  time,
} from './commands/schema.ts'
import type { Gateway } from './gateway.ts'
import { VERSION } from './version.ts'

export const CLOCK_STATUS = record({
  trusted: flag('may times be believed?'),
  source: oneOf(['ntp', 'hardware', 'operator', 'none']),
})

export const STORAGE_STATUS = record({
  freeBytes: integer('of the disk'),
  writtenBytes: integer('by the journal, since the start'),
  bytesPerEvent: orNull(integer()),
  journalState: oneOf(['ok', 'full']),
  journal: text('its id'),
  journalCopied: integer('how often it was found to be a copy, and took a new id'),
  salvaged: orNull(
    record({ movedTo: text('where the damaged file is'), rows: integer(), lost: integer('rows that are missing') }),
  ),
  replaced: orNull(record({ bytes: integer('what a restored queue took the place of'), until: time() })),
  commits: integer('since the start'),
  commitMs: record({ sum: number(), max: number() }),
})

const LISTENER = record(
  {
    name: text(),
    host: text(),
    port: integer(),
    clients: integer(),
    maxConnections: integer(),
    sockets: integer('also those that have not said who they are'),
  },
  {
    certificate: record({ validTo: time(), fault: orNull(text('why newer files are not in use')) }),
  },
)

export { DROP_REASONS }

/** Seconds, or what the name says, in buckets. */
const COUNTED = record({
  le: listOf(number(), 'upper bounds of the buckets'),
  counts: listOf(integer(), 'in each bucket, and above the last bound'),
  ...{ sum: number(), count: integer() },
})

const MESSAGES = record({
  received: listOf(integer(), 'PUBLISHes by QoS'),
  delivered: integer(),
  dropped: mapOf(integer(), 'by reason'),
  recallsFailed: integer('lookups and fetches that failed'),
  puback: COUNTED,
})

const ACCESS = record({
  users: integer(),
  anonymous: flag('clients without a name are let in'),
  aclLines: integer(),
  checksWaiting: integer('passwords that wait for their check'),
  held: record({ names: integer(), addresses: integer() }),
  denied: mapOf(integer(), 'publishes, wills and subscriptions that no rule allows'),
})

export const STATUS = record({
  version: text(),
  node: text(),
  uptimeMs: integer(),
  clock: CLOCK_STATUS,
  listeners: listOf(LISTENER),
  clients: record({
    connected: integer(),
    sessions: integer(),
    refused: mapOf(integer(), 'connections that were not let in, by reason'),
    overLimit: mapOf(integer(), 'packets, filters, messages and silences beyond a limit, by limit'),
    clientFaults: integer('connections that ended by a fault of the client'),
  }),
  retained: record({ count: integer('topics'), bytes: integer('of their names and payloads') }),
  access: ACCESS,
  messages: MESSAGES,
  commits: record({ seconds: COUNTED, events: COUNTED }),
  fetches: record({ local: COUNTED, remote: COUNTED }),
  queue: record({
    events: integer(),
    bytes: integer(),
    maxBytes: integer(),
    oldestAt: orNull(integer('ms since 1970')),
    full: orNull(text('why it takes nothing')),
    dropped: record({ refused: integer(), oldest: mapOf(integer(), 'by pool') }),
  }),
  pools: listOf(LANE),
  storage: STORAGE_STATUS,
})
export type Status = Described<typeof STATUS>

/** As `statusOf`, with the lanes as they are now. */
export async function statusNow(gateway: Gateway): Promise<Status> {
  await gateway.forward.lanesNow()
  return statusOf(gateway)
}

/** The lanes in it may be a quarter of a second old. */
export function statusOf(gateway: Gateway): Status {
  const { access, broker, journal, store, fetch, forward, clock, startedAt, node } = gateway
  const { connected, sessions, refused, overLimit, clientFaults, denied, ...messages } = broker.stats()
  const { events, bytes, maxBytes, oldestAt, full, dropped, ...commits } = journal.stats()
  return {
    version: VERSION,
    node,
    uptimeMs: Math.round(performance.now() - startedAt),
    clock: { trusted: clock.trusted(), source: clock.source() },
    listeners: broker.listeners.map(listenerStatus),
    clients: { connected, sessions, refused, overLimit, clientFaults },
    retained: { count: store.retained.size, bytes: store.retained.bytes },
    access: { ...access.figures(), denied },
    messages: { ...messages },
    commits: { seconds: commits.commitSeconds, events: commits.commitEvents },
    fetches: fetch.seconds,
    queue: { events, bytes, maxBytes, oldestAt, full, dropped },
    pools: forward.lanes().map(({ pool: _, ...lane }) => ({ ...lane })),
    storage: storageStatus(gateway),
  }
}

export function storageStatus({ journal, replaced }: Gateway): Described<typeof STORAGE_STATUS> {
  const { events, bytes, full, freeBytes, bytesWritten, commits, commitMs } = journal.stats()
  const { id, copied } = journal.identity
  const old = replaced.figures()
  return {
    freeBytes,
    writtenBytes: bytesWritten,
    bytesPerEvent: events === 0 ? null : Math.round(bytes / events),
    journalState: full === null ? 'ok' : 'full',
    journal: id,
    journalCopied: copied,
    salvaged: journal.salvaged,
    replaced: old && { bytes: old.bytes, until: new Date(old.until).toISOString() },
    commits,
    commitMs,
  }
}

function listenerStatus({ name, host, port, places, certificates }: Listener): Described<typeof LISTENER> {
  const { clients, sockets, most } = places
  const plain = { name, host, port, clients, maxConnections: most, sockets }
  if (!certificates) return plain
  const { validTo, fault = null } = certificates
  return { ...plain, certificate: { validTo: new Date(validTo).toISOString(), fault } }
}
