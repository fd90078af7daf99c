// The names that `${…}` may hold in a custom statement, and their values.

import { isUtf8 } from 'node:buffer'
import type { Statement } from '../model/binding.ts'
import type { HookEvent, HookName } from '../model/event.ts'
import type { ParameterValue } from '../model/operation.ts'

const EVERYWHERE = ['node', 'timestamp'] as const

const OF_HOOK = {
  'client.connected': ['clientid', 'username', 'peerhost', 'clean', 'keepalive'],
  'session.created': ['clientid'],
  'client.disconnected': ['clientid', 'reason'],
  'session.subscribed': ['clientid', 'topic', 'qos'],
  'session.unsubscribed': ['clientid', 'topic'],
  'message.publish': ['message', 'msgid', 'topic', 'payload', 'qos', 'retain', 'clientid'],
  'message.delivered': ['msgid', 'topic', 'clientid', 'from'],
  'message.acked': ['msgid', 'topic', 'clientid', 'from'],
} as const satisfies Record<HookName, readonly string[]>

type Parameter = (typeof OF_HOOK)[HookName][number] | (typeof EVERYWHERE)[number] | OfMessage
/** Values of the message's hash in Redis that have no parameter of their own; nobody writes these in a conf. */
type OfMessage = 'message.retain' | 'message.ts'

/** @returns the parameters of a hook; where `payload` is one, `payload.<path>` is too. */
export function parameterNames(hook: HookName): readonly string[] {
  return [...OF_HOOK[hook], ...EVERYWHERE]
}

export function knownParameter(hook: HookName, name: string): boolean {
  const names = parameterNames(hook)
  return names.includes(name) || (names.includes('payload') && pathOf(name) !== undefined)
}

/** @returns each name of the statement that the hook does not have, once. */
export function unknownParameters(hook: HookName, statement: Statement): string[] {
  return [...new Set(statement.names.filter((name) => !knownParameter(hook, name)))]
}

/** @returns a function from a name to its value; the payload is parsed at most once, and only when a path asks. */
export function parameterReader(event: HookEvent, node: string): (name: string) => ParameterValue {
  let document: { readonly root: unknown } | undefined
  return (name) => {
    const own = READERS[name as Parameter]
    if (own) return own(event, node)
    const path = pathOf(name)
    if (!path) throw new Error(`unknown parameter ${name} in a binding that was checked`)
    document ??= { root: parsePayload(event.payload) }
    return scalar(follow(document.root, path))
  }
}

const READERS: Readonly<Record<Parameter, (event: HookEvent, node: string) => ParameterValue>> = {
  clientid: (event) => event.clientid,
  username: (event) => event.more?.username ?? null,
  peerhost: (event) => event.more?.peerhost ?? null,
  clean: (event) => event.more?.clean ?? null,
  keepalive: (event) => event.more?.keepalive ?? null,
  reason: (event) => event.more?.reason ?? null,
  topic: (event) => event.topic,
  qos: (event) => event.qos ?? 0,
  retain: (event) => event.retain ?? false,
  payload: (event) => event.payload ?? Buffer.alloc(0),
  message: messageText,
  msgid: (event) => event.more?.msgid ?? event.id.toString(),
  from: (event) => event.more?.from ?? null,
  node: (_event, node) => node,
  timestamp: (event) => event.at,
  'message.retain': (event) => String(event.retain ?? false),
  'message.ts': (event) => Math.floor(event.at / 1000),
}

/** The message as JSON, with the fields that EMQX's message hash has; a payload that is no text is in base64. */
function messageText(event: HookEvent): string {
  const payload = event.payload ?? Buffer.alloc(0)
  return JSON.stringify({
    id: event.id.toString(),
    from: event.clientid,
    qos: event.qos ?? 0,
    topic: event.topic,
    retain: event.retain ? 1 : 0,
    payload: isUtf8(payload) ? payload.toString() : `data:;base64,${payload.toString('base64')}`,
    ts: event.at,
  })
}

/** `payload.a[0].b` → ['a', 0, 'b']; undefined when `name` is no such path. */
function pathOf(name: string): readonly (string | number)[] | undefined {
  if (!/^payload(\.[^.[\]]+|\[\d+\])+$/.test(name)) return undefined
  const steps = name.matchAll(/\.([^.[\]]+)|\[(\d+)\]/g)
  return Array.from(steps, ([, key, index]) => key ?? Number(index))
}

function parsePayload(payload: Buffer | undefined): unknown {
  if (!payload) return undefined
  try {
    return JSON.parse(payload.toString(), keepLargeIntegers)
  } catch {
    return undefined // not JSON: every path is NULL
  }
}

/** An integer that a double can't hold (nanoseconds, serial numbers) stays the text that was sent. */
function keepLargeIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const inexact = Number.isInteger(value) && !Number.isSafeInteger(value)
  return inexact && /^-?\d+$/.test(context?.source ?? '') ? context!.source : value
}

function follow(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root
  for (const step of path) {
    const there = Array.isArray(value) ? typeof step === 'number' : isObject(value) && Object.hasOwn(value, step)
    if (!there) return undefined
    value = (value as Record<string | number, unknown>)[step]
  }
  return value
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function scalar(value: unknown): ParameterValue {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return JSON.stringify(value)
}
