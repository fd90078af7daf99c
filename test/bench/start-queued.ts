import { setTimeout as sleep } from 'node:timers/promises'
import type { GatewayProcess } from '../helpers/gateway.ts'
import { type Bench, inTurns, median } from './figure.ts'
import { NOWHERE, pgsqlHook, startGateway } from './gateway.ts'
import { generate } from './native.ts'
import { answers } from './peers.ts'

const QUEUED = 1_000_000

export const startQueued: Bench = {
  about: `from exec to an open listener, with ${QUEUED / 1e6}M events queued`,
  async run(rounds) {
    rounds.say(`queueing ${QUEUED} events`)
    const gateway = await startGateway(pgsqlHook(NOWHERE))
    try {
      await generate({ port: gateway.port, count: QUEUED })
      const times = await inTurns(rounds, {
        stopped: () => startAfter(gateway, () => gateway.stop()),
        killed: () => startAfter(gateway, () => gateway.kill9()),
      })
      return ['stopped', 'killed'].map((how) => ({
        what: `after it was ${how}`,
        unit: 'ms',
        value: Math.round(median(times[how]!)),
        goal: { atMost: 1000 },
        detail: times[how]!,
      }))
    } finally {
      await gateway.remove()
    }
  },
}

/** Until the port answers: what the gateway prints may come later. */
export async function listens(gateway: GatewayProcess): Promise<void> {
  while (!(await answers(gateway.port))) await sleep(2)
}

/** @returns ms */
async function startAfter(gateway: GatewayProcess, end: () => Promise<unknown>): Promise<number> {
  await end()
  const begin = performance.now()
  const started = gateway.start()
  await listens(gateway)
  const ms = performance.now() - begin
  await started
  return ms
}
