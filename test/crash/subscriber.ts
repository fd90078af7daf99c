// A subscriber with a stored session, held against the publishers' ledger like a table: it loses its connection now and then,
// acknowledges late, and takes of QoS 2 each message once, by packet ids as a receiver keeps them [MQTT-4.3.3-2].

import { setTimeout as sleep } from 'node:timers/promises'
import type { Packet } from 'mqtt-packet'
import { until } from '../helpers/gateway.ts'
import type { Random } from '../helpers/random.ts'
import { connectPacket, RawClient } from '../helpers/raw-client.ts'
import type { Ledger } from './ledger.ts'

export interface SubscriberOptions {
  readonly name: string
  readonly port: number
  readonly qos: 1 | 2
  readonly random: Random
}

const CUT_EVERY = 300 // messages
const LATEST_MS = 30

export class Subscriber {
  readonly qos: 1 | 2
  /** Payloads, as they came; of QoS 2 without what the packet id shows to be a repetition. */
  readonly received: string[] = []
  /** The gateway had granted the subscription, and forgot the session. */
  isForgotten = false
  readonly #o: SubscriberOptions
  /** QoS 2 packet ids between PUBLISH and PUBREL. */
  readonly #halfDone = new Set<number>()
  #client: RawClient | undefined
  #isSubscribed = false
  #ended = false
  readonly #connection: Promise<void>

  constructor(options: SubscriberOptions) {
    this.#o = options
    this.qos = options.qos
    this.#connection = this.#stayConnected()
  }

  /** Resolves when it is subscribed: what is acknowledged from now on is for it. */
  async ready(): Promise<void> {
    await until('it is subscribed', () => this.#isSubscribed)
  }

  /** Resolves when it has all that was acknowledged to the publishers. */
  async settle(ledger: () => Ledger): Promise<void> {
    const isComplete = (): boolean => {
      const received = new Set(this.received)
      return [...ledger()].every(([payload, { acknowledged }]) => !acknowledged || received.has(payload))
    }
    await until(`${this.#o.name} has what was acknowledged`, isComplete, 60_000).catch(() => {}) // the audit names it
  }

  async end(): Promise<void> {
    this.#ended = true
    this.#client?.socket.destroy()
    await this.#connection
  }

  async #stayConnected(): Promise<void> {
    const { name, port, random } = this.#o
    while (!this.#ended) {
      const client = new RawClient(port)
      this.#client = client
      client.send(connectPacket({ clientId: name, clean: false }))
      await new Promise<void>((ended) => {
        client.listener = (packet) => (packet ? this.#receive(client, packet) : ended())
      })
      if (!this.#ended) await sleep(random.between(20, 150))
    }
  }

  #receive(client: RawClient, packet: Packet): void {
    const { qos, random } = this.#o
    const messageId = packet.messageId!
    switch (packet.cmd) {
      case 'connack':
        if (this.#isSubscribed && !packet.sessionPresent) this.isForgotten = true
        if (!this.#isSubscribed) {
          client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'crash/#', qos }] })
        }
        break
      case 'suback':
        this.#isSubscribed = true
        break
      case 'publish': {
        if (packet.qos < 2 || !this.#halfDone.has(messageId)) this.received.push(String(packet.payload))
        if (packet.qos === 2) this.#halfDone.add(messageId)
        if (random.between(1, CUT_EVERY) === 1) client.socket.destroy()
        void this.#answer(client, { cmd: packet.qos === 2 ? 'pubrec' : 'puback', messageId })
        break
      }
      case 'pubrel':
        this.#halfDone.delete(messageId)
        void this.#answer(client, { cmd: 'pubcomp', messageId })
    }
  }

  async #answer(client: RawClient, packet: Packet): Promise<void> {
    const { random } = this.#o
    if (random.next() < 0.5) await sleep(random.between(1, LATEST_MS))
    if (!client.closed) client.send(packet)
  }
}
