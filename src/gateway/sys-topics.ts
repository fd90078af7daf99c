// The figures as retained messages below $SYS/brokers/<node>/.

import type { Gateway } from './gateway.ts'
import { statusOf } from './status.ts'

/** Publishes at once and every `intervalMs`. @returns the interval, to clear */
export function publishFigures(gateway: Gateway, intervalMs: number): NodeJS.Timeout {
  const publish = (): void => {
    for (const [topic, value] of figuresOf(gateway)) gateway.broker.say(topic, value)
  }
  publish()
  return setInterval(publish, intervalMs)
}

function* figuresOf(gateway: Gateway): Generator<[topic: string, value: string]> {
  const { version, uptimeMs, clients, queue, pools, storage } = statusOf(gateway)
  const root = `$SYS/brokers/${gateway.node}`
  yield [`${root}/version`, version]
  yield [`${root}/uptime`, String(Math.round(uptimeMs / 1000))]
  yield [`${root}/clients/connected`, String(clients.connected)]
  yield [`${root}/clients/sessions`, String(clients.sessions)]
  yield [`${root}/queue/events`, String(queue.events)]
  yield [`${root}/queue/bytes`, String(queue.bytes)]
  yield [`${root}/queue/full`, queue.full ?? 'no']
  yield [`${root}/storage/free_bytes`, String(storage.freeBytes)]
  for (const { kind, name, state, lag } of pools) {
    yield [`${root}/pools/${kind}.${name}/state`, state]
    yield [`${root}/pools/${kind}.${name}/lag_events`, String(lag.events)]
  }
}
