// Names of the keys and fields, as in the EMQX backend documentation.

import type { Message } from '../../model/event.ts'

export const clientKey = (clientid: string): string => `mqtt:client:${clientid}`
export const nodeKey = (node: string): string => `mqtt:node:${node}`
export const subscriptionsKey = (clientid: string): string => `mqtt:sub:${clientid}`
/** A hash. Its name could be that of an index: each is known by its type. */
export const messageKey = (msgid: string): string => `mqtt:msg:${msgid}`
/** A sorted set of message ids, all of one score, so that they sort by id. */
export const indexKey = (topic: string): string => `mqtt:msg:${topic}`
export const latestKey = (topic: string): string => `mqtt:latest_msg:${topic}`
export const retainKey = (topic: string): string => `mqtt:retain:${topic}`
export const markKey = (journal: string, pool: string): string => `holdfast_mark:${journal}:${pool}`

/** A `:` in the client id is escaped, so that two pairs never share a key. */
export function ackedKey(clientid: string, topic: string): string {
  return `mqtt:acked:${clientid.replaceAll('%', '%25').replaceAll(':', '%3A')}:${topic}`
}

/** Times are whole seconds. */
export const seconds = (ms: number): string => String(Math.floor(ms / 1000))

/** A message as the fields and values of its hash. */
export function messageFields({ msgid, from, qos, topic, retain, payload, at }: Message): (string | Buffer)[] {
  return [
    ...['id', msgid, 'from', from, 'qos', String(qos), 'topic', topic],
    ...['retain', String(retain), 'payload', payload, 'ts', seconds(at)],
  ]
}
