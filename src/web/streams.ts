// Server-sent events. A reader that does not read keeps little memory: what it has not taken is skipped, or waits where it came
// from, and one that takes nothing for a minute is cut off.

import { once } from 'node:events'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HoldfastError } from '../model/errors.ts'

/** Bytes that may wait for one reader beside what the kernel holds. */
const MOST_WAITING = 64 * 1024
const PATIENCE_MS = 60_000

export class Streams {
  readonly #most: number
  readonly #patienceMs: number
  readonly #all = new Set<Stream>()
  readonly #sweep: NodeJS.Timeout

  /** @param most readers at a time */
  constructor(most: number, patienceMs = PATIENCE_MS) {
    this.#most = most
    this.#patienceMs = patienceMs
    this.#sweep = setInterval(() => this.#cutOff(), patienceMs / 4).unref()
  }

  get size(): number {
    return this.#all.size
  }

  /** Answers with a stream, which ends with the session at the latest. @throws HoldfastError BUSY */
  open({ caller }: FastifyRequest, reply: FastifyReply): Stream {
    if (this.#all.size >= this.#most) {
      throw new HoldfastError('BUSY', `there are ${this.#most} readers of events already`, { hint: 'close some pages' })
    }
    reply.hijack()
    const headers = { ...(reply.getHeaders() as OutgoingHttpHeaders), 'content-type': 'text/event-stream' }
    const stream = new Stream(reply.raw.writeHead(200, headers))
    this.#all.add(stream)
    const ended = caller?.session?.ended
    const end = (): void => stream.end()
    ended?.add(end)
    stream.gone.addEventListener('abort', () => {
      this.#all.delete(stream)
      ended?.delete(end)
    })
    return stream
  }

  close(): void {
    clearInterval(this.#sweep)
    for (const stream of this.#all) stream.end()
  }

  #cutOff(): void {
    for (const stream of this.#all) if (stream.silentMs() > this.#patienceMs) stream.cut()
  }
}

export class Stream {
  readonly #response: ServerResponse
  readonly #gone = new AbortController()
  #takenAt = performance.now()

  constructor(response: ServerResponse) {
    this.#response = response
    response.flushHeaders()
    response.once('close', () => this.#gone.abort())
    response.on('drain', () => {
      this.#takenAt = performance.now()
    })
    response.on('error', () => {}) // it is gone
  }

  /** Aborted when the reader is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Since it took everything last. */
  silentMs(): number {
    if (this.#response.writableLength === 0) this.#takenAt = performance.now()
    return performance.now() - this.#takenAt
  }

  /** @returns false: it is behind, and gets nothing of this */
  offer(event: string): boolean {
    if (this.#response.writableLength >= MOST_WAITING) return false
    this.#response.write(event)
    return true
  }

  /** Waits until it has taken what came before. */
  async send(event: string): Promise<void> {
    while (!this.offer(event) && !this.gone.aborted) {
      await once(this.#response, 'drain', { signal: this.gone }).catch(() => {}) // gone
    }
  }

  end(): void {
    this.#response.end()
  }

  cut(): void {
    this.#response.destroy()
  }
}

/** One event, as it goes over the line. */
export const eventOf = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
