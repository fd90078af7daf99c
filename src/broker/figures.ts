// Counters of the broker, for status and metrics.

import type { Qos } from '../model/event.ts'
import type { LimitName } from './over-limit.ts'
import type { Refusal } from './refusal.ts'

/** Upper bounds of the buckets of the PUBACK histogram, seconds. */
export const PUBACK_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const

export type DropReason =
  /** The oldest message of a session whose queue was full; it stays in the journal. */
  | 'offline_full'
  /** It waited for a session, and the journal needed the room of its row. */
  | 'no_room'
  /** QoS 0 to a subscriber that reads too slowly. */
  | 'slow_subscriber'
  /** A queued message that is older than mqtt.max_offline_age, or whose row the journal holds no more. */
  | 'expired'
  /** A publish or will that the journal took not; its publisher got no acknowledgement. */
  | 'queue_full'
  /** An event other than a publish that the journal took not. */
  | 'event_lost'
  /** A publish or will to a topic that is not a topic, is reserved, or is forbidden to the client. */
  | 'forbidden_topic'
  /** A message that waited for a client which may not read its topic any more. */
  | 'forbidden_reader'
  /** A message to be retained, where mqtt.max_retained or mqtt.max_retained_bytes are: it was only delivered. */
  | 'retained_full'

/** Why a client was not let in. */
export type RefusalReason =
  | Refusal
  /** A socket that said nothing made room for another. */
  | 'silent'
  /** TLS's handshake failed. */
  | 'handshake'

export interface Histogram {
  /** Observations up to each bound of PUBACK_BUCKETS (not cumulative), and above the last. */
  readonly counts: readonly number[]
  readonly sum: number
  readonly count: number
}

export class Figures {
  readonly received: [number, number, number] = [0, 0, 0]
  delivered = 0
  recallsFailed = 0
  readonly #over = new Map<LimitName, number>()
  readonly #refused = new Map<RefusalReason, number>()
  readonly #dropped = new Map<DropReason, number>()
  readonly #puback = new Array<number>(PUBACK_BUCKETS.length + 1).fill(0)
  #pubackSum = 0
  #pubackCount = 0

  countReceived(qos: Qos): void {
    this.received[qos]++
  }

  countDropped(reason: DropReason, count = 1): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + count)
  }

  countRefused(reason: RefusalReason): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1)
  }

  countOver(limit: LimitName): void {
    this.#over.set(limit, (this.#over.get(limit) ?? 0) + 1)
  }

  /** @param ms from a PUBLISH of QoS 1 or 2 to the moment when its acknowledgement may leave */
  observePuback(ms: number): void {
    const seconds = ms / 1000
    let bucket = 0
    while (bucket < PUBACK_BUCKETS.length && seconds > PUBACK_BUCKETS[bucket]!) bucket++
    this.#puback[bucket]!++
    this.#pubackSum += seconds
    this.#pubackCount++
  }

  get dropped(): Readonly<Partial<Record<DropReason, number>>> {
    return Object.fromEntries(this.#dropped)
  }

  get refused(): Readonly<Partial<Record<RefusalReason, number>>> {
    return Object.fromEntries(this.#refused)
  }

  get overLimit(): Readonly<Partial<Record<LimitName, number>>> {
    return Object.fromEntries(this.#over)
  }

  get puback(): Histogram {
    return { counts: [...this.#puback], sum: this.#pubackSum, count: this.#pubackCount }
  }
}
