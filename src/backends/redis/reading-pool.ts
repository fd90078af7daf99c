// Connections for reads: opened when needed, up to `pool_size`, and kept. One takes several questions at a time, so nobody
// waits for another's turn.

import { BackendError } from '../../model/errors.ts'
import { Connection } from './connection.ts'
import type { RedisSettings } from './settings.ts'

interface Reader {
  readonly opening: Promise<Connection>
  connection: Connection | undefined
  questions: number
}

export class ReadingPool {
  readonly #settings: RedisSettings
  readonly #size: number
  #readers: Reader[] = []

  constructor(settings: RedisSettings) {
    this.#settings = settings
    this.#size = settings.type === 'cluster' ? 1 : settings.pool_size // there is a connection to each node in it
  }

  /** Runs `work` on the connection that has the least to do. One that fails by the network or the signal is not used again. */
  async use<T>(signal: AbortSignal, work: (connection: Connection) => Promise<T>): Promise<T> {
    const reader = this.#least()
    reader.questions++
    try {
      const connection = await unlessAborted(reader.opening, signal)
      if (connection.broken) {
        this.#drop(reader)
        return await this.use(signal, work)
      }
      return await connection.guard(signal, () => work(connection))
    } catch (error) {
      if (reader.connection?.broken) this.#drop(reader)
      throw error
    } finally {
      reader.questions--
    }
  }

  close(): void {
    for (const { opening } of this.#readers.splice(0)) {
      void opening.then(
        (connection) => connection.close(),
        () => {},
      )
    }
  }

  #least(): Reader {
    const [least] = this.#readers.toSorted((a, b) => a.questions - b.questions)
    if (least && (least.questions === 0 || this.#readers.length >= this.#size)) return least
    const opening = Connection.open(this.#settings, AbortSignal.timeout(OPEN_MS), true)
    const reader: Reader = { opening, connection: undefined, questions: 0 }
    opening.then(
      (connection) => {
        reader.connection = connection
      },
      () => this.#drop(reader),
    )
    this.#readers.push(reader)
    return reader
  }

  #drop(reader: Reader): void {
    this.#readers = this.#readers.filter((one) => one !== reader)
  }
}

const OPEN_MS = 15_000

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = Promise.withResolvers<never>()
  const abort = (): void => over.reject(new BackendError('transient', 'ABORTED', 'given up before the connection'))
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await Promise.race([promise, over.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
