// Connections for reads: opened when needed, up to `pool_size`, and kept.

import { BackendError } from '../../model/errors.ts'
import { Connection } from './connection.ts'
import type { PgsqlSettings } from './settings.ts'

interface Waiter {
  readonly take: (connection: Connection | null) => void
}

export class ReadingPool {
  readonly #settings: PgsqlSettings
  #idle: Connection[] = []
  readonly #busy = new Set<Connection>()
  readonly #waiting = new Set<Waiter>()
  #open = 0

  constructor(settings: PgsqlSettings) {
    this.#settings = settings
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
    if (this.#open >= this.#settings.pool_size) {
      const handed = await this.#wait(signal)
      if (handed) return handed
      return this.#take(signal)
    }
    this.#open++
    try {
      return await Connection.open(this.#settings, signal, true)
    } catch (error) {
      this.#open--
      this.#handOn(null)
      throw error
    }
  }

  /** @returns a connection, or null when there is room for a new one. */
  #wait(signal: AbortSignal): Promise<Connection | null> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
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
