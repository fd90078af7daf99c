import { inParallel, slices } from '../../src/backends/dynamo/connection.ts'
import { type DynamoServer, startDynamo, type Values } from '../helpers/dynamo.ts'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { type Bench, inTurns, median } from './figure.ts'
import { configure, dynamoHook, NOWHERE } from './gateway.ts'
import { generate } from './native.ts'

const QUEUED = 40_000
const WATCH_MS = 100
/** The mark has stood still so long: nothing more comes. */
const QUIET_MS = 5000
/** BatchWriteItem takes 25. */
const BATCH = 25
const WIDTHS = [1, 8, 16]

export const drainDynamo: Bench = {
  about: `${QUEUED / 1e3}k queued events of 100 bytes into DynamoDB Local, against BatchWriteItem of the same messages`,
  async run(rounds) {
    rounds.say('first rows')
    const rows = await drainOnce().then(({ rows }) => rows)
    const peers = WIDTHS.map((width) => [`BatchWriteItem × ${width}`, () => insertOnce(rows, width)] as const)
    const runs = await inTurns(rounds, {
      Holdfast: async () => (await drainOnce()).rate,
      ...Object.fromEntries(peers),
    })
    const rates = Object.entries(runs).map(([name, values]) => ({ name, value: median(values) }))
    const own = rates.find(({ name }) => name === 'Holdfast')!
    const best = rates.filter((rate) => rate !== own).reduce((a, b) => (b.value > a.value ? b : a))
    return [{ what: '40k events', unit: 'rows/s', value: own.value, peer: best, goal: { atLeast: 0.6 }, detail: runs }]
  },
}

/** Each measurement has a server of its own, as Java runs faster the longer it runs. */
async function withServer<T>(work: (server: DynamoServer) => Promise<T>): Promise<T> {
  const server = await startDynamo({ inMemory: true })
  try {
    await warmUp(server)
    return await work(server)
  } finally {
    await server.stop()
  }
}

/** With the tables of another access key, in both ways. */
async function warmUp(server: DynamoServer): Promise<void> {
  const db = server.db('warmup')
  await db.createTable({
    TableName: 'mqtt_msg',
    KeySchema: [{ AttributeName: 'msgid', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'msgid', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
  })
  const rows = Array.from(
    { length: 10_000 },
    (_, n): Values => ({ msgid: { S: `${n}` }, payload: { S: 'x'.repeat(100) } }),
  )
  await insert(server, { rows, width: 8, accessKey: 'warmup' })
  for (let n = 0; n < 100; n++) {
    const ids = Array.from({ length: 100 }, (_, i) => `${n * 100 + i}`.padStart(20, '0'))
    const update = (key: number): object => ({
      TableName: 'mqtt_msg',
      Key: { msgid: { S: `set ${key}` } },
      UpdateExpression: 'ADD ids :ids',
      ExpressionAttributeValues: { ':ids': { SS: ids } },
    })
    await db.transactWriteItems({
      TransactItems: Array.from({ length: 11 }, (_, key) => ({ Update: update(key) as never })),
    })
  }
}

/** Queues with the pool pointed nowhere, then points it at the server. @returns rows/s, and the rows */
function drainOnce(): Promise<{ rate: number; rows: Values[] }> {
  return withServer(async (server) => {
    const gateway = new GatewayProcess()
    try {
      configure(gateway, dynamoHook(NOWHERE))
      await gateway.start()
      await generate({ port: gateway.port, count: QUEUED })
      await gateway.stop()
      configure(gateway, dynamoHook(server.port))
      await gateway.holdfast('schema', 'dynamo', '--apply', '--pool', 'pool1')
      await gateway.start()
      const rate = await watch(server)
      const rows = await server.scan('mqtt_msg')
      if (rows.length !== QUEUED) throw new Error(`${rows.length} rows instead of ${QUEUED}`)
      return { rate, rows }
    } finally {
      await gateway.remove()
    }
  })
}

/** From the first mark that is seen to the last. */
async function watch(server: DynamoServer): Promise<number> {
  const mark = async (): Promise<number> => Number((await server.scan('holdfast_mark'))[0]?.seq?.N ?? 0)
  const first = await until('the first rows', mark)
  const begin = performance.now()
  let last = { seq: first, at: begin }
  while (performance.now() - last.at < QUIET_MS) {
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS))
    const seq = await mark()
    if (seq > last.seq) last = { seq, at: performance.now() }
  }
  return (last.seq - first) / ((last.at - begin) / 1000)
}

function insertOnce(rows: readonly Values[], width: number): Promise<number> {
  return withServer(async (server) => {
    const gateway = new GatewayProcess()
    configure(gateway, dynamoHook(server.port))
    await gateway.holdfast('schema', 'dynamo', '--apply', '--pool', 'pool1')
    await gateway.remove()
    const begin = performance.now()
    await insert(server, { rows, width, accessKey: 'local' })
    return rows.length / ((performance.now() - begin) / 1000)
  })
}

interface Insert {
  readonly rows: readonly Values[]
  readonly width: number
  readonly accessKey: string
}

async function insert(server: DynamoServer, { rows, width, accessKey }: Insert): Promise<void> {
  const db = server.db(accessKey)
  await inParallel(width, slices(rows, BATCH), async (slice) => {
    const answer = await db.batchWriteItem({
      RequestItems: { mqtt_msg: slice.map((Item) => ({ PutRequest: { Item } })) },
    })
    if (answer.UnprocessedItems?.mqtt_msg) throw new Error('the server did not take all')
  })
}
