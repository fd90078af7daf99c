// An MQTT client that hides nothing: every packet as it comes, acknowledged only when the test says so.

import assert from 'node:assert/strict'
import { connect as connectSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import mqtt, { type IConnackPacket, type IConnectPacket, type IPublishPacket, type Packet } from 'mqtt-packet'

const PATIENCE_MS = 3000

export class RawClient {
  readonly socket: Duplex
  /** Everything received, in order. */
  readonly packets: Packet[] = []
  closed = false
  /** Told of each packet as it comes, and of the end (undefined). */
  listener: ((packet: Packet | undefined) => void) | undefined
  #wake: (() => void)[] = []
  #nextId = 1

  /** @param way the port of a TCP listener, or a stream that is open: TLS, WebSocket */
  constructor(way: number | Duplex) {
    const parser = mqtt.parser()
    this.socket = typeof way === 'number' ? connectSocket({ port: way, host: '127.0.0.1', noDelay: true }) : way
    parser.on('packet', (packet) => {
      this.packets.push(packet)
      this.listener?.(packet)
      this.#notify()
    })
    this.socket.on('data', (bytes) => parser.parse(bytes))
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.closed = true
      this.listener?.(undefined)
      this.#notify()
    })
  }

  /** Connects and waits for the CONNACK. */
  static async connect(way: number | Duplex, options: Partial<IConnectPacket> = {}): Promise<RawClient> {
    const client = new RawClient(way)
    client.send(connectPacket(options))
    await client.received('connack')
    return client
  }

  get connack(): IConnackPacket | undefined {
    return this.packets.find((packet): packet is IConnackPacket => packet.cmd === 'connack')
  }

  get publishes(): IPublishPacket[] {
    return this.packets.filter((packet): packet is IPublishPacket => packet.cmd === 'publish')
  }

  /** All in one segment. */
  send(...packets: Packet[]): void {
    this.socket.write(Buffer.concat(packets.map((packet) => mqtt.generate(packet))))
  }

  /** Bytes of no packet that mqtt-packet would write. */
  sendBytes(...bytes: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(bytes))
  }

  async subscribe(...subscriptions: [topic: string, qos: 0 | 1 | 2][]): Promise<number[]> {
    const messageId = this.#nextId++
    this.send({ cmd: 'subscribe', messageId, subscriptions: subscriptions.map(([topic, qos]) => ({ topic, qos })) })
    await this.until(() => this.packets.some((packet) => packet.cmd === 'suback' && packet.messageId === messageId))
    const suback = this.packets.findLast((packet) => packet.cmd === 'suback' && packet.messageId === messageId)
    return (suback as { granted: number[] }).granted
  }

  /** Publishes and waits for the PUBACK or PUBREC. */
  async publish(topic: string, payload: string, options: Partial<IPublishPacket> = {}): Promise<void> {
    const packet = publishPacket(topic, payload, { messageId: this.#nextId++, ...options })
    const before = this.packets.length
    this.send(packet)
    if (packet.qos === 0) return
    await this.until(() =>
      this.packets
        .slice(before)
        .some(({ cmd, messageId }) => /^pub(ack|rec)$/.test(cmd) && messageId === packet.messageId),
    )
  }

  /** Acknowledges PUBLISHes and PUBRELs as they come, from now on and those that came. */
  acknowledgeAll(): void {
    let answered = 0
    const answer = (): void => {
      for (const packet of this.packets.slice(answered)) {
        answered++
        if (packet.cmd === 'publish' && packet.qos === 1) this.answer('puback', packet)
        if (packet.cmd === 'publish' && packet.qos === 2) this.answer('pubrec', packet)
        if (packet.cmd === 'pubrel') this.answer('pubcomp', packet)
      }
      if (!this.closed) this.#wake.push(answer)
    }
    answer()
  }

  answer(cmd: 'puback' | 'pubrec' | 'pubcomp', packet: Packet): void {
    this.send({ cmd, messageId: packet.messageId! })
  }

  async received(cmd: Packet['cmd'], count = 1): Promise<Packet> {
    await this.until(() => this.packets.filter((packet) => packet.cmd === cmd).length >= count, `${count} ${cmd}`)
    return this.packets.filter((packet) => packet.cmd === cmd)[count - 1]!
  }

  /** Waits until `condition` holds, looking after each packet and at the close. */
  async until(condition: () => boolean, what = 'what was awaited', patienceMs = PATIENCE_MS): Promise<void> {
    const deadline = performance.now() + patienceMs
    while (!condition()) {
      assert.ok(performance.now() < deadline, `${what} did not come; came: ${summary(this.packets)}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake.push(resolve)
      await Promise.race([promise, sleep(Math.min(50, patienceMs))])
    }
  }

  /** Waits until everything is here that was written to this client before now: PINGRESP comes behind it. */
  async fence(): Promise<void> {
    const answered = this.packets.filter(({ cmd }) => cmd === 'pingresp').length
    this.send({ cmd: 'pingreq' })
    await this.received('pingresp', answered + 1)
  }

  /** Waits until the broker has ended the connection. */
  ended(): Promise<void> {
    return this.until(() => this.closed, 'the end of the connection')
  }

  /** The connection breaks without a DISCONNECT. */
  async drop(): Promise<void> {
    this.socket.destroy()
    await this.until(() => this.closed)
  }

  async disconnect(): Promise<void> {
    this.send({ cmd: 'disconnect' })
    await this.until(() => this.closed)
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

export function connectPacket(options: Partial<IConnectPacket> = {}): IConnectPacket {
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clientId: `c${Math.random().toString(36).slice(2)}`,
    clean: true,
    keepalive: 60,
    ...options,
  }
}

export function publishPacket(topic: string, payload: string, options: Partial<IPublishPacket> = {}): IPublishPacket {
  return { cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false, ...options }
}

/** A text as MQTT writes it: its length, its bytes. */
export function textBytes(text: string | readonly number[]): Buffer {
  const bytes = Buffer.from(text as string)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** A control packet of any bytes: the first one, the remaining length, then `parts`; texts with their length before them. */
export function packetBytes(first: number, ...parts: readonly (Buffer | string | readonly number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? textBytes(part) : Buffer.from(part))))
  const head = [first]
  for (let rest = body.length, more = true; more; rest >>>= 7) {
    more = rest > 127
    head.push((rest & 127) | (more ? 128 : 0))
  }
  return Buffer.concat([Buffer.from(head), body])
}

export interface ConnectBytes {
  readonly name?: string
  readonly level?: number
  /** 128 user name, 64 password, 32 will retain, 8 and 16 will QoS, 4 will, 2 clean session, 1 reserved. */
  readonly flags?: number
  readonly payload: readonly (Buffer | string)[]
}

export function connectBytes({ name = 'MQTT', level = 4, flags = 2, payload }: ConnectBytes): Buffer {
  return packetBytes(0x10, name, [level, flags, 0, 60], ...payload)
}

function summary(packets: readonly Packet[]): string {
  const counts: Record<string, number> = {}
  for (const { cmd } of packets) counts[cmd] = (counts[cmd] ?? 0) + 1
  return JSON.stringify(counts)
}
