import pg from 'pg'
import { type PostgresServer, startPostgres } from '../helpers/postgres.ts'
import { type Bench, type Figure, inTurns, median } from './figure.ts'
import { pgsqlHook, startGateway } from './gateway.ts'
import { generate } from './native.ts'
import { startMosquitto, startTelegraf } from './peers.ts'
import { type Flush, PROMPT, STANDARD, TELEGRAF_TABLE, telegrafConf, WIDE } from './telegraf.ts'

const MESSAGES = 100_000
const STEADY_RATE = 500
const PATIENCE_MS = 120_000

export const endToEnd: Bench = {
  about: `from PUBLISH to a row in PostgreSQL, beside mosquitto + Telegraf on the same server`,
  async run(rounds) {
    const server = await startPostgres()
    try {
      const rates = await inTurns(rounds, {
        Holdfast: () => withHoldfast(server, rate),
        'Telegraf, default': () => withTelegraf(server, STANDARD, rate),
        'Telegraf, tuned for rate': () => withTelegraf(server, WIDE, rate),
      })
      const steady = (way: Way): Promise<Delays> => delays(way, rounds.seconds * 2)
      const times = await inTurns(rounds, {
        Holdfast: () => withHoldfast(server, steady),
        'Telegraf, default': () => withTelegraf(server, STANDARD, steady),
        'Telegraf, flush 100 ms': () => withTelegraf(server, PROMPT, steady),
      })
      return [...rateFigures(rates), ...delayFigures(times)]
    } finally {
      await server.stop()
    }
  },
}

/** One way from an MQTT port to a table. */
interface Way {
  readonly port: number
  readonly table: string
  readonly column: string
  readonly client: pg.Client
}

interface Delays {
  readonly p50: number
  readonly p99: number
}

async function withHoldfast<T>(server: PostgresServer, measure: (way: Way) => Promise<T>): Promise<T> {
  const gateway = await startGateway(pgsqlHook(server.port))
  try {
    await gateway.holdfast('schema', 'pgsql', '--apply', '--pool', 'pool1')
    return await onTable(server, 'mqtt_msg', (client) =>
      measure({ port: gateway.port, table: 'mqtt_msg', column: 'payload', client }),
    )
  } finally {
    await gateway.remove()
  }
}

async function withTelegraf<T>(server: PostgresServer, flush: Flush, measure: (way: Way) => Promise<T>): Promise<T> {
  await server.query(TELEGRAF_TABLE)
  // Its default queue of 1000 messages a subscriber would drop what Telegraf is too slow for.
  const mosquitto = await startMosquitto('max_queued_messages 0')
  const telegraf = await startTelegraf(telegrafConf(mosquitto.port, server.url(), flush))
  try {
    return await onTable(server, 'mqtt_consumer', (client) =>
      measure({ port: mosquitto.port, table: 'mqtt_consumer', column: 'value', client }),
    )
  } finally {
    await telegraf.stop()
    await mosquitto.stop()
  }
}

async function onTable<T>(server: PostgresServer, table: string, run: (client: pg.Client) => Promise<T>): Promise<T> {
  await server.query(`truncate ${table} restart identity`)
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.end()
  }
}

/** As fast as the broker acknowledges, until the last row is there. @returns rows/s */
async function rate({ port, table, client }: Way): Promise<number> {
  const begin = performance.now()
  const load = generate({ port, count: MESSAGES })
  // The greatest id is looked up in the index: it costs the server nothing. The rows are counted when it is high enough.
  const texts = [`select max(id)::int as rows from ${table}`, `select count(*)::int as rows from ${table}`]
  for (const text of texts) {
    for (let rows = 0; rows < MESSAGES; ) {
      if (performance.now() > begin + PATIENCE_MS) throw new Error(`${rows} of ${MESSAGES} rows arrived in ${table}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
      rows = (await client.query(text)).rows[0].rows ?? 0
    }
  }
  const seconds = (performance.now() - begin) / 1000
  await load
  return MESSAGES / seconds
}

/**
 * At a steady rate: ms from a PUBLISH to the moment in which its row can be read, looked at each millisecond. The first
 * second, in which everybody connects and warms up, does not count.
 */
async function delays({ port, table, column, client }: Way, seconds: number): Promise<Delays> {
  const count = STEADY_RATE * (seconds + 1)
  const load = generate({ port, rate: STEADY_RATE, count })
  const found = new Map<number, number>()
  const deadline = performance.now() + PATIENCE_MS
  const text = `select id, ${column} as payload from ${table} where id > $1`
  // Rows of several connections may come out of order: each look goes back a little.
  for (let seen = 0; found.size < count; await new Promise((resolve) => setTimeout(resolve, 1))) {
    if (performance.now() > deadline) throw new Error(`${found.size} of ${count} rows arrived in ${table}`)
    const { rows } = await client.query({ name: 'look', text, values: [Math.max(0, seen - STEADY_RATE)] })
    const nowUs = Number(process.hrtime.bigint() / 1000n)
    for (const { id, payload } of rows) {
      seen = Math.max(seen, Number(id))
      const [number, sentUs] = String(payload).split(' ', 2).map(Number)
      if (!found.has(number!)) found.set(number!, (nowUs - sentUs!) / 1000)
    }
  }
  await load
  const steady = [...found].filter(([number]) => number >= STEADY_RATE)
  const sorted = steady.map(([, ms]) => ms).sort((a, b) => a - b)
  return { p50: sorted[Math.floor(sorted.length * 0.5)]!, p99: sorted[Math.floor(sorted.length * 0.99)]! }
}

function rateFigures(rates: Record<string, number[]>): Figure[] {
  return Object.keys(rates)
    .filter((name) => name !== 'Holdfast')
    .map((name) => ({
      what: `${MESSAGES / 1e3}k messages`,
      unit: 'rows/s',
      value: median(rates.Holdfast!),
      peer: { name, value: median(rates[name]!) },
      goal: { atLeast: 1 },
      detail: rates,
    }))
}

function delayFigures(times: Record<string, Delays[]>): Figure[] {
  const percentile = (name: string, which: keyof Delays): number => median(times[name]!.map((delay) => delay[which]))
  return Object.keys(times)
    .filter((name) => name !== 'Holdfast')
    .flatMap((name) =>
      (['p50', 'p99'] as const).map((which) => ({
        what: `delay at ${STEADY_RATE} msg/s, ${which}`,
        unit: 'ms',
        value: percentile('Holdfast', which),
        peer: { name, value: percentile(name, which) },
        goal: { atMost: 1 },
        detail: times,
      })),
    )
}
