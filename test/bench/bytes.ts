import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, type Figure, inTurns, median } from './figure.ts'
import { bytesWritten, NOWHERE, pgsqlHook, SQLITE_HOOK, startGateway } from './gateway.ts'
import { generate } from './native.ts'

const RATE = 1000
const SETTLE_MS = 3000
/** Several checkpoints of the journal's log must fall into it. */
const LEAST_SECONDS = 20

export const bytes: Bench = {
  about: `bytes written to the disk for each message of 100 bytes, at ${RATE} msg/s from 10 publishers`,
  async run(rounds) {
    const seconds = Math.max(LEAST_SECONDS, rounds.seconds * 12)
    const results = await inTurns(
      { ...rounds, rounds: 1 },
      {
        'into the journal': () => measure(pgsqlHook(NOWHERE), seconds),
        'into the journal and the embedded database': () => measure(SQLITE_HOOK, seconds),
      },
    )
    return Object.entries(results).map(
      ([what, runs], index): Figure => ({
        what,
        unit: 'bytes/msg',
        value: Math.round(median(runs.map((run) => run.bytesPerMessage))),
        ...(index === 0 && { goal: { atMost: 1024 } }),
        detail: runs,
      }),
    )
  },
}

async function measure(plugins: Record<string, string>, seconds: number): Promise<{ bytesPerMessage: number }> {
  const gateway = await startGateway(plugins)
  try {
    const load = generate({ port: gateway.port, rate: RATE, count: RATE * (seconds + (2 * SETTLE_MS) / 1000) })
    await sleep(SETTLE_MS)
    const [from, before] = [performance.now(), bytesWritten(gateway.pid!)]
    await sleep(seconds * 1000)
    const [to, after] = [performance.now(), bytesWritten(gateway.pid!)]
    const { ackMs } = await load
    const bytesPerMessage = (after - before) / ((RATE * (to - from)) / 1000)
    return { bytesPerMessage, ...{ bytes: after - before, ms: to - from, ackMs } }
  } finally {
    await gateway.remove()
  }
}
