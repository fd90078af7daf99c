// Counters of the broker, for status and metrics.

import type { Qos } from '../model/event.ts'
import { type Counted, Histogram, SECONDS } from '../model/histogram.ts'
import type { LimitName } from './over-limit.ts'
import type { Refusal } from './refusal.ts'

export const DROP_REASONS = [
  /** The oldest message of a session whose queue was full; it stays in the journal. */
  'offline_full',
  /** It waited for a session, and the journal needed the room of its row. */
  'no_room',
  /** QoS 0 to a subscriber that reads too slowly. */
  'slow_subscriber',
  /** A queued message that is older than mqtt.max_offline_age, or whose row the journal holds no more. */
  'expired',
  /** A publish or will that the journal took not; its publisher got no acknowledgement. */
  'queue_full',
  /** An event other than a publish that the journal took not. */
  'event_lost',
  /** A publish or will to a topic that is not a topic, is reserved, or is forbidden to the client. */
  'forbidden_topic',
  /** A message that waited for a client which may not read its topic any more. */
  'forbidden_reader',
  /** A message to be retained, where mqtt.max_retained or mqtt.max_retained_bytes are: it was only delivered. */
  'retained_full',
] as const
export type DropReason = (typeof DROP_REASONS)[number]

/** Why a client was not let in. */
export type RefusalReason =
  | Refusal
  /** A socket that said nothing made room for another. */
  | 'silent'
  /** TLS's handshake failed. */
  | 'handshake'

export class Figures {
  readonly received: [number, number, number] = [0, 0, 0]
  delivered = 0
  recallsFailed = 0
  readonly #over = new Map<LimitName, number>()
  readonly #refused = new Map<RefusalReason, number>()
  readonly #dropped = new Map<DropReason, number>()
  readonly #puback = new Histogram(SECONDS)

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
    this.#puback.observe(ms / 1000)
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

  /** Seconds. */
  get puback(): Counted {
    return this.#puback.counted
  }
}
