import { BenchClient, publishAll, receive, subscribePacket } from './client.ts'
import { type Bench, type Figure, inTurns, median } from './figure.ts'
import { SQLITE_HOOK, startGateway } from './gateway.ts'
import { startMosquitto } from './peers.ts'

const TOPICS = 100_000
const LOOKUPS = 500
/** Median of a lookup, ms. */
const GOAL = { atMost: 1 }

interface Measured {
  /** SUBSCRIBE to the retained message of one topic, ms. */
  readonly exactMs: number
  /** SUBSCRIBE to `#`: messages/s. */
  readonly perSecond: number
}

export const retained: Bench = {
  about: `${TOPICS / 1e3}k retained messages: one by its topic, all by #`,
  async run(rounds) {
    const gateway = await startGateway(SQLITE_HOOK)
    const peer = await startMosquitto('max_queued_messages 0', 'set_tcp_nodelay true')
    try {
      for (const { port } of [gateway, peer]) await publishAll(port, retainedMessages())
      const subjects = { Holdfast: () => measure(gateway.port), mosquitto: () => measure(peer.port) }
      return figuresOf(await inTurns(rounds, subjects))
    } finally {
      await gateway.remove()
      await peer.stop()
    }
  },
}

const topicOf = (number: number): string => `site/${number % 100}/device/${number}`

function* retainedMessages(): Generator<{ topic: string; payload: Buffer; retain: true }> {
  for (let number = 0; number < TOPICS; number++) {
    yield { topic: topicOf(number), payload: Buffer.alloc(100, 'x'), retain: true }
  }
}

async function measure(port: number): Promise<Measured> {
  const client = await BenchClient.connect(port, { clientId: 'lookup', clean: true })
  const times: number[] = []
  for (let lookup = 0; lookup < LOOKUPS; lookup++) {
    const { promise, resolve } = Promise.withResolvers<void>()
    client.onPublish = (_, { messageId }) => {
      client.send({ cmd: 'puback', messageId: messageId! })
      resolve()
    }
    const began = performance.now()
    client.send(subscribePacket(topicOf((lookup * 7919) % TOPICS)))
    await client.alive(promise, () => 'no retained message came')
    times.push(performance.now() - began)
  }
  await client.leave()
  const { perSecond } = await receive({ port, clientId: 'all', count: TOPICS, subscribe: 'site/#' })
  return { exactMs: median(times), perSecond }
}

function figuresOf({ Holdfast: own = [], mosquitto: other = [] }: Record<string, Measured[]>): Figure[] {
  const exact = (of: Measured[]): number => median(of.map(({ exactMs }) => exactMs))
  const rate = (of: Measured[]): number => median(of.map(({ perSecond }) => perSecond))
  return [
    { what: 'one by its topic, alone', unit: 'ms', value: exact(own), goal: GOAL, detail: own },
    { what: 'one by its topic', unit: 'ms', value: exact(own), peer: { name: 'mosquitto', value: exact(other) } },
    { what: 'all by a wildcard', unit: 'msg/s', value: rate(own), peer: { name: 'mosquitto', value: rate(other) } },
  ]
}
