// Connections for reads: opened when needed, up to a number, and kept.

import { BackendError } from '../model/errors.ts'

/** A connection that is used by one at a time. One that is broken is not used again. */
export interface ReadingConnection {
  readonly broken: boolean
  /** Runs `work`; breaks the connection when the signal says so or the server keeps silent. */
  guard<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>
  destroy(why: Error): void
  close(): Promise<void>
}

interface Waiter<Connection> {
  readonly take: (connection: Connection | null) => void
}

export class ReadingPool<Connection extends ReadingConnection> {
  readonly #size: number
  readonly #connect: (signal: AbortSignal) => Promise<Connection>
  #idle: Connection[] = []
  readonly #busy = new Set<Connection>()
  readonly #waiting = new Set<Waiter<Connection>>()
  #open = 0

  constructor(size: number, connect: (signal: AbortSignal) => Promise<Connection>) {
    this.#size = size
    this.#connect = connect
  }

  /** Runs `work` on a connection of its own. One that fails by the network, the clock or the signal is not used again. */
  async use<T>(signal: AbortSignal, work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#take(signal)
    this.#busy.add(connection)
    try {
      return await connection.guard(signal, () => work(connection))
    } finally {
      this.#busy.delete(connection)
      this.#giveBack(connection)
    }
  }

  async close(): Promise<void> {
    for (const connection of this.#busy)
      connection.destroy(new BackendError('transient', 'CLOSED', 'the pool was closed'))
    await Promise.all(this.#idle.map((connection) => connection.close()))
    this.#idle = []
  }

  async #take(signal: AbortSignal): Promise<Connection> {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (!idle.broken) return idle
      this.#open--
    }
    if (this.#open >= this.#size) {
      const handed = await this.#wait(signal)
      if (handed) return handed
      return this.#take(signal)
    }
    this.#open++
    try {
      return await this.#connect(signal)
    } catch (error) {
      this.#open--
      this.#handOn(null)
      throw error
    }
  }

  /** @returns a connection, or null when there is room for a new one. */
  #wait(signal: AbortSignal): Promise<Connection | null> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter<Connection> = {
        take: (connection) => {
          signal.removeEventListener('abort', abort)
          this.#waiting.delete(waiter)
          resolve(connection)
        },
      }
      const abort = (): void => {
        this.#waiting.delete(waiter)
        reject(new BackendError('transient', 'POOL_BUSY', 'every connection for reads was busy'))
      }
      if (signal.aborted) return abort()
      signal.addEventListener('abort', abort, { once: true })
      this.#waiting.add(waiter)
    })
  }

  #giveBack(connection: Connection): void {
    if (connection.broken) {
      this.#open--
      this.#handOn(null)
    } else if (!this.#handOn(connection)) this.#idle.push(connection)
  }

  #handOn(connection: Connection | null): boolean {
    const [first] = this.#waiting
    first?.take(connection)
    return first !== undefined
  }
}
