import type { GatewayProcess } from '../helpers/gateway.ts'
import { leaveSession, type Received, receive } from './client.ts'
import { type Bench, type Figure, median, type Rounds } from './figure.ts'
import { residentMb, SQLITE_HOOK, startGateway } from './gateway.ts'
import { generate } from './native.ts'
import { startMosquitto } from './peers.ts'

const SESSIONS = 100
const MESSAGES = 10_000
const PREFIX = 'offline'
/** Messages/s of one session. */
const GOAL = { atLeast: 20_000 }

export const offline: Bench = {
  about: `${(SESSIONS * MESSAGES) / 1e6}M messages for ${SESSIONS} sessions that are away: ${MESSAGES} each, also after kill -9`,
  async run(rounds) {
    const gateway = await startGateway(SQLITE_HOOK)
    const peer = await startMosquitto('max_queued_messages 0')
    try {
      const own = await queue(gateway.port, rounds)
      const other = await queue(peer.port, rounds)
      const memory = residentMb(gateway.pid!)
      const peerMemory = residentMb(peer.pid)
      rounds.say('replay')
      const third = Math.floor(SESSIONS / 3)
      const replayed = await replay(gateway.port, 0, third)
      const peerReplayed = await replay(peer.port, 0, third)
      rounds.say('replay after kill -9')
      const startedMs = await restart(gateway)
      const restarted = await replay(gateway.port, third, 2 * third)
      const mosquitto = (value: number) => ({ name: 'mosquitto', value })
      return [
        { what: 'queued for all', unit: 'msg/s', value: own, peer: mosquitto(other) },
        { what: 'memory then', unit: 'MB', value: memory, peer: mosquitto(peerMemory) },
        { what: 'replay of a session', unit: 'msg/s', value: rate(replayed), goal: GOAL, detail: replayed },
        { what: 'the same', unit: 'msg/s', value: rate(replayed), peer: mosquitto(rate(peerReplayed)) },
        { what: 'kill -9 to an open listener', unit: 'ms', value: startedMs },
        { what: '… to the CONNACK of the first session', unit: 'ms', value: startedMs + restarted[0]!.connackMs },
        { what: 'replay after that', unit: 'msg/s', value: rate(restarted), detail: restarted },
      ] satisfies Figure[]
    } finally {
      await gateway.remove()
      await peer.stop()
    }
  },
}

const sessionName = (number: number): string => `away-${number}`
const rate = (received: readonly Received[]): number => median(received.map(({ perSecond }) => perSecond))

/** @returns messages/s that were acknowledged while they were queued for every session */
async function queue(port: number, { say }: Rounds): Promise<number> {
  say('queueing')
  for (let number = 0; number < SESSIONS; number++) await leaveSession(port, sessionName(number), `${PREFIX}/#`)
  const { acksPerSecond } = await generate({ port, topic: PREFIX, count: MESSAGES })
  return acksPerSecond
}

async function replay(port: number, from: number, to: number): Promise<Received[]> {
  const received: Received[] = []
  for (let number = from; number < to; number++) {
    received.push(await receive({ port, clientId: sessionName(number), count: MESSAGES }))
  }
  return received
}

async function restart(gateway: GatewayProcess): Promise<number> {
  await gateway.kill9()
  const began = performance.now()
  await gateway.start()
  return performance.now() - began
}
