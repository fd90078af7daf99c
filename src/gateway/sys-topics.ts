// The figures as retained messages below $SYS/brokers/<node>/: names of EMQX where it has one, and what only we have, beside them.

import { subscribersOf } from './commands/topics.ts'
import type { Gateway } from './gateway.ts'
import { type Status, statusOf } from './status.ts'

/** At the start not every figure is known: the disk is asked, the pools are being connected. */
const SETTLED_MS = 2000

/** Publishes at once, when the start has settled, and then as often as `every` says. */
export function publishFigures(gateway: Gateway): { every(ms: number): void; stop(): void } {
  const root = `$SYS/brokers/${gateway.node}`
  let said = new Set<string>()
  const publish = (): void => {
    const figures = new Map([...figuresOf(gateway)].map(([name, value]) => [`${root}/${name}`, String(value)]))
    for (const topic of said) if (!figures.has(topic)) gateway.broker.say(topic, '') // a pool that is no more
    for (const [topic, value] of figures) gateway.broker.say(topic, value)
    said = new Set(figures.keys())
  }
  gateway.broker.say('$SYS/brokers', gateway.node)
  publish()
  const settled = setTimeout(publish, SETTLED_MS)
  let interval: NodeJS.Timeout | undefined
  return {
    every(ms) {
      clearInterval(interval)
      interval = setInterval(publish, ms)
    },
    stop() {
      clearTimeout(settled)
      clearInterval(interval)
    },
  }
}

type Figure = readonly [name: string, value: string | number | boolean]

function* figuresOf(gateway: Gateway): Generator<Figure> {
  const status = statusOf(gateway)
  yield ['sysdescr', 'Holdfast']
  yield ['version', status.version]
  yield ['uptime', Math.round(status.uptimeMs / 1000)]
  yield ['datetime', new Date(gateway.clock.now()).toISOString()]
  yield ['clock/trusted', status.clock.trusted]
  yield* stats(gateway)
  yield* metrics(gateway)
  yield* ofQueue(status)
  for (const pool of status.pools) yield* ofPool(pool)
}

/** How many there are now. */
function* stats({ broker, store }: Gateway): Generator<Figure> {
  const { connected, sessions } = broker.stats()
  const filters = subscribersOf(broker)
  yield ['stats/connections/count', connected]
  yield ['stats/sessions/count', sessions]
  yield ['stats/topics/count', filters.size]
  yield ['stats/subscriptions/count', sum([...filters.values()])]
  yield ['stats/retained/count', store.retained.size]
  yield ['stats/retained/bytes', store.retained.bytes]
}

/** How many there were since the start. */
function* metrics({ broker }: Gateway): Generator<Figure> {
  const { received, delivered, dropped, refused, overLimit } = broker.stats()
  yield ['metrics/messages/received', sum(received)]
  for (const [qos, count] of received.entries()) yield [`metrics/messages/qos${qos}/received`, count]
  yield ['metrics/messages/sent', delivered]
  yield ['metrics/messages/dropped', sum(Object.values(dropped))]
  for (const [reason, count] of Object.entries(dropped)) yield [`metrics/messages/dropped/${reason}`, count]
  for (const [reason, count] of Object.entries(refused)) yield [`metrics/clients/refused/${reason}`, count]
  for (const [limit, count] of Object.entries(overLimit)) yield [`metrics/clients/over_limit/${limit}`, count]
}

function* ofQueue({ queue, storage }: Status): Generator<Figure> {
  yield ['queue/events', queue.events]
  yield ['queue/bytes', queue.bytes]
  yield ['queue/max_bytes', queue.maxBytes]
  yield ['queue/full', queue.full ?? 'no']
  yield ['storage/free_bytes', storage.freeBytes]
  yield ['storage/written_bytes', storage.writtenBytes]
}

function* ofPool({ kind, name, state, lag, forwarded, deadLetters }: Status['pools'][number]): Generator<Figure> {
  const root = `pools/${kind}.${name}`
  yield [`${root}/state`, state]
  yield [`${root}/lag_events`, lag.events]
  yield [`${root}/lag_seconds`, lag.seconds]
  yield [`${root}/forwarded`, forwarded]
  yield [`${root}/dead_letters`, deadLetters]
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
