// GET /api/v1/events: `status`, once a second what GET /api/v1/status answers, and `log`, each new line of the log. What is sent
// is worked out once for all readers; to one who is behind it is not sent at all.

import type { FastifyInstance } from 'fastify'
import type { Gateway } from '../gateway/gateway.ts'
import { statusOf } from '../gateway/status.ts'
import { eventOf, type Stream, type Streams } from './streams.ts'

const STATUS_MS = 1000

/** @param app answers below /api/v1, and knows who calls */
export function serveEvents(app: FastifyInstance, gateway: Gateway, streams: Streams): void {
  const readers = new Set<Stream>()
  const status = (): string => eventOf('status', statusOf(gateway))
  const toAll = (event: string): void => {
    for (const reader of readers) reader.offer(event)
  }
  let stop = (): void => {}
  const begin = (): void => {
    const ticking = setInterval(() => toAll(status()), STATUS_MS)
    const unfollow = gateway.logRing.follow((line) => toAll(eventOf('log', line)))
    stop = () => {
      clearInterval(ticking)
      unfollow()
    }
  }
  app.get('/events', (request, reply) => {
    const reader = streams.open(request, reply)
    if (readers.size === 0) begin()
    readers.add(reader)
    reader.gone.addEventListener('abort', () => {
      readers.delete(reader)
      if (readers.size === 0) stop()
    })
    reader.offer(status())
  })
}
