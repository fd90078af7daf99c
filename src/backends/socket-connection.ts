// A connection over a socket of ours. Every wait has an end: a server that says nothing for too long, or a caller who gives
// up, destroys it.
//
// Invariant: a connection that was destroyed answers every query with an error and is never used again.

import type { Socket } from 'node:net'
import { BackendError } from '../model/errors.ts'

export const CONNECT_MS = 10_000
/** Longest silence of a server that has something to do … */
export const ANSWER_MS = 60_000
/** … and what a slow link may take beyond that for each byte sent: 64 kbit/s. */
const MS_PER_BYTE = 1 / 8

export abstract class SocketConnection {
  readonly #socket: Socket
  #end: Error | undefined
  /** Of the work at hand: the silence that is borne. */
  #answerMs = ANSWER_MS

  constructor(socket: Socket) {
    this.#socket = socket
  }

  get broken(): boolean {
    return this.#end !== undefined
  }

  /** Runs `work`, which uses this connection; destroys it when the signal says so or the server keeps silent. */
  async guard<T>(signal: AbortSignal, work: () => Promise<T>, answerMs = ANSWER_MS): Promise<T> {
    const abort = (): void => this.destroy(new BackendError('transient', 'ABORTED', 'given up before the answer'))
    if (signal.aborted) abort()
    if (this.#end) throw this.#end
    const silence = (): void =>
      this.destroy(new BackendError('transient', 'TIMEOUT', `the server said nothing for ${this.#socket.timeout} ms`))
    signal.addEventListener('abort', abort)
    this.#answerMs = answerMs
    this.#socket.setTimeout(answerMs, silence)
    try {
      return await work()
    } catch (error) {
      throw this.#end ?? error
    } finally {
      this.#socket.setTimeout(0)
      this.#socket.off('timeout', silence)
      signal.removeEventListener('abort', abort)
    }
  }

  /** So much more is on its way, and the answer may take so much longer. */
  protected allowFor(bytes: number): void {
    this.#answerMs += Math.ceil(bytes * MS_PER_BYTE)
    this.#socket.setTimeout(this.#answerMs)
  }

  /** It has ended; the first reason is the one that is told. */
  protected ended(why: Error): void {
    this.#end ??= why
  }

  destroy(why: Error): void {
    this.ended(why)
    this.#socket.destroy()
  }

  async close(): Promise<void> {
    if (this.#end || this.#socket.destroyed) return
    this.ended(new BackendError('transient', 'CLOSED', 'the connection was closed'))
    this.#socket.setTimeout(CONNECT_MS, () => this.#socket.destroy())
    await this.takeLeave()
  }

  /** Tells the server; resolves when the connection is closed. */
  protected abstract takeLeave(): Promise<void>
}
