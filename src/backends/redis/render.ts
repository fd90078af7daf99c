// Writes as records of batch.lua. Pure.

import type { Write } from '../../model/operation.ts'
import type { Argument } from './commands.ts'
import {
  ackedKey,
  clientKey,
  indexKey,
  latestKey,
  messageFields,
  messageKey,
  nodeKey,
  retainKey,
  seconds,
} from './keys.ts'

export type Letter = 'C' | 'H' | 'Z' | 'U' | 'T' | 'P' | 'L' | 'O' | 'X' | 'E' | 'M'

/** Takes a record; `key` is the only one that it is about. */
export type Emit = (key: string, letter: Letter, ...values: Argument[]) => void

export interface Rules {
  /** Seconds that a message is kept where its hook does not say. */
  readonly expirySeconds: number
  readonly channel: string | undefined
}

const DEFAULT_EXPIRY_SECONDS = 3600

/** A write that may be done again. Rows of mqtt_delivered have no place in Redis. */
export function render(write: Write, rules: Rules, emit: Emit): void {
  switch (write.do) {
    case 'client.online': {
      const { clientid, at } = write
      set(emit, clientKey(clientid), ['state', '1', 'online_at', seconds(at), 'offline_at', 'undefined'])
      set(emit, nodeKey(write.node), [clientid, seconds(at)])
      return
    }
    case 'client.offline':
      set(emit, clientKey(write.clientid), ['state', '0', 'offline_at', seconds(write.at)])
      command(emit, 'HDEL', nodeKey(write.node), write.clientid)
      return
    case 'message.insert':
      if (write.latest) putLatest(write, emit)
      else insert(write, rules, emit)
      return
    case 'message.delete':
      command(emit, 'ZREM', indexKey(write.topic), write.msgid)
      emit(messageKey(write.msgid), 'U', messageKey(write.msgid))
      return
    case 'retain.put':
      set(emit, retainKey(write.message.topic), messageFields({ ...write.message, retain: true }))
      return
    case 'retain.delete':
      command(emit, 'DEL', retainKey(write.topic))
      return
    case 'position.move': {
      const key = ackedKey(write.clientid, write.topic)
      emit(key, 'P', key, write.msgid)
      return
    }
    case 'position.delete':
      command(emit, 'DEL', ackedKey(write.clientid, write.topic))
  }
}

type Insert = Extract<Write, { do: 'message.insert' }>

function insert({ message, expiredTime }: Insert, { expirySeconds }: Rules, emit: Emit): void {
  const key = messageKey(message.msgid)
  const expiry = expiredTime ?? expirySeconds
  emit(key, 'H', String(expiry > 0 ? expiry : DEFAULT_EXPIRY_SECONDS), key, ...messageFields(message))
  const index = indexKey(message.topic)
  emit(index, 'Z', index, message.msgid)
}

function putLatest({ message }: Insert, emit: Emit): void {
  const key = latestKey(message.topic)
  emit(key, 'L', key, message.msgid, ...messageFields(message))
}

function set(emit: Emit, key: string, fields: readonly Argument[]): void {
  command(emit, 'HSET', key, ...fields)
}

function command(emit: Emit, word: string, key: string, ...values: Argument[]): void {
  emit(key, 'C', String(values.length + 2), word, key, ...values)
}

/** Told on the channel, where the pool has one. */
export function subscriptionCommand(
  { type, topic, clientid, qos }: Extract<Write, { do: 'subscription.publish' }>,
  { channel }: Rules,
): Argument[][] {
  if (channel === undefined) return []
  const message = { type, topic, clientid, ...(qos === undefined ? {} : { qos: String(qos) }) }
  return [['PUBLISH', channel, JSON.stringify(message)]]
}
