// An MQTT client of the package that Node users have, for tests.

import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt'
import { until } from './gateway.ts'

/** A client that keeps what it received. It acknowledges by itself. */
export class Client {
  readonly received: IPublishPacket[] = []
  readonly mqtt: MqttClient

  private constructor(client: MqttClient) {
    this.mqtt = client
    client.on('message', (_topic, _payload, packet) => this.received.push(packet))
  }

  static async connect(url: string, clientId: string, options: IClientOptions = {}): Promise<Client> {
    const client = mqtt.connect(url, { clientId, reconnectPeriod: 0, ...options })
    const one = new Client(client)
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve())
      client.once('error', reject)
    })
    return one
  }

  publish(topic: string, payload: string, qos: 0 | 1 | 2 = 1, retain = false): Promise<unknown> {
    return this.mqtt.publishAsync(topic, payload, { qos, retain })
  }

  /** @returns the granted QoS of each filter, 128 for a refused one */
  async subscribe(...filters: string[]): Promise<number[]> {
    const wanted = Object.fromEntries(filters.map((filter) => [filter, { qos: 1 }] as const))
    try {
      return (await this.mqtt.subscribeAsync(wanted)).map(({ qos }) => qos)
    } catch (error) {
      const { packet } = error as { packet?: { granted: number[] } }
      if (!packet) throw error
      return packet.granted
    }
  }

  /** What came, as `topic=payload`; retained ones marked `!`. */
  heard(topic?: string): string[] {
    return this.received
      .filter((packet) => topic === undefined || packet.topic === topic)
      .map((packet) => `${packet.topic}${packet.retain ? '!' : ''}=${packet.payload}`)
  }

  async hears(count: number, topic?: string): Promise<void> {
    await until(`${count} messages`, () => this.heard(topic).length >= count, 10_000)
  }

  end(): Promise<void> {
    return this.mqtt.endAsync()
  }
}

/** Connects clients, and ends them all. */
export function clientsOf(gateway: () => { readonly url: string }) {
  const clients: Client[] = []
  const connect = async (id: string, options?: IClientOptions): Promise<Client> => {
    const client = await Client.connect(gateway().url, id, options)
    clients.push(client)
    return client
  }
  const end = (): Promise<unknown> => Promise.all(clients.map((client) => client.mqtt.endAsync(true)))
  return { connect, end }
}
