import type { HookEvent } from '../model/event.ts'

/** An event as a person reads it: times as ISO, a payload that is text as text, any other as hex. */
export function eventForEyes({
  seq,
  id,
  at,
  trusted,
  hook,
  clientid,
  topic,
  more,
  ...rest
}: HookEvent): Record<string, unknown> {
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
