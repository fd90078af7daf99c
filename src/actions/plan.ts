// An event and a binding make one write, or none. Pure: the same two make the same write whenever they are asked.

import type { Binding, BindingOptions, FunctionName, Statement } from '../model/binding.ts'
import type { HookEvent, Message } from '../model/event.ts'
import type { BoundStatement, Write } from '../model/operation.ts'
import { parameterReader } from './parameters.ts'

export interface PlanContext {
  /** Name of this gateway. */
  readonly node: string
}

/** @returns null where the event makes no write for the binding's function, e.g. on_message_publish of QoS 0. */
export function plan(event: HookEvent, binding: Binding, context: PlanContext): Write | null {
  const { action, options } = binding
  if ('function' in action) return PLANS[action.function](event, context, options)
  const statements = binding.pool.startsWith('redis.') ? action.statements.map(withMessageFields) : action.statements
  return { do: 'statements', statements: bind(statements, event, context) }
}

type Plan = (event: HookEvent, context: PlanContext, options: BindingOptions) => Write | null

const PLANS: Readonly<Record<FunctionName, Plan>> = {
  on_client_connected: ({ clientid, at }, { node }) => ({ do: 'client.online', clientid, node, at }),
  on_client_disconnected: ({ clientid, at }, { node }) => ({ do: 'client.offline', clientid, node, at }),
  on_subscribe_lookup: nothing,
  on_message_fetch: nothing,
  on_message_fetch_for_queue: nothing,
  on_message_fetch_for_pubsub: nothing,
  on_message_fetch_for_keep_latest: nothing,
  on_retain_lookup: nothing,
  on_acked_delete: ({ clientid, topic }) => ({ do: 'position.delete', clientid, topic }),
  on_message_publish: (event, context, options) => (event.qos ? insertMessage(event, context, options) : null),
  on_message_store: insertMessage,
  on_message_store_for_keep_latest: (event, { node }, options) =>
    clearsRetained(event)
      ? null
      : { do: 'message.insert', message: messageOf(event), node, latest: true, ...formatOf(options) },
  on_message_retain: (event, { node }, options) =>
    event.retain && !clearsRetained(event)
      ? { do: 'retain.put', message: messageOf(event), node, ...formatOf(options) }
      : null,
  on_retain_delete: (event) => (clearsRetained(event) ? { do: 'retain.delete', topic: event.topic } : null),
  on_message_delivered: ({ clientid, topic, more, at }) =>
    more?.msgid === undefined ? null : { do: 'delivered.insert', clientid, topic, msgid: more.msgid, at },
  on_message_acked: movePosition,
  on_message_acked_for_pubsub: movePosition,
  on_message_acked_for_keep_latest: movePosition,
  on_message_acked_for_queue: ({ clientid, topic, more }) =>
    more?.msgid === undefined ? null : { do: 'message.delete', msgid: more.msgid, topic, clientid },
  on_subscription_publish: publishSubscription,
}

/** Lookups write nothing: they ran when the event happened. */
function nothing(): null {
  return null
}

function insertMessage(event: HookEvent, { node }: PlanContext, options: BindingOptions): Write | null {
  if (clearsRetained(event)) return null
  const { expiredTime } = options
  const message = messageOf(event)
  const expiry = expiredTime === undefined ? {} : { expiredTime }
  return { do: 'message.insert', message, node, ...expiry, ...formatOf(options) }
}

function formatOf({ payloadFormat }: BindingOptions): { payloadFormat?: string } {
  return payloadFormat === undefined ? {} : { payloadFormat }
}

function publishSubscription({ hook, clientid, topic, qos }: HookEvent): Write {
  const common = { do: 'subscription.publish', clientid, topic } as const
  if (hook === 'session.unsubscribed') return { ...common, type: 'unsubscribe' }
  return { ...common, type: 'subscribe', qos: qos ?? 0 }
}

/** Only an ack that moved the contiguous position moves the remote's. */
function movePosition({ clientid, topic, more }: HookEvent): Write | null {
  return more?.position === undefined ? null : { do: 'position.move', clientid, topic, msgid: more.position }
}

/** A retained message with an empty payload is an order to forget, not a message [MQTT-3.3.1-10, -11]. */
function clearsRetained({ retain, payload }: HookEvent): boolean {
  return retain === true && (payload === undefined || payload.length === 0)
}

function messageOf(event: HookEvent): Message {
  return {
    msgid: event.id.toString(),
    topic: event.topic,
    payload: event.payload ?? Buffer.alloc(0),
    qos: event.qos ?? 0,
    retain: event.retain ?? false,
    from: event.clientid,
    at: event.at,
    seq: event.seq,
  }
}

const MESSAGE_FIELDS = [
  ['id', 'msgid'],
  ['from', 'clientid'],
  ['qos', 'qos'],
  ['topic', 'topic'],
  ['retain', 'message.retain'],
  ['payload', 'payload'],
  ['ts', 'message.ts'],
] as const

/** Redis: an argument `${message}` is the fields and values of the message's hash, each an argument of its own. */
function withMessageFields(statement: Statement): Statement {
  if (!statement.names.includes('message')) return statement
  const texts = [statement.texts[0]!]
  const names: string[] = []
  const add = (before: string, name: string): void => {
    texts.push(`${texts.pop()}${before}`, '')
    names.push(name)
  }
  for (const [index, name] of statement.names.entries()) {
    const after = statement.texts[index + 1]!
    const alone = /(^| )$/.test(texts.at(-1)!) && /^( |$)/.test(after)
    if (name !== 'message' || !alone) add('', name)
    else for (const [n, [field, parameter]] of MESSAGE_FIELDS.entries()) add(`${n > 0 ? ' ' : ''}${field} `, parameter)
    texts.push(texts.pop() + after)
  }
  return { texts, names }
}

function bind(statements: readonly Statement[], event: HookEvent, { node }: PlanContext): BoundStatement[] {
  const read = parameterReader(event, node)
  return statements.map(({ texts, names }) => ({ texts, values: names.map(read) }))
}
