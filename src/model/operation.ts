// What a backend is asked to do, in neutral words. `actions.plan` makes operations, `backends/<kind>` renders them.

import type { Message, Qos, Seq } from './event.ts'
import type { EventId } from './event-id.ts'

/** A value bound to a custom statement's parameter. Bytes are a payload: stored by the payload rule. */
export type ParameterValue = string | number | boolean | null | Buffer

export type Write =
  /** The state row. A connect sets onlineAt and empties offline_at; a disconnect sets offlineAt only. Times in ms. */
  | { readonly do: 'client.online'; readonly clientid: string; readonly node: string; readonly at: number }
  | { readonly do: 'client.offline'; readonly clientid: string; readonly node: string; readonly at: number }
  | {
      readonly do: 'message.insert'
      readonly message: Message
      readonly node: string
      /** Seconds to keep it, for a kind whose rows expire; absent: the kind's own. */
      readonly expiredTime?: number
      /** In place of the topic's older ones, which only a kind with such a place does. */
      readonly latest?: true
      /** Of the hook: `mongo_json` stores a JSON payload as a document. */
      readonly payloadFormat?: string
    }
  /** Queue: whoever acknowledges first removes the message for all. */
  | { readonly do: 'message.delete'; readonly msgid: string; readonly topic: string; readonly clientid: string }
  | {
      readonly do: 'retain.put'
      readonly message: Message
      readonly node: string
      readonly payloadFormat?: string
    }
  | { readonly do: 'retain.delete'; readonly topic: string }
  /** Moves the client's position to the row of `msgid`, never back. */
  | { readonly do: 'position.move'; readonly clientid: string; readonly topic: string; readonly msgid: string }
  | { readonly do: 'position.delete'; readonly clientid: string; readonly topic: string }
  | {
      readonly do: 'delivered.insert'
      readonly clientid: string
      readonly topic: string
      readonly msgid: string
      readonly at: number
    }
  /** Told to whoever listens; kept nowhere. */
  | {
      readonly do: 'subscription.publish'
      readonly type: 'subscribe' | 'unsubscribe'
      readonly clientid: string
      readonly topic: string
      /** Absent in an unsubscribe. */
      readonly qos?: Qos
    }
  /** Custom statements of one action, with the values of `${name}` in order of appearance in each. */
  | { readonly do: 'statements'; readonly statements: readonly BoundStatement[] }

export interface BoundStatement {
  readonly texts: readonly string[]
  readonly values: readonly ParameterValue[]
}

/** One write with the event it came from. Several operations may stem from one event (several bindings). */
export interface Operation {
  readonly seq: Seq
  readonly id: EventId
  /** The journal's number of the binding; with `seq` it names the operation (dead letters). */
  readonly binding: number
  readonly write: Write
}

/** The remote's own account of a lane: everything up to `seq` is in it; `event` is the id (text) of the event at `seq`. */
export interface Mark {
  readonly seq: Seq
  readonly event: string
}

/** Moves the mark in the transaction of the batch, by compare-and-set: only if it still is `from` (null: no row yet). */
export interface MarkMove {
  readonly journal: string
  readonly node: string
  readonly from: Mark | null
  readonly to: Mark
}

// ── reads ──

export type ReadOp =
  | { readonly read: 'subscriptions'; readonly clientid: string }
  | {
      readonly read: 'messages'
      /** A filter; wildcards only where the backend's capabilities say so. */
      readonly filter: string
      /** Whose position (mqtt_acked) to begin behind; absent: all stored messages (queue). */
      readonly clientid?: string
      /** A local position that may be ahead of the remote's: begin behind this message's row too, per topic. */
      readonly positions?: ReadonlyMap<string, string>
      /** Client has no position anywhere: begin at the tail of what is stored. */
      readonly start?: 'earliest' | 'latest'
      /** Not older than this wall time, ms. */
      readonly since?: number
      /** The newest so many. */
      readonly limit?: number
      /** From where `message.insert` with `latest` puts them. */
      readonly latest?: true
    }
  | { readonly read: 'retained'; readonly filter: string }

export interface SubscriptionRow {
  readonly topic: string
  readonly qos: number
}

/** Messages come oldest first, in the remote's order. */
export type RowOf<O extends ReadOp> = O extends { read: 'subscriptions' } ? SubscriptionRow : RemoteMessage

export interface RemoteMessage {
  readonly msgid: string
  readonly topic: string
  readonly payload: Buffer
  readonly qos: Qos
  readonly retain: boolean
  readonly from: string
  readonly at: number
}
