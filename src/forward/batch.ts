// What one write holds, and how much of it.

import type { Binding } from '../model/binding.ts'
import type { HookEvent, Seq } from '../model/event.ts'
import type { EventId } from '../model/event-id.ts'
import type { Operation, Write } from '../model/operation.ts'
import type { Batch as Taken } from '../queue/lanes.ts'

/** One event with what it writes; without operations when all of them are dead letters. */
export interface PlannedEvent {
  readonly seq: Seq
  readonly id: EventId
  readonly operations: readonly Operation[]
}

export interface Batch {
  /** Those that write something. */
  readonly events: readonly PlannedEvent[]
  /** The cursor's place behind this batch: its last event, or further where events follow that write nothing here. */
  readonly upTo: Seq
}

export type Plan = (event: HookEvent, binding: Binding) => Write | null

/** Plans whole events, as long as they fit in `maxOperations`; one event that has more goes alone. */
export function planBatch(taken: Taken, plan: Plan, maxOperations: number): Batch {
  const events: PlannedEvent[] = []
  let room = maxOperations
  for (const { event, bindings } of taken.entries) {
    const operations: Operation[] = []
    for (const { id, binding } of bindings) {
      const write = plan(event, binding)
      if (write) operations.push({ seq: event.seq, id: event.id, binding: id, write })
    }
    if (operations.length === 0) continue
    room -= operations.length
    if (room < 0 && events.length > 0) return { events, upTo: events.at(-1)!.seq }
    events.push({ seq: event.seq, id: event.id, operations })
  }
  return { events, upTo: taken.upTo }
}

/** A write of this length keeps answers to fetches and to `lane pause` quick, and undoes little when it fails. */
const TARGET_MS = 250
/** On a far server a transaction's own round trips must be the small part of a write. */
const TARGET_ROUND_TRIPS = 16

/** Events a batch, from 1 to a maximum: doubled while full batches are quick, cut in proportion when they are slow. */
export class BatchSize {
  readonly #max: number
  #limit: number
  #targetMs = TARGET_MS

  /** @param first events of the first batch @param max events of the largest */
  constructor(first: number, max: number) {
    this.#max = max
    this.#limit = Math.min(first, max)
  }

  get limit(): number {
    return this.#limit
  }

  /** The server answered a small question in this time. */
  answered(roundTripMs: number): void {
    this.#targetMs = Math.max(TARGET_MS, TARGET_ROUND_TRIPS * roundTripMs)
  }

  written(events: number, tookMs: number): void {
    if (tookMs > this.#targetMs) this.#limit = Math.max(1, Math.floor((events * this.#targetMs) / tookMs))
    else if (events >= this.#limit && tookMs < this.#targetMs / 2) this.#limit = Math.min(this.#limit * 2, this.#max)
  }

  /** A write of so many events failed and may have been too much at once. */
  failed(events: number): void {
    this.#limit = Math.max(1, Math.floor(events / 2))
  }
}
