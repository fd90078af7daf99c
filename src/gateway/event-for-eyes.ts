import { HOOKS, type HookEvent } from '../model/event.ts'
import { flag, integer, oneOf, orNull, record, text } from './commands/schema.ts'

const FIELDS = {
  seq: integer('its place in the journal'),
  at: text('ISO 8601; with a remark when the clock was not set'),
  id: text('message id, as databases have it'),
  clientid: text('of the publisher, or of the subscriber'),
} as const

const MAYBE = {
  topic: text('or filter'),
  payload: text('as text where it is text, else as hex that begins with 0x'),
  qos: integer(),
  retain: flag(),
  username: orNull(text()),
  peerhost: text(),
  clean: flag(),
  keepalive: integer('seconds'),
  reason: text('why the connection ended'),
  msgid: text('of the message that was delivered or acknowledged'),
  from: text('who published it'),
  position: text('up to which message id the client has acknowledged everything'),
} as const

export const JOURNAL_MESSAGE = record(FIELDS, MAYBE)
export const JOURNAL_EVENT = record({ ...FIELDS, hook: oneOf(HOOKS) }, MAYBE)

/** An event as a person reads it: times as ISO, a payload that is text as text, any other as hex. */
export function eventForEyes({ seq, id, at, trusted, hook, clientid, topic, more, ...rest }: HookEvent) {
  const { payload, ...flags } = rest
  return {
    seq,
    at: `${new Date(at).toISOString()}${trusted ? '' : ' (clock not set)'}`,
    hook,
    id: id.toString(),
    clientid,
    ...(topic !== '' && { topic }),
    ...flags,
    ...(payload && { payload: payloadForEyes(payload) }),
    ...more,
  }
}

function payloadForEyes(payload: Buffer): string {
  const text = payload.toString('utf8')
  return text.includes('\ufffd') ? `0x${payload.toString('hex')}` : text
}
