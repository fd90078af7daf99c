// Who is let in, and what they may do there.

import { randomUUID } from 'node:crypto'
import type { Qos } from '../model/event.ts'
import type { Connection } from './connection.ts'
import type { Denials } from './denials.ts'
import type { ConnectPacket } from './engine-client.ts'
import type { Figures } from './figures.ts'
import { weightOf } from './filter-map.ts'
import { publishFault } from './gate.ts'
import type { Limits } from './limits.ts'
import type { Refusal } from './refusal.ts'
import type { Sessions } from './sessions.ts'
import { levelsFault, subscriptionFault } from './wire-guard.ts'

/** Who is there. */
export interface Principal {
  readonly clientid: string
  readonly username: string | null
  readonly peerhost: string
}

/** Who asks to be let in. */
export interface Applicant extends Principal {
  readonly password: Buffer | undefined
  /** The name that its certificate proves, null for none; undefined where the listener does not go by certificates. */
  readonly identity: string | null | undefined
  /** Has it left meanwhile? */
  gone(): boolean
}

/** What a client that was let in may do. Asked anew each time: rules change while it is there. */
export interface Access {
  /** The name that it has proven; null for an anonymous client. */
  readonly username: string | null
  mayPublish(topic: string): boolean
  /** May a message of this topic be sent to it? */
  mayRead(topic: string): boolean
  maySubscribe(filter: string): boolean
  /** Would it still be let in? */
  holds(): boolean
}

export interface AccessControl {
  /** What becomes of a PUBLISH that is not allowed: it is acknowledged and dropped, or ends the connection. */
  readonly denyAction: 'ignore' | 'disconnect'
  admit(applicant: Applicant): Promise<Access | Refusal>
}

export interface AdmissionOptions {
  readonly limits: Limits
  /** Absent: everybody may do everything. */
  readonly access: AccessControl | undefined
  readonly figures: Figures
  readonly denials: Denials
  readonly sessions: Pick<Sessions, 'get' | 'stored'>
}

export class Admission {
  readonly #limits: Limits
  readonly #access: AccessControl | undefined
  readonly #figures: Figures
  readonly #denials: Denials
  readonly #sessions: AdmissionOptions['sessions']

  constructor({ limits, access, figures, denials, sessions }: AdmissionOptions) {
    this.#limits = limits
    this.#access = access
    this.#figures = figures
    this.#denials = denials
    this.#sessions = sessions
  }

  /** Takes note of a CONNECT. @returns why the connection ends without an answer, or undefined */
  introduce(connection: Connection, packet: ConnectPacket): string | undefined {
    const { clientId, clean, keepalive, username = null, will, protocolVersion } = packet
    connection.introduction = { username: connection.identity ?? username, clean, keepalive }
    const { maxKeepalive } = this.#limits
    const isBounded = keepalive > 0 ? keepalive <= maxKeepalive : maxKeepalive === Number.POSITIVE_INFINITY
    if (!isBounded) packet.keepalive = maxKeepalive
    // [MQTT-3.1.3-8] and aedes #10; MQTT 3.1 knows no empty id at all
    const nameless = clientId === '' && (!clean || protocolVersion === 3)
    const tooLong = Buffer.byteLength(clientId) > this.#limits.maxClientIdLength
    if (nameless || tooLong) connection.refusal = 'clientid'
    else if (!this.#hasSession(clientId, clean)) connection.refusal = 'sessions'
    else if (!connection.hasRoom && !this.#takesOver(clientId)) connection.refusal = 'connections'
    if (clientId === '') packet.clientId = `auto-${randomUUID()}` // [MQTT-3.1.3-6]
    connection.will = will
    if (will) will.payload = Buffer.from(will.payload) // held as long as the connection, without the chunk that it came in
    const fault = will && publishFault(will, this.#limits.maxTopicLevels)
    return fault && `will: ${fault}`
  }

  /** @returns why it is refused, or undefined: it has a place */
  async authenticate(connection: Connection, password: Buffer | undefined): Promise<Refusal | undefined> {
    const refusal = connection.refusal ?? (await this.#admit(connection, password)) ?? this.#seat(connection)
    if (refusal && !connection.client.closed) this.#figures.countRefused(refusal)
    return refusal
  }

  /** @returns true: it is granted, and its SUBACK follows */
  maySubscribe(connection: Connection, filter: string, qos: Qos): boolean {
    const { maxTopicLevels, maxSubscriptions } = this.#limits
    if (subscriptionFault(filter, maxTopicLevels)) {
      if (levelsFault(filter, maxTopicLevels)) this.#figures.countOver('topic_levels')
      return false
    }
    const { subscriptions } = connection.session!
    const { granting } = connection
    const isNew = !subscriptions.has(filter) && !granting.has(filter)
    if (isNew && subscriptions.weight + granting.weight + weightOf(filter) > maxSubscriptions) {
      this.#figures.countOver('subscriptions')
      return false
    }
    if (connection.access?.maySubscribe(filter) === false) {
      this.#denials.note('subscribe', connection, filter)
      return false
    }
    const grant = { topic: filter, qos }
    connection.granting.set(filter, grant)
    if (!connection.introduction.clean) connection.unstored.push(grant)
    return true
  }

  /** Now that it has proven who it is: others came while its password was checked. */
  #seat(connection: Connection): Refusal | undefined {
    const { client, introduction } = connection
    if (!this.#hasSession(client.id, introduction.clean)) return 'sessions'
    return connection.takePlace(this.#takesOver(client.id)) ? undefined : 'connections'
  }

  #hasSession(clientid: string, clean: boolean): boolean {
    return clean || this.#sessions.get(clientid)?.clean === false || this.#sessions.stored < this.#limits.maxSessions
  }

  #takesOver(clientid: string): boolean {
    return this.#sessions.get(clientid)?.connection !== undefined
  }

  async #admit(connection: Connection, password: Buffer | undefined): Promise<Refusal | undefined> {
    const { client, identity } = connection
    const admitted = await this.#access?.admit({
      ...principal(connection),
      password,
      identity,
      gone: () => client.closed,
    })
    if (typeof admitted === 'string') return admitted
    connection.access = admitted
    return undefined
  }
}

export const principal = ({ client, introduction, peerhost }: Connection): Principal => ({
  clientid: client.id,
  username: introduction.username,
  peerhost,
})
