import { compare, onGateway, onMosquitto } from './brokers.ts'
import { type Bench, type Figure, inTurns } from './figure.ts'
import { NOWHERE, pgsqlHook, SQLITE_HOOK } from './gateway.ts'

const SUBSCRIBERS = 100
const FEW = 100
/** Of so many a read of the socket brings one message, more often than not: for orientation. */
const MANY = 500

export const fanOut: Bench = {
  about: `deliveries/s at QoS 1 from 1 publisher to ${SUBSCRIBERS} subscribers, 100 bytes, one hook`,
  async run(rounds) {
    const load = { seconds: rounds.seconds, publishers: 1, subscribers: SUBSCRIBERS }
    const loads = await inTurns(rounds, {
      Holdfast: () => onGateway(SQLITE_HOOK, load),
      mosquitto: () => onMosquitto(load),
    })
    const comparison = { what: `1 → ${SUBSCRIBERS}`, own: 'Holdfast', peer: 'mosquitto' } as const
    return [{ ...compare(loads, { ...comparison, counted: 'receivedPerSecond' }), goal: { atLeast: 0.8 } }]
  },
}

export const fanIn: Bench = {
  about: `QoS 1 messages/s of ${FEW} and ${MANY} publishers, window 10, to 1 subscriber, 100 bytes, one hook`,
  async run(rounds) {
    const figures: Figure[] = []
    for (const publishers of [FEW, MANY]) {
      const load = { seconds: rounds.seconds, publishers, window: 10, subscribers: 1 }
      const loads = await inTurns(rounds, {
        'Holdfast, pool down': () => onGateway(pgsqlHook(NOWHERE), load),
        mosquitto: () => onMosquitto(load),
        'Holdfast, embedded pool': () => onGateway(SQLITE_HOOK, load),
      })
      const figure = (what: string, own: string): Figure => compare(loads, { what, own, peer: 'mosquitto' })
      const alone = figure(`${publishers} → 1`, 'Holdfast, pool down')
      figures.push(publishers === FEW ? { ...alone, goal: { atLeast: 1.2 } } : alone)
      figures.push(figure(`${publishers} → 1, and into SQLite`, 'Holdfast, embedded pool'))
    }
    return figures
  },
}
