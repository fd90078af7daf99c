import { type Bench, type Figure, inTurns, median, type Rounds } from './figure.ts'
import { NOWHERE, pgsqlHook, SQLITE_HOOK, startGateway } from './gateway.ts'
import { generate, type Load } from './native.ts'
import { type Peer, startMosquitto, startStockAedes } from './peers.ts'

/** A broker with no subscriber has next to nothing to do but to answer, so only the figures with one have a goal. */
const GOAL = { atLeast: 1.2 }

export const ingest: Bench = {
  about: 'QoS 1 messages/s that are acknowledged: 100 bytes, 10 publishers, window 100, one hook',
  async run(rounds) {
    const subscriber = true
    const delivered = await inTurns(rounds, {
      'Holdfast, pool down': () => withGateway(pgsqlHook(NOWHERE), rounds, subscriber),
      'stock aedes': () => withPeer(startStockAedes(), rounds, subscriber),
      // Its default queue of 1000 messages a subscriber would drop what the others deliver.
      mosquitto: () => withPeer(startMosquitto('max_queued_messages 0'), rounds, subscriber),
      'Holdfast, embedded pool': () => withGateway(SQLITE_HOOK, rounds, subscriber),
    })
    const alone = await inTurns(rounds, {
      'Holdfast, pool down': () => withGateway(pgsqlHook(NOWHERE), rounds),
      'stock aedes': () => withPeer(startStockAedes(), rounds),
      mosquitto: () => withPeer(startMosquitto(), rounds),
    })
    const peers = ['stock aedes', 'mosquitto']
    return [
      ...peers.map((peer) => ({ ...compare('1 subscriber', delivered, 'Holdfast, pool down', peer), goal: GOAL })),
      ...peers.map((peer) => compare('1 subscriber, and into SQLite', delivered, 'Holdfast, embedded pool', peer)),
      ...peers.map((peer) => compare('no subscriber', alone, 'Holdfast, pool down', peer)),
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
    detail: { [own]: loads[own], [peer]: loads[peer] },
  }
}
