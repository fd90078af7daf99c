import { type Bench, type Figure, inTurns, median, type Rounds } from './figure.ts'
import { NOWHERE, pgsqlHook, SQLITE_HOOK, startGateway } from './gateway.ts'
import { generate, type Load } from './native.ts'
import { type Peer, startMosquitto, startStockAedes } from './peers.ts'

const GOAL = { atLeast: 1.2 }

export const ingest: Bench = {
  about: 'QoS 1 messages/s that are acknowledged: 100 bytes, 10 publishers, window 100, one hook',
  async run(rounds) {
    const alone = await inTurns(rounds, {
      'Holdfast, pool down': () => withGateway(pgsqlHook(NOWHERE), rounds),
      'stock aedes': () => withPeer(startStockAedes(), rounds),
      mosquitto: () => withPeer(startMosquitto(), rounds),
      'Holdfast, embedded pool': () => withGateway(SQLITE_HOOK, rounds),
    })
    const subscriber = true
    const delivered = await inTurns(rounds, {
      'Holdfast, pool down': () => withGateway(pgsqlHook(NOWHERE), rounds, subscriber),
      'stock aedes': () => withPeer(startStockAedes(), rounds, subscriber),
      // Its default queue of 1000 messages a subscriber would drop what the others deliver.
      mosquitto: () => withPeer(startMosquitto('max_queued_messages 0'), rounds, subscriber),
    })
    return [
      compare('durable', alone, 'Holdfast, pool down', 'stock aedes'),
      compare('durable', alone, 'Holdfast, pool down', 'mosquitto'),
      compare('durable + into SQLite', alone, 'Holdfast, embedded pool', 'stock aedes'),
      compare('durable + into SQLite', alone, 'Holdfast, embedded pool', 'mosquitto'),
      compare('durable + 1 subscriber', delivered, 'Holdfast, pool down', 'stock aedes'),
      compare('durable + 1 subscriber', delivered, 'Holdfast, pool down', 'mosquitto'),
    ]
  },
}

async function withGateway(plugins: Record<string, string>, { seconds }: Rounds, subscriber = false): Promise<Load> {
  const gateway = await startGateway(plugins)
  try {
    return await generate({ port: gateway.port, seconds, subscriber })
  } finally {
    await gateway.remove()
  }
}

async function withPeer(starting: Promise<Peer>, { seconds }: Rounds, subscriber = false): Promise<Load> {
  const peer = await starting
  try {
    return await generate({ port: peer.port, seconds, subscriber })
  } finally {
    await peer.stop()
  }
}

function compare(what: string, loads: Record<string, Load[]>, own: string, peer: string): Figure {
  const rate = (name: string): number => median(loads[name]!.map((load) => load.acksPerSecond))
  return {
    what,
    unit: 'msg/s',
    value: rate(own),
    peer: { name: peer, value: rate(peer) },
    goal: GOAL,
    detail: { [own]: loads[own], [peer]: loads[peer] },
  }
}
