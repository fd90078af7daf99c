import type { DynamoDB } from '@aws-sdk/client-dynamodb'
import { inParallel, slices } from '../../src/backends/dynamo/connection.ts'
import { makeTable, tables } from '../../src/backends/dynamo/schema.ts'
import { startDynamo, type Values } from '../helpers/dynamo.ts'
import type { DrainKind } from './drain.ts'

/** BatchWriteItem takes 25. */
const BATCH = 25
const WIDTHS = [1, 8, 16]
const never = new AbortController().signal

function hook(port: number): Record<string, string> {
  return {
    dynamo: `
backend.dynamo.pool1.server = http://127.0.0.1:${port}
backend.dynamo.pool1.pool_size = 16
backend.dynamo.pool1.aws_access_key_id = local
backend.dynamo.pool1.aws_secret_access_key = local
backend.dynamo.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
`,
  }
}

export const dynamo: DrainKind = {
  kind: 'dynamo',
  database: 'DynamoDB Local',
  driver: "Amazon's SDK",
  goal: 0.6,
  schema: true,
  hook,
  queued: 40_000, // in ten topics, whose sets of ids hold 20,000 each
  watchMs: 100, // each look is a request
  async start() {
    const server = await startDynamo({ inMemory: true })
    const db = server.db()
    return {
      port: server.port,
      async clear() {
        for (const { TableName } of tables()) await db.deleteTable({ TableName }).catch(() => {}) // not there yet
        for (const table of tables()) await makeTable(db, table, never)
      },
      progress: async () => Number((await server.scan('holdfast_mark'))[0]?.seq?.N ?? 0), // one event a message
      count: async () => (await server.scan('mqtt_msg')).length,
      async peers() {
        const rows = await server.scan('mqtt_msg')
        return Object.fromEntries(
          WIDTHS.map((width) => [`BatchWriteItem × ${width}`, () => insert(db, rows, width)] as const),
        )
      },
      stop: () => server.stop(),
    }
  },
}

/** @returns rows/s */
async function insert(db: DynamoDB, rows: readonly Values[], width: number): Promise<number> {
  const begin = performance.now()
  await inParallel(width, slices(rows, BATCH), async (slice) => {
    const RequestItems = { mqtt_msg: slice.map((Item) => ({ PutRequest: { Item } })) }
    const { UnprocessedItems } = await db.batchWriteItem({ RequestItems })
    if (UnprocessedItems?.mqtt_msg) throw new Error('the server did not take all')
  })
  return rows.length / ((performance.now() - begin) / 1000)
}
