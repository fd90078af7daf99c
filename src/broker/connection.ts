// One network connection, from accept to its end.

import type { PeerCertificate } from 'node:tls'
import type { Subscription } from '../model/event.ts'
import type { StoredWill } from '../store/stored-sessions.ts'
import type { EngineClient } from './engine-client.ts'
import type { Arrival } from './listeners.ts'
import { Outlet } from './outlet.ts'
import type { Session } from './session.ts'

export type EndReason = 'normal' | 'closed' | 'keepalive' | 'takeover' | 'kicked' | 'error' | 'gateway'

/** CONNACK return codes [MQTT-3.2.2.3] that we give. */
export const REFUSED = { identifier: 2, unavailable: 3, credentials: 5 } as const

/** What the CONNECT said. */
export interface Introduction {
  readonly username: string | null
  readonly keepalive: number
  readonly clean: boolean
}

export type Will = Omit<StoredWill, 'clientid'>

export class Connection {
  readonly client: EngineClient
  readonly outlet: Outlet
  readonly #arrival: Arrival
  /** Name of the listener, e.g. `tcp:default`. */
  readonly listener: string
  introduction: Introduction = { username: null, keepalive: 0, clean: true }
  /** A CONNACK code, when it is clear before authentication that this connection is refused. */
  refusal: number | undefined
  session: Session | undefined
  resumed = false
  /** client.connected was recorded, so client.disconnected has to be. */
  announced = false
  /** Wall time, ms. */
  connectedAt = 0
  endReason: EndReason | undefined
  /** Filters that were granted, and whose SUBACK has not left. */
  readonly granting = new Map<string, Subscription>()
  /** Those of them that are not stored yet. */
  unstored: Subscription[] = []
  /** Resolves when the stored ones are on disk. */
  granted = Promise.resolve()
  /** Resolves when the session that this connection put an end to is gone from the disk. */
  settled: Promise<void> | undefined
  will: Will | undefined
  /** PUBLISHes that wait for the journal. */
  inGate = 0
  /** A PUBLISH could not be journalled; the connection is about to end. */
  refusing = false

  constructor(client: EngineClient, arrival: Arrival, listener: string) {
    this.client = client
    this.#arrival = arrival
    this.outlet = new Outlet(arrival.stream)
    this.listener = listener
    arrival.stream.on('drain', () => {
      if (this.session?.connection === this) this.session.outbox.drain()
    })
  }

  /** IP address of the client. */
  get peerhost(): string {
    return this.#arrival.peerhost
  }

  /** What the client showed, where the listener verifies it. */
  get certificate(): PeerCertificate | undefined {
    return this.#arrival.certificate
  }

  /** A CONNECT came. @param anyway see `Places.take`. @returns whether there is a place for one more client */
  takePlace(anyway: boolean): boolean {
    return this.#arrival.places.take(this.#arrival.socket, anyway)
  }

  end(reason: EndReason): void {
    this.endReason ??= reason
    this.client.close()
  }
}
