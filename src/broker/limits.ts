// What one client may ask of the broker.

export interface Limits {
  /** Bytes of a packet behind its fixed header; a larger one ends the connection before it is read. */
  readonly maxPacketSize: number
  /** Bytes of packets that have begun to come, of all clients together; of more, the oldest ends its connection. */
  readonly maxUnfinished: number
  /** Characters. */
  readonly maxClientIdLength: number
  /** Unacknowledged QoS 1 and 2 messages on their way to one client. */
  readonly maxInflight: number
  /** Messages that wait for one client; above it the oldest goes (it stays in the journal). */
  readonly maxOffline: number
  /** A session without a connection is forgotten after so long, ms. */
  readonly sessionExpiryMs: number
  /** Levels of a topic or filter, 100 at most (aedes' own bound). */
  readonly maxTopicLevels: number
  /** Filters of one session, long ones counted several times (see filter-map.ts). */
  readonly maxSubscriptions: number
  /** Sessions without `clean`, connected or not; a client more is told to come later. */
  readonly maxSessions: number
  /** Seconds; a client that asks for a longer keepalive, or for none, gets this. */
  readonly maxKeepalive: number
  /** PUBLISHes of one client a second; a faster one is acknowledged later. */
  readonly maxPublishRate: number
  /** QoS 2 messages of one publisher between PUBLISH and PUBREL. */
  readonly maxInflightInbound: number
  /** Clients at a time, over all listeners. */
  readonly maxConnections: number
  /** For each of: TLS's handshake, WebSocket's, the CONNECT after them; ms. */
  readonly connectTimeoutMs: number
}

export type Writable<T> = { -readonly [K in keyof T]: T[K] }

export const DEFAULT_LIMITS: Limits = {
  maxPacketSize: 1_048_576,
  maxUnfinished: 67_108_864,
  maxClientIdLength: 256,
  maxInflight: 32,
  maxOffline: 10_000,
  sessionExpiryMs: 7 * 86_400_000,
  maxTopicLevels: 100,
  maxSubscriptions: 4096,
  maxSessions: 20_000,
  maxKeepalive: Number.POSITIVE_INFINITY,
  maxPublishRate: Number.POSITIVE_INFINITY,
  maxInflightInbound: 1000,
  maxConnections: Number.POSITIVE_INFINITY,
  connectTimeoutMs: 10_000,
}
