// One MQTT publisher that keeps the ledger: QoS 1 or 2, a persistent session, a window of messages in flight. After a
// reconnect it repeats, in order, whatever is not acknowledged [MQTT-4.4.0-1].

import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import mqtt, { type Packet } from 'mqtt-packet'
import type { Random } from '../helpers/random.ts'
import { type Kind, payloadOf } from './ledger.ts'

export interface PublisherOptions {
  readonly name: string
  readonly port: number
  readonly qos: 1 | 2
  readonly window: number
  readonly random: Random
  /** Messages sent at once, at most, and the longest pause between two such bursts. */
  readonly burst: number
  readonly pauseMs: number
  /** It drops its own connection now and then. */
  readonly cuts: boolean
  note(kind: Kind, publisher: string, n: number, qos: 1 | 2): void
}

interface InFlight {
  readonly n: number
  readonly payload: string
  sent: boolean
  /** PUBREC came: PUBREL is what is repeated. */
  received: boolean
}

const CUT_EVERY = 60 // bursts

export class Publisher {
  readonly #o: PublisherOptions
  /** By packet id, in order of sending. */
  readonly #inFlight = new Map<number, InFlight>()
  #socket: Socket | undefined
  #next = 0
  #until = 0
  #packetId = 0
  #ended = false
  readonly #connection: Promise<void>

  constructor(options: PublisherOptions) {
    this.#o = options
    this.#connection = this.#stayConnected()
    void this.#flow()
  }

  /** Nothing is left to send and nothing waits for an acknowledgement. */
  get settled(): boolean {
    return this.#next >= this.#until && this.#inFlight.size === 0
  }

  /** Publishes `count` more; Infinity: until `hold`. */
  publish(count: number): void {
    this.#until = this.#next + count
  }

  hold(): void {
    this.#until = this.#next
  }

  /** Takes its leave; resolves when the connection is closed. */
  async end(): Promise<void> {
    this.#ended = true
    this.#send({ cmd: 'disconnect' })
    this.#socket?.end()
    await this.#connection
  }

  async #flow(): Promise<void> {
    const { random, burst, pauseMs, cuts } = this.#o
    while (!this.#ended) {
      for (let left = random.between(1, burst); left > 0 && this.#publishNext(); left--);
      if (cuts && random.between(1, CUT_EVERY) === 1) this.#socket?.destroy()
      await sleep(random.between(1, pauseMs))
    }
  }

  #publishNext(): boolean {
    if (this.#next >= this.#until || this.#inFlight.size >= this.#o.window || !this.#socket) return false
    do this.#packetId = (this.#packetId % 0xffff) + 1
    while (this.#inFlight.has(this.#packetId))
    const n = this.#next++
    const message = { n, payload: payloadOf(this.#o.name, n), sent: false, received: false }
    this.#inFlight.set(this.#packetId, message)
    this.#sendMessage(this.#packetId, message)
    return true
  }

  #sendMessage(messageId: number, message: InFlight): void {
    const { name, qos } = this.#o
    if (message.received) {
      this.#send({ cmd: 'pubrel', messageId })
      return
    }
    this.#o.note(message.sent ? 'R' : 'S', name, message.n, qos)
    const { payload, sent: dup } = message
    message.sent = true
    this.#send({ cmd: 'publish', topic: `crash/${name}`, payload, qos, messageId, dup, retain: false })
  }

  #send(packet: Packet): void {
    this.#socket?.write(mqtt.generate(packet))
  }

  async #stayConnected(): Promise<void> {
    while (!this.#ended) {
      const socket = connect(this.#o.port, '127.0.0.1')
      socket.on('error', () => {}) // 'close' follows
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.once('connect', () => socket.write(mqtt.generate(hello(this.#o.name))))
      const parser = mqtt.parser()
      parser.on('packet', (packet: Packet) => this.#receive(packet, socket))
      parser.on('error', () => socket.destroy())
      socket.on('data', (bytes) => parser.parse(bytes))
      await closed
      this.#socket = undefined
      if (!this.#ended) await sleep(this.#o.random.between(20, 150))
    }
  }

  #receive(packet: Packet, socket: Socket): void {
    if (packet.cmd === 'connack') {
      if (packet.returnCode !== 0) return void socket.destroy()
      this.#socket = socket
      for (const [messageId, message] of this.#inFlight) this.#sendMessage(messageId, message)
      return
    }
    const message = packet.messageId === undefined ? undefined : this.#inFlight.get(packet.messageId)
    if (!message) return
    const { name, qos } = this.#o
    if (packet.cmd === 'puback' || packet.cmd === 'pubrec') this.#o.note('A', name, message.n, qos)
    if (packet.cmd === 'pubcomp') this.#o.note('C', name, message.n, qos)
    if (packet.cmd === 'pubrec') {
      message.received = true
      this.#sendMessage(packet.messageId!, message)
    } else this.#inFlight.delete(packet.messageId!)
  }
}

const hello = (clientId: string): Packet => ({
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 4,
  clientId,
  clean: false,
  keepalive: 60,
})
