import { type Bench, type Figure, inTurns, median } from './figure.ts'
import { NOWHERE, pgsqlHook, startGateway } from './gateway.ts'
import { generate, type Load, slowSync } from './native.ts'

const DELAY_MS = 5
/** Without a subscriber each message would have 7 ms at the undisturbed rate, less than two syncs: for orientation. */
const GOAL = { goal: { atLeast: 0.8 } }

export const slowDisk: Bench = {
  about: `the same with every fdatasync and fsync ${DELAY_MS} ms slower, as on an SD card; 1000 messages in flight`,
  async run(rounds) {
    const figures: Figure[] = []
    for (const subscribers of [1, 0]) {
      const runs = await inTurns(rounds, {
        'slow disk': () => ingestWith(DELAY_MS, rounds.seconds, subscribers),
        'disk as it is': () => ingestWith(0, rounds.seconds, subscribers),
      })
      const rate = (name: string): number => median(runs[name]!.map(({ load }) => load.acksPerSecond))
      figures.push({
        what: `syncs ${DELAY_MS} ms slower, ${subscribers ? '1 subscriber' : 'no subscriber'}`,
        unit: 'msg/s',
        value: rate('slow disk'),
        peer: { name: 'disk as it is', value: rate('disk as it is') },
        ...(subscribers > 0 && GOAL),
        detail: runs,
      })
    }
    return figures
  },
}

async function ingestWith(
  delayMs: number,
  seconds: number,
  subscribers: number,
): Promise<{ load: Load; syncs: number }> {
  const shim = await slowSync(delayMs)
  const gateway = await startGateway(pgsqlHook(NOWHERE), shim.env)
  try {
    const before = shim.calls()
    const load = await generate({ port: gateway.port, publishers: 10, window: 100, seconds, subscribers })
    const syncs = shim.calls() - before
    if (syncs < seconds) throw new Error(`the shim saw ${syncs} syncs: it is not in their way`)
    return { load, syncs }
  } finally {
    await gateway.remove()
  }
}
