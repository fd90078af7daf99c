// `status` for people: a screenful, with the databases last, where the eye stays.

import type { Status } from '../status.ts'
import { bytesForEyes, durationForEyes, render } from './render.ts'

const LANES = [
  ...['pool', 'state', 'mode'],
  { key: 'events', title: 'waiting' },
  { key: 'bytes', as: 'bytes' },
  { key: 'seconds', title: 'oldest', as: 'duration' },
  { key: 'ratePerSecond', title: '/s' },
  { key: 'eta', title: 'sent in', as: 'duration' },
  { key: 'deadLetters', title: 'dead' },
] as const

export function statusForEyes(status: Status): string {
  const { version, node, uptimeMs, clock, listeners, clients, messages, queue, storage, pools } = status
  const trust = clock.trusted ? `trusted (${clock.source})` : 'not to be trusted'
  const oldest = queue.oldestAt === null ? '' : `; the oldest is ${durationForEyes(Date.now() - queue.oldestAt)} old`
  const sizes = `${bytesForEyes(queue.bytes)} of ${bytesForEyes(queue.maxBytes)}`
  const lines = {
    clock: trust,
    listeners: listeners.map(({ name, host, port }) => `${name} ${host}:${port}`).join(', ') || 'none',
    clients: `${clients.connected} connected, ${clients.sessions} sessions, ${sum(clients.refused)} refused since the start`,
    messages: `${sum(messages.received)} received, ${messages.delivered} delivered, ${sum(messages.dropped)} dropped since the start`,
    queue:
      queue.full === null ? `${queue.events} events, ${sizes}${oldest}` : `FULL (${queue.full}): ${sizes}${oldest}`,
    disk: `${bytesForEyes(storage.freeBytes)} free, ${bytesForEyes(storage.writtenBytes)} written since the start`,
  }
  const errors = pools.flatMap(({ kind, name, error }) =>
    error ? [`${kind}.${name}: ${error.message}${hinted(error)}\n`] : [],
  )
  const lanes =
    pools.length === 0 ? 'No pool: no plugin with one is loaded.\n' : render(pools.map(lane), { columns: LANES })
  return `Holdfast ${version}, ${node}, up for ${durationForEyes(uptimeMs)}\n${render(lines)}\n${lanes}${errors.join('')}`
}

type Pool = Status['pools'][number]

function lane({ kind, name, state, mode, lag, ratePerSecond, drainEtaSeconds, deadLetters }: Pool) {
  const eta = drainEtaSeconds === null || lag.events === 0 ? null : drainEtaSeconds * 1000
  const { events, bytes, seconds } = lag
  return {
    pool: `${kind}.${name}`,
    state,
    mode,
    events,
    bytes,
    seconds: seconds * 1000,
    ratePerSecond,
    eta,
    deadLetters,
  }
}

const hinted = ({ hint }: NonNullable<Pool['error']>): string => (hint === null ? '' : ` (${hint})`)

const sum = (counts: readonly number[] | Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, count) => all + count, 0)
