// A client as the operator sees it: connected, or a session that waits for it.

import { principal } from './admission.ts'
import type { Connection } from './connection.ts'
import type { Session } from './session.ts'

export interface ClientInfo {
  readonly clientid: string
  readonly connected: boolean
  /** Of the connect, or of the end of the last connection; wall time, ms. */
  readonly since: number
  /** What comes of a connection is null without one. */
  readonly username: string | null
  readonly peerhost: string | null
  readonly listener: string | null
  readonly protocol: '3.1' | '3.1.1' | null
  /** Seconds. */
  readonly keepalive: number | null
  readonly clean: boolean
  readonly subscriptions: number
  readonly inflight: number
  readonly waiting: number
}

const ABSENT = { username: null, peerhost: null, listener: null, protocol: null, keepalive: null }

/** @param now wall time, ms */
export function clientInfo(session: Session, now: number): ClientInfo {
  const { clientid, clean, connection, subscriptions, outbox } = session
  const since = connection?.connectedAt ?? Math.round(now - (performance.now() - session.offlineSince))
  return {
    clientid,
    connected: connection !== undefined,
    since,
    ...(connection ? origin(connection) : ABSENT),
    clean,
    subscriptions: subscriptions.size,
    inflight: outbox.inflight,
    waiting: outbox.waiting,
  }
}

function origin(connection: Connection): Pick<ClientInfo, keyof typeof ABSENT> {
  const { client, listener, introduction } = connection
  const { username, peerhost } = principal(connection)
  const protocol = client.version === 3 ? '3.1' : '3.1.1'
  return { username, peerhost, listener, protocol, keepalive: introduction.keepalive }
}
