import { compare, onGateway, onMosquitto, onPeer } from './brokers.ts'
import { type Bench, inTurns } from './figure.ts'
import { NOWHERE, pgsqlHook, SQLITE_HOOK } from './gateway.ts'
import { startStockAedes } from './peers.ts'

/** A broker with no subscriber has next to nothing to do but to answer, so only the figures with one have a goal. */
const GOAL = { atLeast: 1.2 }
const PEERS = ['stock aedes', 'mosquitto']

export const ingest: Bench = {
  about: 'QoS 1 messages/s that are acknowledged: 100 bytes, 10 publishers, window 100, one hook',
  async run(rounds) {
    const { seconds } = rounds
    const load = { seconds, subscribers: 1 }
    const delivered = await inTurns(rounds, {
      'Holdfast, pool down': () => onGateway(pgsqlHook(NOWHERE), load),
      'stock aedes': () => onPeer(startStockAedes(), load),
      mosquitto: () => onMosquitto(load),
      'Holdfast, embedded pool': () => onGateway(SQLITE_HOOK, load),
    })
    const alone = await inTurns(rounds, {
      'Holdfast, pool down': () => onGateway(pgsqlHook(NOWHERE), { seconds }),
      'stock aedes': () => onPeer(startStockAedes(), { seconds }),
      mosquitto: () => onMosquitto({ seconds }),
    })
    const down = 'Holdfast, pool down'
    return [
      ...PEERS.map((peer) => ({ ...compare(delivered, { what: '1 subscriber', own: down, peer }), goal: GOAL })),
      ...PEERS.map((peer) => {
        const what = '1 subscriber, and into SQLite'
        return compare(delivered, { what, own: 'Holdfast, embedded pool', peer })
      }),
      ...PEERS.map((peer) => compare(alone, { what: 'no subscriber', own: down, peer })),
    ]
  },
}
