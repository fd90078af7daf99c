// A statement of MQTT 3.1.1's appendix B as one test, named by its number; src/broker/CONFORMANCE.md is their table. They look from
// outside: each file has a gateway as its own process.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { IConnectPacket, IPublishPacket } from 'mqtt-packet'
import { GatewayProcess } from '../helpers/gateway.ts'
import { RawClient } from '../helpers/raw-client.ts'

type Qos = 0 | 1 | 2

export const gateway = new GatewayProcess({ conf: 'listener.ws.default = 127.0.0.1:0\nlog.level = error' })
before(() => gateway.start())
after(() => gateway.remove())

/** What one test has: the gateway, clients that end with it, and a topic of its own. */
export class Stage {
  readonly topic: string
  readonly #clients: RawClient[] = []
  #publisher: RawClient | undefined

  constructor(name: string) {
    this.topic = name
  }

  /** A connection that has not said anything. */
  open(): RawClient {
    const client = new RawClient(gateway.port)
    this.#clients.push(client)
    return client
  }

  async connect(options: Partial<IConnectPacket> = {}): Promise<RawClient> {
    const client = await RawClient.connect(gateway.port, options)
    this.#clients.push(client)
    return client
  }

  /** A client that subscribed, and acknowledges what comes. */
  async subscriber(filter: string, qos: Qos = 2, options: Partial<IConnectPacket> = {}): Promise<RawClient> {
    const client = await this.connect(options)
    client.acknowledgeAll()
    assert.deepEqual(await client.subscribe([filter, qos]), [qos])
    return client
  }

  /** By a client of its own, QoS 1 unless said otherwise. When it is acknowledged, it has been handed to all subscribers. */
  async publish(topic: string, payload: string, options: Partial<IPublishPacket> = {}): Promise<void> {
    this.#publisher ??= await this.connect()
    await this.#publisher.publish(topic, payload, { qos: 1, ...options })
    if (options.qos === 0) await this.#publisher.publish('behind it', '', { qos: 1 })
  }

  /** The bytes are a fault: the connection ends, and nothing is said before. */
  async refuses(client: RawClient, bytes: Buffer): Promise<void> {
    const before = client.packets.length
    client.sendBytes(bytes)
    await client.ended()
    assert.equal(client.packets.length, before, `answered ${bytes.toString('hex')}`)
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.drop()
  }
}

/** @param number as appendix B has it. @param skip why it can't run here */
export function statement(
  number: string,
  says: string,
  run: (stage: Stage) => Promise<void>,
  skip: string | false = false,
): void {
  test(`[MQTT-${number}] ${says}`, { skip }, async () => {
    const stage = new Stage(`s${number}`)
    try {
      await run(stage)
    } finally {
      await stage.close()
    }
  })
}

export const payloads = (client: RawClient): string[] => client.publishes.map(({ payload }) => payload.toString())
export const will = (topic: string, more: { qos?: Qos; retain?: boolean } = {}) => ({
  will: { topic, payload: Buffer.from('will'), qos: 0 as Qos, retain: false, ...more },
})
