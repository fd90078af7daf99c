// Offline messages: from SUBSCRIBE to the last of them, out of each database, and out of local truth when it is away.

import { GatewayProcess, until } from '../helpers/gateway.ts'
import { receive } from './client.ts'
import type { DrainKind } from './drain.ts'
import { type Bench, type Figure, inTurns, median, type Rounds } from './figure.ts'
import { configure } from './gateway.ts'
import { generate } from './native.ts'

const MESSAGES = 10_000
const PREFIX = 'offline'
const TOPIC = `${PREFIX}/0` // of the first publisher
const PATIENCE_MS = 120_000

export function fetchBench(kinds: readonly DrainKind[]): Bench {
  return {
    about: `${MESSAGES / 1e3}k offline messages of one topic for a subscriber that comes: the database up, and away`,
    async run(rounds) {
      const figures: Figure[] = []
      for (const kind of kinds) figures.push(...(await measure(kind, rounds)))
      return figures
    },
  }
}

async function measure(of: DrainKind, rounds: Rounds): Promise<Figure[]> {
  rounds.say(of.kind)
  const target = await of.start()
  const gateway = new GatewayProcess()
  try {
    const plugins = Object.entries(of.hook(target.port)).map(
      ([kind, conf]) => [kind, `${conf}${fetchHook(kind)}`] as const,
    )
    configure(gateway, Object.fromEntries(plugins))
    if (of.schema) await gateway.holdfast('schema', of.kind, '--apply', '--pool', 'pool1')
    await target.clear()
    await gateway.start()
    await generate({ port: gateway.port, count: MESSAGES, publishers: 1, topic: PREFIX })
    const pool = async () => (await gateway.ctl('status')).pools[0]
    await until('all is forwarded', async () => (await pool()).lag.events === 0, PATIENCE_MS)
    let client = 0
    const rate = async (): Promise<number> => {
      const clientId = `reader${client++}` // one that has no position is owed everything
      return (await receive({ port: gateway.port, clientId, count: MESSAGES, subscribe: TOPIC })).perSecond
    }
    const up = await inTurns(rounds, { up: rate })
    await target.stop()
    await until('the pool is down', async () => (await pool()).state !== 'up', PATIENCE_MS)
    const away = await inTurns(rounds, { away: rate })
    return Object.entries({ ...up, ...away }).map(([how, rates]) => ({
      what: `${of.kind}, ${how}`,
      unit: 'msg/s',
      value: median(rates),
      detail: rates,
    }))
  } finally {
    await gateway.remove()
    await target.stop()
  }
}

const fetchHook = (kind: string): string => {
  const action = kind === 'redis' ? 'on_message_fetch_for_pubsub' : 'on_message_fetch'
  return `backend.${kind}.hook.session.subscribed.1 = {"topic": "#", "action": {"function": "${action}"}, "pool": "pool1"}\n`
}
