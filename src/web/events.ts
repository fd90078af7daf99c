// GET /api/v1/events: server-sent events. `status` (once a second, what GET /api/v1/status answers).
// A reader that does not read keeps no memory: what it has not taken is replaced by what comes later, and one that takes nothing
// for a minute is cut off. What a status is, is worked out once for all readers.

import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Gateway } from '../gateway/gateway.ts'
import { statusOf } from '../gateway/status.ts'
import { HoldfastError } from '../model/errors.ts'

const STATUS_MS = 1000
/** Bytes that may wait for one reader beside what the kernel holds. */
const MOST_WAITING = 64 * 1024
const PATIENCE_MS = 60_000

interface Reader {
  readonly response: ServerResponse
  /** When everything was taken last; monotonic, ms. */
  takenAt: number
}

export class EventStreams {
  readonly #gateway: Gateway
  readonly #most: number
  readonly #readers = new Set<Reader>()
  #timer: NodeJS.Timeout | undefined

  /** @param most readers at a time */
  constructor(gateway: Gateway, most: number) {
    this.#gateway = gateway
    this.#most = most
  }

  get size(): number {
    return this.#readers.size
  }

  /** @param app answers below /api/v1, and knows who calls */
  serve(app: FastifyInstance): void {
    app.get('/events', (request, reply) => this.#open(request, reply))
  }

  close(): void {
    clearInterval(this.#timer)
    for (const { response } of this.#readers) response.end()
  }

  /** @throws HoldfastError BUSY */
  #open({ caller }: FastifyRequest, reply: FastifyReply): void {
    if (this.#readers.size >= this.#most) {
      throw new HoldfastError('BUSY', `${this.#most} readers follow the events already`, { hint: 'close some pages' })
    }
    reply.hijack()
    const response = reply.raw
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) response.setHeader(name, value)
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const reader: Reader = { response, takenAt: performance.now() }
    const end = (): void => void response.end()
    caller?.session?.ended.add(end)
    this.#readers.add(reader)
    response.once('close', () => {
      this.#readers.delete(reader)
      caller?.session?.ended.delete(end)
      if (this.#readers.size === 0) clearInterval(this.#timer)
    })
    if (this.#readers.size === 1) this.#timer = setInterval(() => this.#tick(), STATUS_MS)
    this.#send(reader, this.#status())
  }

  #tick(): void {
    const status = this.#status()
    const now = performance.now()
    for (const reader of this.#readers) {
      if (reader.response.writableLength === 0) reader.takenAt = now
      if (now - reader.takenAt > PATIENCE_MS) reader.response.destroy()
      else this.#send(reader, status)
    }
  }

  #status(): string {
    return `event: status\ndata: ${JSON.stringify(statusOf(this.#gateway))}\n\n`
  }

  #send({ response }: Reader, event: string): void {
    if (response.writableLength < MOST_WAITING) response.write(event)
  }
}
