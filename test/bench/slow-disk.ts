import { type Bench, inTurns, median } from './figure.ts'
import { NOWHERE, pgsqlHook, startGateway } from './gateway.ts'
import { generate, type Load, slowSync } from './native.ts'

const DELAY_MS = 5

export const slowDisk: Bench = {
  about: `the same with every fdatasync and fsync ${DELAY_MS} ms slower, as on an SD card; 1000 messages in flight`,
  async run(rounds) {
    const runs = await inTurns(rounds, {
      'slow disk': () => ingestWith(DELAY_MS, rounds.seconds),
      'disk as it is': () => ingestWith(0, rounds.seconds),
    })
    const rate = (name: string): number => median(runs[name]!.map(({ load }) => load.acksPerSecond))
    return [
      {
        what: `syncs ${DELAY_MS} ms slower`,
        unit: 'msg/s',
        value: rate('slow disk'),
        peer: { name: 'disk as it is', value: rate('disk as it is') },
        goal: { atLeast: 0.8 },
        detail: runs,
      },
    ]
  },
}

async function ingestWith(delayMs: number, seconds: number): Promise<{ load: Load; syncs: number }> {
  const shim = await slowSync(delayMs)
  const gateway = await startGateway(pgsqlHook(NOWHERE), shim.env)
  try {
    const before = shim.calls()
    const load = await generate({ port: gateway.port, publishers: 10, window: 100, seconds })
    const syncs = shim.calls() - before
    if (syncs < seconds) throw new Error(`the shim saw ${syncs} syncs: it is not in their way`)
    return { load, syncs }
  } finally {
    await gateway.remove()
  }
}
