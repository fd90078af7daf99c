import { compare, onGateway, onMosquitto } from './brokers.ts'
import { type Bench, inTurns } from './figure.ts'
import { SQLITE_HOOK } from './gateway.ts'

const SUBSCRIBERS = 100
const PUBLISHERS = 500

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
  about: `QoS 1 messages/s of ${PUBLISHERS} publishers, window 10, to 1 subscriber, 100 bytes, one hook`,
  async run(rounds) {
    const load = { seconds: rounds.seconds, publishers: PUBLISHERS, window: 10, subscribers: 1 }
    const loads = await inTurns(rounds, {
      Holdfast: () => onGateway(SQLITE_HOOK, load),
      mosquitto: () => onMosquitto(load),
    })
    const comparison = { what: `${PUBLISHERS} → 1`, own: 'Holdfast', peer: 'mosquitto' }
    return [{ ...compare(loads, comparison), goal: { atLeast: 1.2 } }]
  },
}
