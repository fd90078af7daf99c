// GET /metrics: the status in Prometheus' text format 0.0.4. The rooms have counted already; nothing is counted here.

import type { Gateway } from '../gateway/gateway.ts'
import { DROP_REASONS, type Status, statusNow } from '../gateway/status.ts'

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [value: number | boolean, labels?: Labels]
type Counted = Status['messages']['puback']

interface Metric {
  /** Without `holdfast_`. */
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly samples: readonly Sample[]
}

interface HistogramMetric {
  readonly name: string
  readonly type: 'histogram'
  readonly help: string
  readonly samples: readonly (readonly [counted: Counted, labels?: Labels])[]
}

export async function metricsOf(gateway: Gateway): Promise<string> {
  const status = await statusNow(gateway)
  const all = [...broker(status), ...journal(status), ...lanes(status), ...access(status), ...itself(status)]
  return [...all.map(textOf), processText()].join('')
}

/** From the start on, so that the first one is an increase. */
const NO_DROPS = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0]))

const gauge = (name: string, help: string, ...samples: Sample[]): Metric => ({ name, type: 'gauge', help, samples })
const counter = (name: string, help: string, ...samples: Sample[]): Metric => ({ name, type: 'counter', help, samples })

const each = (counts: Readonly<Record<string, number>>, label: string): Sample[] =>
  Object.entries(counts).map(([name, count]) => [count, { [label]: name }])

function broker({ clients, listeners, messages, retained, fetches }: Status): (Metric | HistogramMetric)[] {
  const byListener = (of: (listener: Status['listeners'][number]) => number): Sample[] =>
    listeners.map((listener) => [of(listener), { listener: listener.name }])
  return [
    gauge('clients', 'Connected clients', [clients.connected]),
    gauge('sessions', 'Sessions, of connected clients and of those that are away', [clients.sessions]),
    gauge('listener_clients', 'Connected clients by listener', ...byListener((one) => one.clients)),
    gauge('listener_connections', 'Open connections by listener', ...byListener((one) => one.sockets)),
    gauge(
      'listener_certificate_end_seconds',
      'When the certificate of the listener ends, since 1970',
      ...listeners.flatMap(({ name, certificate }): Sample[] =>
        certificate ? [[Date.parse(certificate.validTo) / 1000, { listener: name }]] : [],
      ),
    ),
    counter('connections_refused_total', 'Connections that were not let in', ...each(clients.refused, 'reason')),
    counter('over_limit_total', 'Packets, filters and messages beyond a limit', ...each(clients.overLimit, 'limit')),
    counter('client_faults_total', 'Connections that ended by a fault of the client', [clients.clientFaults]),
    counter(
      'messages_received_total',
      'PUBLISHes',
      ...messages.received.map((n, qos): Sample => [n, { qos: `${qos}` }]),
    ),
    counter('messages_delivered_total', 'Messages sent to subscribers', [messages.delivered]),
    counter(
      'dropped_total',
      'Messages that were not delivered or not taken',
      ...each({ ...NO_DROPS, ...messages.dropped }, 'reason'),
    ),
    gauge('retained', 'Retained messages', [retained.count]),
    gauge('retained_bytes', 'Topics and payloads of retained messages', [retained.bytes]),
    counter('recalls_failed_total', 'Lookups and fetches that failed', [messages.recallsFailed]),
    {
      name: 'puback_seconds',
      type: 'histogram',
      help: 'From a PUBLISH of QoS 1 or 2 to its acknowledgement',
      samples: [[messages.puback]],
    },
    {
      name: 'fetch_seconds',
      type: 'histogram',
      help: 'Fetches of messages: with an answer of a database, and from local truth alone',
      samples: [
        [fetches.local, { source: 'local' }],
        [fetches.remote, { source: 'remote' }],
      ],
    },
  ]
}

function journal({ queue, storage, commits }: Status): (Metric | HistogramMetric)[] {
  return [
    gauge('journal_bytes', 'Size of the queue on disk', [queue.bytes]),
    gauge('journal_max_bytes', 'Largest size of the queue on disk', [queue.maxBytes]),
    gauge('journal_events', 'Events in the queue', [queue.events]),
    gauge('journal_full', 'The queue takes nothing', [queue.full !== null]),
    counter('journal_refused_total', 'Events that the queue did not take', [queue.dropped.refused]),
    counter('lane_dropped_total', 'Events that gave way to newer ones', ...each(queue.dropped.oldest, 'pool')),
    gauge('storage_free_bytes', 'Free space of the disk', [storage.freeBytes]),
    counter('storage_written_bytes_total', 'Bytes that the queue has written to the disk', [storage.writtenBytes]),
    {
      name: 'journal_commit_seconds',
      type: 'histogram',
      help: 'Commits, until they were on disk',
      samples: [[commits.seconds]],
    },
    { name: 'journal_commit_events', type: 'histogram', help: 'Events a commit', samples: [[commits.events]] },
  ]
}

function lanes({ pools }: Status): Metric[] {
  const byPool = (of: (pool: Status['pools'][number]) => number | boolean): Sample[] =>
    pools.map((pool) => [of(pool), { pool: `${pool.kind}.${pool.name}` }])
  return [
    gauge('pool_up', 'The database takes what it is sent', ...byPool(({ state }) => state === 'up')),
    gauge('pool_blocked', 'The database refuses us until somebody acts', ...byPool(({ state }) => state === 'blocked')),
    gauge('lane_paused', 'Somebody has paused the lane', ...byPool(({ mode }) => mode === 'paused')),
    gauge('lane_lag_events', 'Events that wait for the database', ...byPool(({ lag }) => lag.events)),
    gauge('lane_lag_bytes', 'Their bytes', ...byPool(({ lag }) => lag.bytes)),
    gauge('lane_lag_seconds', 'Since the oldest that waits', ...byPool(({ lag }) => lag.seconds)),
    counter('lane_forwarded_total', 'Events that are in the database', ...byPool(({ forwarded }) => forwarded)),
    counter('lane_retries_total', 'Attempts that failed', ...byPool(({ retries }) => retries)),
    counter('lane_dead_letters_total', 'Operations refused for good', ...byPool(({ deadLetters }) => deadLetters)),
  ]
}

function access({ access: { denied, held, checksWaiting } }: Status): Metric[] {
  return [
    counter('access_denied_total', 'What no rule allows', ...each(denied, 'what')),
    gauge(
      'auth_held',
      'Who has to wait after wrong passwords',
      [held.names, { what: 'name' }],
      [held.addresses, { what: 'address' }],
    ),
    gauge('auth_checks_waiting', 'Passwords that wait for their check', [checksWaiting]),
  ]
}

function itself({ version, node, uptimeMs, clock }: Status): Metric[] {
  return [
    gauge('info', 'Version and name of the gateway', [1, { version, node }]),
    gauge('uptime_seconds', 'Since the start', [uptimeMs / 1000]),
    gauge('clock_trusted', 'The time may be believed', [clock.trusted]),
  ]
}

/** What Prometheus' own libraries tell of a process, under their names. */
function processText(): string {
  const { user, system } = process.cpuUsage()
  return [
    write('process_cpu_seconds_total', 'counter', 'CPU time', [
      line('process_cpu_seconds_total', (user + system) / 1e6),
    ]),
    write('process_resident_memory_bytes', 'gauge', 'Memory', [
      line('process_resident_memory_bytes', process.memoryUsage.rss()),
    ]),
  ].join('')
}

function textOf({ name, type, help, samples }: Metric | HistogramMetric): string {
  const full = `holdfast_${name}`
  if (type !== 'histogram')
    return write(
      full,
      type,
      help,
      samples.map(([value, labels]) => line(full, Number(value), labels)),
    )
  return write(
    full,
    type,
    help,
    samples.flatMap(([counted, labels]) => histogramLines(full, counted, labels)),
  )
}

function histogramLines(name: string, { le, counts, sum, count }: Counted, labels: Labels = {}): string[] {
  let total = 0
  const buckets = [...le.map(String), '+Inf'].map((bound, i) => {
    total += counts[i]!
    return line(`${name}_bucket`, total, { ...labels, le: bound })
  })
  return [...buckets, line(`${name}_sum`, sum, labels), line(`${name}_count`, count, labels)]
}

/** A name without samples is not written: there is nothing to be seen of it yet. */
function write(name: string, type: string, help: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function line(name: string, value: number, labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`
}

const escaped = (text: string): string => text.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))
