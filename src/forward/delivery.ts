// One connection's way of getting events into the remote: each write with its mark, culprits put aside.
//
// Invariants: events are written in order; an event's operations are never split over two writes; an operation is a dead
// letter on disk before the mark passes it; whatever fails, everything up to `lane.cursor` is settled and nothing else.

import type { Pool } from '../model/backend.ts'
import { BackendError } from '../model/errors.ts'
import type { Seq } from '../model/event.ts'
import type { Mark, Operation } from '../model/operation.ts'
import type { Lane } from '../queue/lanes.ts'
import type { PlannedEvent } from './batch.ts'
import { type Deadline, within } from './deadline.ts'
import { describeOperation } from './describe.ts'

export interface DeliveryOptions {
  readonly pool: Pool
  readonly lane: Lane
  /** The journal's id and the node's name, for the mark; null: the remote can't keep one. */
  readonly keeper: { readonly journal: string; readonly node: string } | null
  /** As it was read at connect. */
  readonly mark: Mark | null
  /** Batch and mark are one transaction. */
  readonly exactlyOnce: boolean
  /** Events up to here may be in the remote already. */
  readonly idempotentUpTo: Seq
  /** Of one write. */
  readonly deadline: Deadline
  /** Called after each write: so many events are settled, and where the mark stands now. */
  settled(events: number, mark: Mark | null, tookMs: number): void
  /** Called after each operation put aside; not again for one that is refused once more after a connection was lost. */
  putAside(operation: Operation, error: BackendError): void
}

export class Delivery {
  readonly #o: DeliveryOptions
  #mark: Mark | null
  #idempotentUpTo: Seq
  #attempted: readonly PlannedEvent[] = []

  constructor(options: DeliveryOptions) {
    this.#o = options
    this.#mark = options.mark
    this.#idempotentUpTo = options.idempotentUpTo
  }

  /** The remote's account, as far as this connection moved it. */
  get mark(): Mark | null {
    return this.#mark
  }

  /** Events of the last write, failed or not. */
  get attempted(): readonly PlannedEvent[] {
    return this.#attempted
  }

  /**
   * Resolves when each operation is in the remote or a dead letter. Rejects with what is not an operation's fault
   * (transient and denied BackendErrors, MarkConflict); the cursor then stands where the last write ended: of a denied operation
   * that is named, before its event.
   */
  async deliver(events: readonly PlannedEvent[]): Promise<void> {
    try {
      await this.#write(events)
    } catch (error) {
      for (const part of await this.#withoutCulprit(events, error)) await this.deliver(part)
    }
  }

  /** Puts the whole event aside: nothing told which of its operations is at fault. */
  async condemn(event: PlannedEvent, error: BackendError): Promise<void> {
    for (const operation of event.operations) await this.#putAside(operation, error)
    await this.#write([{ ...event, operations: [] }])
  }

  /** Does the remote take a write that has nothing to do with the events that wait? Rejects when it does not. */
  async probe(): Promise<void> {
    const { pool, keeper, deadline } = this.#o
    const move = keeper && this.#mark && { ...keeper, from: this.#mark, to: this.#mark }
    await within(deadline, (signal) => (move ? pool.write([], move, { idempotent: true }, signal) : pool.ping(signal)))
  }

  /** Moves mark and cursor over everything up to `event`, writing nothing else. */
  async skipTo(event: Mark): Promise<void> {
    const { pool, lane, keeper, deadline } = this.#o
    if (keeper) {
      const move = { ...keeper, from: this.#mark, to: event }
      await within(deadline, (signal) => pool.write([], move, { idempotent: false }, signal))
      this.#mark = event
    }
    await lane.giveUp(event.seq)
  }

  async #write(events: readonly PlannedEvent[]): Promise<void> {
    const { pool, lane, keeper, exactlyOnce, deadline } = this.#o
    const last = events.at(-1)!
    const to = { seq: last.seq, event: last.id.toString() }
    const move = keeper && { ...keeper, from: this.#mark, to }
    const idempotent = events[0]!.seq <= this.#idempotentUpTo
    // Without a transaction a failed write may be there in part.
    if (!exactlyOnce) this.#idempotentUpTo = Math.max(this.#idempotentUpTo, last.seq)
    this.#attempted = events
    const operations = events.flatMap((event) => event.operations)
    const started = performance.now()
    await within(deadline, (signal) => pool.write(operations, move, { idempotent }, signal))
    if (keeper) this.#mark = to
    lane.move(last.seq)
    this.#o.settled(events.length, this.#mark, performance.now() - started)
  }

  /** @returns what is to be written instead of `events`, in order; rethrows an error that is no operation's fault. */
  async #withoutCulprit(events: readonly PlannedEvent[], error: unknown): Promise<PlannedEvent[][]> {
    if (!(error instanceof BackendError) || error.errorClass === 'transient') throw error
    const operations = events.flatMap((event) => event.operations)
    const culprit = error.operation === undefined ? undefined : operations[error.operation]
    const at = culprit ? events.findIndex((event) => event.operations.includes(culprit)) : -1
    if (error.errorClass === 'denied') {
      if (at > 0) await this.deliver(events.slice(0, at)) // so that it is the first that waits, and can be skipped alone
      throw error
    }
    if (operations.length === 0) throw error // not even an empty write is taken
    if (culprit) {
      await this.#putAside(culprit, error)
      const event = events[at]!
      const cleaned = { ...event, operations: event.operations.filter((operation) => operation !== culprit) }
      // What comes before is good. The rest in halves: were all of it bad, sending it whole each time would be quadratic.
      return [events.slice(0, at), ...halves([cleaned, ...events.slice(at + 1)])].filter((part) => part.length > 0)
    }
    if (events.length > 1) return halves(events)
    for (const operation of operations) await this.#putAside(operation, error)
    return [[{ ...events[0]!, operations: [] }]]
  }

  async #putAside(operation: Operation, error: BackendError): Promise<void> {
    const isNew = await this.#o.lane.deadLetter({
      seq: operation.seq,
      binding: operation.binding,
      code: error.code,
      message: error.message,
      operation: describeOperation(operation.write),
    })
    if (isNew) this.#o.putAside(operation, error)
  }
}

function halves(events: readonly PlannedEvent[]): PlannedEvent[][] {
  const middle = Math.ceil(events.length / 2)
  return [events.slice(0, middle), events.slice(middle)]
}
