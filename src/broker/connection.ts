// One network connection, from accept to its end.

import type { PeerCertificate } from 'node:tls'
import type { Subscription } from '../model/event.ts'
import type { StoredWill } from '../store/stored-sessions.ts'
import type { Access } from './admission.ts'
import type { EngineClient } from './engine-client.ts'
import { FilterMap } from './filter-map.ts'
import type { Arrival } from './listeners.ts'
import type { NamedFilters } from './named-filters.ts'
import { Outlet } from './outlet.ts'
import type { Pace } from './pace.ts'
import type { Refusal } from './refusal.ts'
import type { Session } from './session.ts'

/** revoked: the rules have changed, and would not let it in any more. */
export type EndReason = 'normal' | 'closed' | 'keepalive' | 'takeover' | 'kicked' | 'revoked' | 'error' | 'gateway'

/** What the CONNECT said. */
export interface Introduction {
  readonly username: string | null
  readonly keepalive: number
  readonly clean: boolean
}

export type Will = Omit<StoredWill, 'clientid' | 'username'>

export class Connection {
  readonly client: EngineClient
  readonly outlet: Outlet
  readonly #arrival: Arrival
  /** Name of the listener, e.g. `tcp:default`. */
  readonly listener: string
  introduction: Introduction = { username: null, keepalive: 0, clean: true }
  /** Set when it is clear before authentication that this connection is refused. */
  refusal: Refusal | undefined
  /** What it may do; undefined: everything. */
  access: Access | undefined
  session: Session | undefined
  resumed = false
  /** client.connected was recorded, so client.disconnected has to be. */
  announced = false
  /** Wall time, ms. */
  connectedAt = 0
  endReason: EndReason | undefined
  /** Filters that were granted, and whose SUBACK has not left. */
  readonly granting = new FilterMap<Subscription>()
  /** Those of them that are not stored yet. */
  readonly unstored: Subscription[] = []
  /** Resolves when the stored ones are on disk. */
  granted = Promise.resolve()
  /** Once a lookup of subscriptions is under way. */
  named: NamedFilters | undefined
  /** Resolves when the session that this connection put an end to is gone from the disk. */
  settled: Promise<void> | undefined
  will: Will | undefined
  /** Where its publishing is bounded. */
  pace: Pace | undefined
  /** PUBLISHes that wait for the journal, or for their turn. */
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

  /** The name that its certificate proves, null for none; undefined where the listener does not go by certificates. */
  get identity(): string | null | undefined {
    return this.#arrival.identity
  }

  /** What the client showed, where the listener verifies it. */
  get certificate(): PeerCertificate | undefined {
    return this.#arrival.certificate
  }

  /** Would it still be let in, by its certificate and by what it has proven else? */
  get holds(): boolean {
    return this.access?.holds() !== false && this.#arrival.isProven()
  }

  /** Would it get a place? */
  get hasRoom(): boolean {
    return this.#arrival.places.hasRoom
  }

  /** It is let in. @param anyway see `Places.take`. @returns whether there is a place for one more client */
  takePlace(anyway: boolean): boolean {
    return this.#arrival.places.take(this.#arrival.socket, anyway)
  }

  end(reason: EndReason): void {
    this.endReason ??= reason
    this.client.close()
  }
}
