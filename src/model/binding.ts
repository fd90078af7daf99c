// A binding: one configured hook line, compiled. It is kept with the journal as long as a row names it.

import type { HookName } from './event.ts'

export const BACKEND_KINDS = ['redis', 'mysql', 'pgsql', 'mongo', 'cassa', 'dynamo', 'sqlite'] as const
export type BackendKind = (typeof BACKEND_KINDS)[number]

/** `<kind>.<pool name>`, e.g. `pgsql.pool1`. Names a lane. */
export type PoolId = `${BackendKind}.${string}`

/** Each function with the hooks that it may stand on. */
export const FUNCTIONS = {
  on_client_connected: ['client.connected'],
  on_client_disconnected: ['client.disconnected'],
  on_subscribe_lookup: ['client.connected', 'session.created'],
  on_message_fetch: ['session.subscribed'],
  on_message_fetch_for_queue: ['session.subscribed'],
  on_message_fetch_for_pubsub: ['session.subscribed'],
  on_message_fetch_for_keep_latest: ['session.subscribed'],
  on_retain_lookup: ['session.subscribed'],
  on_acked_delete: ['session.unsubscribed'],
  on_message_publish: ['message.publish'],
  on_message_store: ['message.publish'],
  on_message_store_for_keep_latest: ['message.publish'],
  on_message_retain: ['message.publish'],
  on_retain_delete: ['message.publish'],
  on_message_delivered: ['message.delivered'],
  on_message_acked: ['message.acked'],
  on_message_acked_for_queue: ['message.acked'],
  on_message_acked_for_pubsub: ['message.acked'],
  on_message_acked_for_keep_latest: ['message.acked'],
  on_subscription_publish: ['session.subscribed', 'session.unsubscribed'],
} as const satisfies Record<string, readonly HookName[]>
export type FunctionName = keyof typeof FUNCTIONS

/** Functions that read: they run when the event happens and put nothing on a lane. */
export const LOOKUPS: ReadonlySet<FunctionName> = new Set<FunctionName>([
  'on_subscribe_lookup',
  'on_message_fetch',
  'on_message_fetch_for_queue',
  'on_message_fetch_for_pubsub',
  'on_message_fetch_for_keep_latest',
  'on_retain_lookup',
])

/** Spellings that EMQX shipped over the years. */
export const FUNCTION_ALIASES: Readonly<Record<string, FunctionName>> = {
  on_subscription_lookup: 'on_subscribe_lookup',
  on_message_store_keep_latest: 'on_message_store_for_keep_latest',
}

export type Action =
  | { readonly function: FunctionName }
  /** `sql` and `cql` of the conf: statements run in order, in one transaction where there are transactions. */
  | { readonly statements: readonly Statement[] }

/** A custom statement, parsed once: text pieces with parameter names between them, `texts.length === names.length + 1`. */
export interface Statement {
  readonly texts: readonly string[]
  /** A hook parameter (`clientid`, `topic`, …), `node`, `timestamp`, or `payload.<path>`. */
  readonly names: readonly string[]
}

export interface BindingOptions {
  /** Newest so many messages; absent: no limit. */
  readonly maxReturnedCount?: number
  /** Not older than so many ms; absent: no limit. */
  readonly timeRangeMs?: number
  /** Where a client without a position begins. */
  readonly start?: 'earliest' | 'latest'
  /** Redis: seconds. */
  readonly expiredTime?: number
  readonly payloadFormat?: string
}

export interface Binding {
  readonly pool: PoolId
  readonly hook: HookName
  /** Order among the actions of one hook. */
  readonly order: number
  /** MQTT filter over the event's topic; absent: every event. */
  readonly topic?: string
  readonly action: Action
  readonly options: BindingOptions
}
