// What each kind's driver costs: it is loaded when a pool of the kind is opened.

import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayProcess } from '../helpers/gateway.ts'
import type { DrainKind } from './drain.ts'
import { type Bench, type Figure, inTurns, median } from './figure.ts'
import { residentMb, SQLITE_HOOK } from './gateway.ts'
import { listens } from './start-queued.ts'

const SETTLE_MS = 3000
const ALONE = 'sqlite alone'

interface Cost {
  readonly listensMs: number
  /** From exec until every pool is up. */
  readonly upMs: number
  readonly mb: number
}

export function driversBench(kinds: readonly DrainKind[]): Bench {
  return {
    about: 'start and idle memory with a pool of each kind beside an embedded one, compile cache warm',
    async run(rounds) {
      rounds.say('starting servers')
      const targets = await Promise.all(kinds.map((kind) => kind.start()))
      try {
        const gateways: Record<string, Subject> = {
          [ALONE]: new Subject(SQLITE_HOOK),
          ...Object.fromEntries(
            kinds.map(({ kind, hook }, n) => [kind, new Subject({ ...SQLITE_HOOK, ...hook(targets[n]!.port) })]),
          ),
        }
        for (const { kind, schema } of kinds) {
          if (schema) await gateways[kind]!.gateway.holdfast('schema', kind, '--apply', '--pool', 'pool1')
        }
        for (const subject of Object.values(gateways)) await subject.measure() // fills the cache
        const measures = Object.entries(gateways).map(([name, subject]) => [name, () => subject.measure()] as const)
        const costs = await inTurns(rounds, Object.fromEntries(measures))
        for (const { gateway } of Object.values(gateways)) await gateway.remove()
        return figures(costs)
      } finally {
        for (const target of targets) await target.stop()
      }
    },
  }
}

class Subject {
  readonly gateway = new GatewayProcess()
  readonly #pools: number

  constructor(plugins: Record<string, string>) {
    this.#pools = Object.keys(plugins).length
    this.gateway.configure({ conf: 'clock.wait_for_sync = 0s', plugins })
  }

  async measure(): Promise<Cost> {
    const { gateway } = this
    const begin = performance.now()
    const started = gateway.start()
    await listens(gateway)
    const listensMs = performance.now() - begin
    await started
    while ((gateway.output.match(/"pool_up"/g)?.length ?? 0) < this.#pools) await sleep(2)
    const upMs = performance.now() - begin
    await sleep(SETTLE_MS)
    const mb = residentMb(gateway.pid!)
    await gateway.stop()
    return { listensMs, upMs, mb }
  }
}

function figures(costs: Readonly<Record<string, readonly Cost[]>>): Figure[] {
  const of = (name: string, what: keyof Cost): number => median(costs[name]!.map((cost) => cost[what]))
  const peer = { name: ALONE, value: of(ALONE, 'mb') }
  return Object.keys(costs).map((name) => {
    const [listens, up] = [of(name, 'listensMs'), of(name, 'upMs')].map(Math.round)
    const what = `${name === ALONE ? name : `with ${name}`}: listens after ${listens} ms, up after ${up} ms`
    return { what, unit: 'MB', value: of(name, 'mb'), ...(name === ALONE ? {} : { peer }), detail: costs[name] }
  })
}
