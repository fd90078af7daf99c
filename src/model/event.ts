// What happens in the broker, in the words of the hooks.

import type { EventId } from './event-id.ts'

export type Qos = 0 | 1 | 2
/** Position of an event in the journal; starts at 1, only grows, may have gaps. */
export type Seq = number

/** Stored as their index: append only, never reorder. */
export const HOOKS = [
  'client.connected',
  'session.created',
  'client.disconnected',
  'session.subscribed',
  'session.unsubscribed',
  'message.publish',
  'message.delivered',
  'message.acked',
] as const
export type HookName = (typeof HOOKS)[number]

/** What an event carries beside the fields that every event has. Names are the hook parameters' names. */
export interface EventDraft {
  readonly hook: HookName
  /** The publisher of message.publish ('' for the gateway itself), the subscriber of delivered and acked. */
  readonly clientid: string
  /** The message's topic, or the filter of session.*; '' where there is none. */
  readonly topic: string
  readonly payload?: Buffer
  readonly qos?: Qos
  readonly retain?: boolean
  /** When it happened, wall time ms; absent: now. */
  readonly at?: number
  readonly more?: EventMore
}

/** Parameters that only some hooks have. Stored as JSON. */
export interface EventMore {
  readonly username?: string | null
  readonly peerhost?: string
  readonly clean?: boolean
  readonly keepalive?: number
  /** client.disconnected: 'normal', 'closed', 'keepalive', 'takeover', 'kicked', 'error', 'gateway' */
  readonly reason?: string
  /** message.delivered and message.acked: the id of the message (text) … */
  readonly msgid?: string
  /** … and who published it. */
  readonly from?: string
  /** message.acked: msgid up to which the client has now acknowledged everything; absent when this ack did not move it. */
  readonly position?: string
}

/** An event as the journal holds it. */
export interface HookEvent extends EventDraft {
  readonly seq: Seq
  readonly id: EventId
  /** Wall time, ms. */
  readonly at: number
  /** Was the clock set (by NTP or the operator) when the event happened, or has `at` been corrected since? */
  readonly trusted: boolean
}

/** A message on its way to a subscriber: from the journal, from a retained row, or from a remote row. */
export interface Message {
  /** The id's text; of foreign rows whatever text they hold. */
  readonly msgid: string
  readonly topic: string
  readonly payload: Buffer
  readonly qos: Qos
  readonly retain: boolean
  /** Client id of the publisher. */
  readonly from: string
  /** Wall time of its publish, ms. */
  readonly at: number
  /** Its place in the journal, when it came through this gateway and is journalled. */
  readonly seq?: Seq
}

/** A row of mqtt_sub, checked. */
export interface Subscription {
  readonly topic: string
  readonly qos: Qos
}
