// Who is let in, and what they may do there.

import { randomUUID } from 'node:crypto'
import type { Qos } from '../model/event.ts'
import { type Connection, REFUSED } from './connection.ts'
import type { ConnectPacket } from './engine-client.ts'
import type { Figures, RefusalReason } from './figures.ts'
import { publishFault } from './gate.ts'
import type { Limits } from './limits.ts'
import { subscriptionFault } from './wire-guard.ts'

/** Who asks to connect, publish or subscribe. */
export interface Principal {
  readonly clientid: string
  readonly username: string | null
  readonly peerhost: string
}

export interface Rules {
  /** Absent: everybody is let in. */
  readonly authenticate?: ((who: Principal, password: Buffer | undefined) => boolean | Promise<boolean>) | undefined
  /** Absent: everything is allowed. */
  readonly authorize?: ((who: Principal, action: 'publish' | 'subscribe', topic: string) => boolean) | undefined
}

export interface AdmissionOptions {
  readonly limits: Limits
  readonly rules: Rules
  readonly figures: Figures
  /** Has a client with this id a connection, which a new one takes over? */
  isConnected(clientid: string): boolean
}

export class Admission {
  readonly #limits: Limits
  readonly #rules: Rules
  readonly #figures: Figures
  readonly #isConnected: (clientid: string) => boolean

  constructor({ limits, rules, figures, isConnected }: AdmissionOptions) {
    this.#limits = limits
    this.#rules = rules
    this.#figures = figures
    this.#isConnected = isConnected
  }

  /** Takes note of a CONNECT. @returns why the connection ends without an answer, or undefined */
  introduce(connection: Connection, packet: ConnectPacket): string | undefined {
    const { clientId, clean, keepalive, username = null, will, protocolVersion } = packet
    connection.introduction = { username, clean, keepalive }
    // [MQTT-3.1.3-8] and aedes #10; MQTT 3.1 knows no empty id at all
    const nameless = clientId === '' && (!clean || protocolVersion === 3)
    const tooLong = Buffer.byteLength(clientId) > this.#limits.maxClientIdLength
    if (nameless || tooLong) this.#refuse(connection, 'clientid', REFUSED.identifier)
    else if (!connection.takePlace(this.#isConnected(clientId))) {
      this.#refuse(connection, 'connections', REFUSED.unavailable)
    }
    if (clientId === '') packet.clientId = `auto-${randomUUID()}` // [MQTT-3.1.3-6]
    connection.will = will
    if (will) will.payload = Buffer.from(will.payload) // held as long as the connection, without the chunk that it came in
    const fault = will && publishFault(will, this.#limits.maxTopicLevels)
    return fault && `will: ${fault}`
  }

  /** @returns the CONNACK code of a refusal, or 0 */
  async authenticate(connection: Connection, password: Buffer | undefined): Promise<number> {
    if (connection.refusal) return connection.refusal
    const known = (await this.#rules.authenticate?.(principal(connection), password)) ?? true
    return known ? 0 : REFUSED.credentials
  }

  #refuse(connection: Connection, reason: RefusalReason, code: number): void {
    this.#figures.countRefused(reason)
    connection.refusal = code
  }

  mayPublish(connection: Connection, topic: string): boolean {
    const { authorize } = this.#rules
    return authorize === undefined || authorize(principal(connection), 'publish', topic)
  }

  /** @returns true: it is granted, and `presence.subscribed` follows */
  maySubscribe(connection: Connection, filter: string, qos: Qos): boolean {
    const { maxTopicLevels, maxSubscriptions } = this.#limits
    if (subscriptionFault(filter, maxTopicLevels)) return false
    const { subscriptions } = connection.session!
    const mostMore = subscriptions.has(filter) ? maxSubscriptions : maxSubscriptions - subscriptions.size
    if (connection.granting.size >= mostMore) return false
    const { authorize } = this.#rules
    if (authorize && !authorize(principal(connection), 'subscribe', filter)) return false
    const grant = { topic: filter, qos }
    connection.granting.set(filter, grant)
    if (!connection.introduction.clean) connection.unstored.push(grant)
    return true
  }
}

export const principal = ({ client, introduction, peerhost }: Connection): Principal => ({
  clientid: client.id,
  username: introduction.username,
  peerhost,
})
