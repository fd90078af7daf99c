import pg from 'pg'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres.ts'
import { bulkInserts, type Rows, readRows } from './bulk-insert.ts'
import { type Bench, inTurns, median } from './figure.ts'
import { configure, NOWHERE, pgsqlHook } from './gateway.ts'
import { generate } from './native.ts'

const QUEUED = 200_000
const WATCH_MS = 5

export const drain: Bench = {
  about: `${QUEUED / 1e3}k queued events of 100 bytes into PostgreSQL, against pg's best bulk insert of the same rows`,
  async run(rounds) {
    const server = await startPostgres()
    try {
      rounds.say('first rows')
      await drainOnce(server)
      const rows = await readRows(server, 'mqtt_msg')
      const inserts = Object.entries(bulkInserts(rows)).map(([name, insert]) => {
        const measure = async (): Promise<number> => {
          await server.query('truncate mqtt_msg')
          return insertOnce(server, rows, insert)
        }
        return [name, measure] as const
      })
      const runs = await inTurns(rounds, { Holdfast: () => drainOnce(server), ...Object.fromEntries(inserts) })
      const rates = Object.entries(runs).map(([name, values]) => ({ name, value: median(values) }))
      const own = rates.find(({ name }) => name === 'Holdfast')!
      const best = rates.filter((rate) => rate !== own).reduce((a, b) => (b.value > a.value ? b : a))
      return [
        { what: '200k events', unit: 'rows/s', value: own.value, peer: best, goal: { atLeast: 0.7 }, detail: runs },
      ]
    } finally {
      await server.stop()
    }
  },
}

/** Queues with the pool pointed nowhere, then points it at the server. @returns rows/s */
async function drainOnce(server: PostgresServer): Promise<number> {
  const gateway = new GatewayProcess()
  try {
    configure(gateway, pgsqlHook(NOWHERE))
    await gateway.start()
    await generate({ port: gateway.port, count: QUEUED })
    await gateway.stop()
    configure(gateway, pgsqlHook(server.port))
    await gateway.holdfast('schema', 'pgsql', '--apply', '--pool', 'pool1')
    await server.query('truncate mqtt_msg restart identity')
    await gateway.start()
    return await watch(server)
  } finally {
    await gateway.remove()
  }
}

/** From the first rows that are seen to the last. The greatest id is looked up in the index: it costs the server nothing. */
async function watch(server: PostgresServer): Promise<number> {
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  try {
    const rows = async (): Promise<number> => Number((await client.query('select max(id) from mqtt_msg')).rows[0].max)
    const first = await until('the first rows', rows)
    const begin = performance.now()
    let last = first
    while (last < QUEUED) {
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS))
      last = await rows()
    }
    const seconds = (performance.now() - begin) / 1000
    const { count } = (await client.query('select count(*)::int from mqtt_msg')).rows[0]
    if (count !== QUEUED) throw new Error(`${count} rows instead of ${QUEUED}`)
    return (last - first) / seconds
  } finally {
    await client.end()
  }
}

async function insertOnce(
  server: PostgresServer,
  rows: Rows,
  insert: (client: pg.Client) => Promise<void>,
): Promise<number> {
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  try {
    const begin = performance.now()
    await insert(client)
    return rows.values.length / ((performance.now() - begin) / 1000)
  } finally {
    await client.end()
  }
}
