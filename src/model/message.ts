// A publish event as the message that it carries.

import type { EventDraft, HookEvent, Message } from './event.ts'

const NOTHING = Buffer.alloc(0)

export function messageOf(event: HookEvent): Message {
  return {
    msgid: event.id.toString(),
    topic: event.topic,
    payload: event.payload ?? NOTHING,
    qos: event.qos ?? 0,
    retain: event.retain ?? false,
    from: event.clientid,
    at: event.at,
    seq: event.seq,
  }
}

/** A retained message with an empty payload is an order to forget, not a message [MQTT-3.3.1-10, -11]. */
export function clearsRetained({ retain, payload }: EventDraft): boolean {
  return retain === true && (payload === undefined || payload.length === 0)
}
