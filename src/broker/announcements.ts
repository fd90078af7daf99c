// Who comes and goes, told under $SYS/brokers/<node>/clients/<clientid>/, topics and fields named as in EMQX. Not retained, QoS 0.

import { principal } from './admission.ts'
import type { Connection } from './connection.ts'

/** Bytes. A client id may be as long, and longer as it is written here. */
const LONGEST_TOPIC = 65_535

export interface AnnouncementsOptions {
  readonly node: string
  /** Wall time, ms. */
  now(): number
  tell(topic: string, payload: string): void
}

export class Announcements {
  readonly #o: AnnouncementsOptions

  constructor(options: AnnouncementsOptions) {
    this.#o = options
  }

  connected(connection: Connection): void {
    const { introduction, client, connectedAt } = connection
    this.#tell('connected', connection, {
      proto_ver: client.version,
      keepalive: introduction.keepalive,
      clean_start: introduction.clean,
      connack: 0,
      connected_at: connectedAt,
    })
  }

  disconnected(connection: Connection, reason: string): void {
    this.#tell('disconnected', connection, { reason, disconnected_at: this.#o.now() })
  }

  #tell(what: string, connection: Connection, more: object): void {
    const { node, now, tell } = this.#o
    const { clientid, username, peerhost } = principal(connection)
    const topic = `$SYS/brokers/${node}/clients/${level(clientid)}/${what}`
    if (Buffer.byteLength(topic) > LONGEST_TOPIC) return
    tell(topic, JSON.stringify({ clientid, username, ipaddress: peerhost, ...more, ts: now() }))
  }
}

/** A client id as one level of a topic name: `/`, `+`, `#` and `%` are written as in a URL. */
const level = (clientid: string): string => clientid.replace(/[/+#%]/g, encodeURIComponent)
