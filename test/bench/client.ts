// A client that does what a bench needs, with as little work of its own as it can.

import { connect, type Socket } from 'node:net'
import mqtt, { type IConnectPacket, type IPublishPacket, type Packet } from 'mqtt-packet'

const PATIENCE_MS = 120_000
/** Publishes that wait for their PUBACK. */
const WINDOW = 200

export interface ReceiveOptions {
  readonly port: number
  readonly clientId: string
  readonly count: number
  /** Absent: an old session is resumed. */
  readonly subscribe?: string
}

export interface Received {
  readonly perSecond: number
  /** From the CONNECT to its CONNACK, and from there to the first message, ms. */
  readonly connackMs: number
  readonly firstMs: number
}

/** Receives so many messages with QoS 1 and acknowledges each. A session that is made here is a clean one. */
export async function receive({ port, clientId, count, subscribe }: ReceiveOptions): Promise<Received> {
  const began = performance.now()
  let first = 0
  let received = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const options = { clientId, clean: subscribe !== undefined }
  const client = await BenchClient.connect(port, options, (of, { messageId }) => {
    if (received === 0) first = performance.now()
    of.send({ cmd: 'puback', messageId: messageId! })
    if (++received === count) resolve()
  })
  const connected = performance.now()
  if (subscribe !== undefined) client.send(subscribePacket(subscribe))
  await client.alive(promise, () => `${received} of ${count} messages came`)
  const perSecond = count / ((performance.now() - connected) / 1000)
  await client.leave()
  return { perSecond, connackMs: connected - began, firstMs: first - connected }
}

/** Publishes with QoS 1, `WINDOW` at a time. */
export async function publishAll(port: number, messages: Iterable<Partial<IPublishPacket>>): Promise<void> {
  const client = await BenchClient.connect(port, { clientId: 'bench-publisher', clean: true })
  const { promise, resolve } = Promise.withResolvers<void>()
  const source = messages[Symbol.iterator]()
  let inFlight = 0
  let messageId = 0
  const next = (): void => {
    for (; inFlight < WINDOW; inFlight++) {
      const { done, value } = source.next()
      if (done) {
        if (inFlight === 0) resolve()
        return
      }
      messageId = (messageId % 65_535) + 1
      client.send({ cmd: 'publish', topic: '', payload: '', qos: 1, dup: false, retain: false, ...value, messageId })
    }
  }
  client.onOther = ({ cmd }) => {
    if (cmd !== 'puback') return
    inFlight--
    next()
  }
  next()
  await client.alive(promise, () => 'not all was acknowledged')
  await client.leave()
}

/** Makes a session that is kept, with one subscription, and goes. */
export async function leaveSession(port: number, clientId: string, filter: string): Promise<void> {
  const client = await BenchClient.connect(port, { clientId, clean: false })
  await client.subscribed(filter)
  await client.leave()
}

export const subscribePacket = (topic: string): Packet => ({
  cmd: 'subscribe',
  messageId: 1,
  subscriptions: [{ topic, qos: 1 }],
})

type OnPublish = (client: BenchClient, packet: IPublishPacket) => void

export class BenchClient {
  onPublish: OnPublish
  onOther: (packet: Packet) => void = () => {}
  readonly #socket: Socket

  private constructor(port: number, onPublish: OnPublish) {
    this.onPublish = onPublish
    const parser = mqtt.parser()
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('error', () => {}) // the close tells
    parser.on('packet', (packet) => (packet.cmd === 'publish' ? this.onPublish(this, packet) : this.onOther(packet)))
    this.#socket.on('data', (bytes) => {
      this.#socket.cork()
      parser.parse(bytes)
      this.#socket.uncork()
    })
  }

  /** `onPublish` from the first on: those of a resumed session come with the CONNACK. */
  static async connect(
    port: number,
    options: Partial<IConnectPacket>,
    onPublish: OnPublish = () => {},
  ): Promise<BenchClient> {
    const client = new BenchClient(port, onPublish)
    client.send({ cmd: 'connect', protocolId: 'MQTT', keepalive: 0, ...options } as IConnectPacket)
    await client.#answer('connack')
    return client
  }

  send(packet: Packet): void {
    this.#socket.write(mqtt.generate(packet))
  }

  async subscribed(filter: string): Promise<void> {
    this.send(subscribePacket(filter))
    await this.#answer('suback')
  }

  async leave(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#socket.once('close', resolve)
    this.#socket.end(mqtt.generate({ cmd: 'disconnect' }))
    await promise
  }

  /** `promise`, or a rejection that says `what`: the broker closed, or it takes too long. */
  alive<T>(promise: Promise<T>, what: () => string): Promise<T> {
    const { promise: ended, reject } = Promise.withResolvers<T>()
    const closed = (): void => reject(new Error(`the broker closed the connection: ${what()}`))
    const timer = setTimeout(() => reject(new Error(what())), PATIENCE_MS)
    this.#socket.once('close', closed)
    return Promise.race([promise, ended]).finally(() => {
      clearTimeout(timer)
      this.#socket.removeListener('close', closed)
    })
  }

  async #answer(cmd: Packet['cmd']): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.onOther = (packet) => packet.cmd === cmd && resolve()
    await this.alive(promise, () => `no ${cmd} came`)
  }
}
