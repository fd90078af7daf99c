// What we use of aedes' client, internals (underscored) included. The version is pinned exactly for their sake.

import type { Duplex } from 'node:stream'
import type { Qos } from '../model/event.ts'
import type { Connection } from './connection.ts'

export interface EngineClient {
  readonly id: string
  readonly clean: boolean
  /** Protocol level of its CONNECT. */
  readonly version: 3 | 4
  readonly closed: boolean
  readonly conn: Duplex
  /** A DISCONNECT came. */
  readonly _disconnected: boolean
  readonly _keepaliveTimer: NodeJS.Timeout | null
  readonly _parser: WireParser
  /** Ours, put there when the connection is accepted. */
  connection: Connection
  /** It reads no more. */
  pause(): void
  close(done?: () => void): void
}

/** mqtt-packet's parser. */
export interface WireParser {
  /** The one that is being read. */
  packet: WirePacket
  readonly error: Error | null
  /** Parts of it that have been read. */
  readonly _stateCounter: number
  /** Where the next field begins, in `_list`. */
  _pos: number
  /** Bytes of the packet, behind its fixed header, and of those that came with it. */
  readonly _list: {
    readonly length: number
    get(index: number): number
    append(bytes: Buffer): void
    consume(count: number): void
    readUInt16BE(index: number): number
    slice(start: number, end: number): Buffer
    toString(encoding: 'latin1', start: number, end: number): string
  }
  /** @returns bytes that wait for more */
  parse(bytes: Buffer): number
  emit(event: 'packet', packet: WirePacket): boolean
  _parseHeader(): boolean
  _parseLength(): boolean
  _parsePayload(): boolean
  /** @returns null: it is longer than its packet */
  _parseString(): string | null
  _parseConnect(): void
  _parseSubscribe(): void
  _parseUnsubscribe(): void
  _emitError(error: Error): void
}

export interface WirePacket {
  cmd: string
  length: number
  retain: boolean
  qos: number
  dup: boolean
  topic: string | null
  payload: Buffer | null
  messageId?: number
  subscriptions?: RequestedSubscription[]
  unsubscriptions?: string[]
  /** Of a CONNECT. */
  username?: string
  password?: Buffer
  will?: { readonly qos: number }
}

/** A filter of a SUBSCRIBE as aedes sees it: `topic` is only its number, see wire-guard.ts. */
export interface RequestedSubscription {
  topic: string
  /** After the SUBACK: the granted one, or 128. */
  qos: number
  filter?: string
}

/** A PUBLISH from the wire, or a will (then `cmd` is absent). */
export interface InboundPublish {
  readonly cmd?: 'publish'
  readonly topic: string
  readonly payload: Buffer
  readonly qos: Qos
  readonly retain: boolean
  readonly messageId?: number
}

export interface ConnectPacket {
  clientId: string
  readonly protocolVersion: number
  readonly clean: boolean
  keepalive: number
  readonly username?: string
  readonly will?: { -readonly [K in keyof InboundPublish]: InboundPublish[K] }
}

export type GateCallback = (error: Error | null) => void
