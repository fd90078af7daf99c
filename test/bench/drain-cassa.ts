import driver from 'cassandra-driver'
import { type CassandraServer, startCassandra } from '../helpers/cassandra.ts'
import type { DrainKind } from './drain.ts'

const INSERT = 'insert into msg (topic, msgid, sender, qos, retain, payload, arrived) values (?, ?, ?, ?, ?, ?, ?)'
/** Requests in flight. */
const WIDTHS = [64, 256]
/** Rows of a topic in one unlogged batch. */
const BATCHES = [30, 100, 250]
const PREPARED = { prepare: true, consistency: driver.types.consistencies.localQuorum }

function hook(port: number): Record<string, string> {
  return {
    cassa: `
backend.cassa.pool1.nodes = 127.0.0.1:${port}
backend.cassa.pool1.username = cassandra
backend.cassa.pool1.password = cassandra
backend.cassa.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
`,
  }
}

export const cassandra: DrainKind = {
  kind: 'cassa',
  database: 'Cassandra',
  driver: "cassandra-driver's",
  goal: 0.6,
  schema: true,
  hook,
  watchMs: 20, // each look is a request
  async start() {
    const server = await startCassandra()
    let direct: driver.Client | undefined
    const client = (): driver.Client => {
      direct ??= server.client('mqtt') // the first schema makes it
      return direct
    }
    return {
      port: server.port,
      async clear() {
        for (const table of ['msg', 'holdfast_mark']) await client().execute(`truncate ${table}`)
      },
      progress: async () => {
        const { rows } = await client().execute('select seq from holdfast_mark') // one event a message
        return Number(rows[0]?.seq ?? 0)
      },
      count: async () => (await allRows(client(), 'select msgid from msg')).length,
      async peers() {
        const rows = await allRows(client(), 'select * from msg')
        const values = rows.map((row) =>
          ['topic', 'msgid', 'sender', 'qos', 'retain', 'payload', 'arrived'].map((n) => row[n]),
        )
        return { ...singles(server, values), ...batches(server, values) }
      },
      async stop() {
        await direct?.shutdown()
        await server.stop()
      },
    }
  },
}

type Values = unknown[][]
type Peers = Record<string, () => Promise<number>>

function singles(server: CassandraServer, rows: Values): Peers {
  return Object.fromEntries(
    WIDTHS.map((concurrencyLevel) => [
      `executeConcurrent × ${concurrencyLevel}`,
      () =>
        timed(server, rows.length, async (client) => {
          await driver.concurrent.executeConcurrent(client, INSERT, rows, { ...PREPARED, concurrencyLevel })
        }),
    ]),
  )
}

/** Of one partition each, as the driver's manual advises, sixteen at a time. */
function batches(server: CassandraServer, rows: Values): Peers {
  const byTopic = Map.groupBy(rows, ([topic]) => topic)
  return Object.fromEntries(
    BATCHES.map((size) => {
      const parts = [...byTopic.values()].flatMap((all) =>
        Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size)),
      )
      const insert = (client: driver.Client): Promise<unknown> => {
        let next = 0
        const worker = async (): Promise<void> => {
          for (let part = parts[next++]; part; part = parts[next++]) {
            const queries = part.map((params) => ({ query: INSERT, params }))
            await client.batch(queries, { ...PREPARED, logged: false })
          }
        }
        return Promise.all(Array.from({ length: 16 }, worker))
      }
      return [`unlogged batches × ${size}`, () => timed(server, rows.length, insert)]
    }),
  )
}

/** @returns rows/s */
async function timed(
  server: CassandraServer,
  count: number,
  write: (client: driver.Client) => Promise<unknown>,
): Promise<number> {
  const client = server.client('mqtt')
  await client.connect()
  try {
    const begin = performance.now()
    await write(client)
    return count / ((performance.now() - begin) / 1000)
  } finally {
    await client.shutdown()
  }
}

async function allRows(client: driver.Client, text: string): Promise<driver.types.Row[]> {
  const rows: driver.types.Row[] = []
  for await (const row of await client.execute(text, [], { fetchSize: 2000 })) rows.push(row)
  return rows
}
