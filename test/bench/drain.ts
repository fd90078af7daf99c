// A queue full of events drains into a database: one bench a kind, in the words of none.

import type { BackendKind } from '../../src/model/binding.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { type Bench, inTurns, median } from './figure.ts'
import { configure, NOWHERE } from './gateway.ts'
import { generate } from './native.ts'

export const QUEUED = 200_000
const WATCH_MS = 5

/** A running server with the tables in it, or what stands for them. */
export interface DrainTarget {
  readonly port: number
  /** Takes all messages away. */
  clear(): Promise<void>
  /** How many messages are there, without costing the server anything to speak of. */
  progress(): Promise<number>
  /** Counts them. */
  count(): Promise<number>
  /** The driver's own ways to write the rows that are there now, once more, after a `clear`; each resolves with rows/s. */
  peers(): Promise<Record<string, () => Promise<number>>>
  stop(): Promise<void>
}

export interface DrainKind {
  readonly kind: BackendKind
  /** The database's name for people, and the driver's. */
  readonly database: string
  readonly driver: string
  /** Rate of the driver's best way that is to be reached. */
  readonly goal: number
  /** Schema to be made with `holdfast schema`; false: there is none. */
  readonly schema: boolean
  /** Events to drain; absent: `QUEUED`. */
  readonly queued?: number
  /** How often to look how far it is; absent: every 5 ms. */
  readonly watchMs?: number
  start(): Promise<DrainTarget>
  /** The plugin's conf: `on_message_publish` to a server at `port`. */
  hook(port: number): Record<string, string>
}

export function drainBench(of: DrainKind): Bench {
  return {
    about: `${queuedFor(of) / 1e3}k queued events of 100 bytes into ${of.database}, against ${of.driver}'s best bulk write of the same rows`,
    async run(rounds) {
      const target = await of.start()
      try {
        rounds.say('first rows')
        await drainOnce(of, target)
        const peers = Object.entries(await target.peers()).map(([name, write]) => {
          const measure = async (): Promise<number> => {
            await target.clear()
            return write()
          }
          return [name, measure] as const
        })
        const runs = await inTurns(rounds, { Holdfast: () => drainOnce(of, target), ...Object.fromEntries(peers) })
        const rates = Object.entries(runs).map(([name, values]) => ({ name, value: median(values) }))
        const own = rates.find(({ name }) => name === 'Holdfast')!
        const best = rates.filter((rate) => rate !== own).reduce((a, b) => (b.value > a.value ? b : a))
        const what = `${queuedFor(of) / 1e3}k events, ${of.kind}`
        return [{ what, unit: 'rows/s', value: own.value, peer: best, goal: { atLeast: of.goal }, detail: runs }]
      } finally {
        await target.stop()
      }
    },
  }
}

const queuedFor = ({ queued = QUEUED }: DrainKind): number => queued

/** Queues with the pool pointed nowhere, then points it at the server. @returns rows/s */
async function drainOnce(of: DrainKind, target: DrainTarget): Promise<number> {
  const gateway = new GatewayProcess()
  try {
    configure(gateway, of.hook(NOWHERE))
    await gateway.start()
    await generate({ port: gateway.port, count: queuedFor(of) })
    await gateway.stop()
    configure(gateway, of.hook(target.port))
    if (of.schema) await gateway.holdfast('schema', of.kind, '--apply', '--pool', 'pool1')
    await target.clear()
    await gateway.start()
    return await watch(of, target)
  } finally {
    await gateway.remove()
  }
}

/** From the first rows that are seen to the last. */
async function watch(of: DrainKind, target: DrainTarget): Promise<number> {
  const queued = queuedFor(of)
  const first = await until('the first rows', () => target.progress())
  const begin = performance.now()
  let last = first
  while (last < queued) {
    await new Promise((resolve) => setTimeout(resolve, of.watchMs ?? WATCH_MS))
    last = await target.progress()
  }
  const seconds = (performance.now() - begin) / 1000
  const count = await target.count()
  if (count !== queued) throw new Error(`${count} rows instead of ${queued}`)
  return (last - first) / seconds
}
