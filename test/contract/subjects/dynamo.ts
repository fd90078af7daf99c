// DynamoDB under the contract.

import { randomUUID } from 'node:crypto'
import type { DynamoSettings } from '../../../src/backends/dynamo/settings.ts'
import { BACKENDS } from '../../../src/backends/index.ts'
import { type DynamoServer, dynamoMissing, REGION, startDynamo, type Values } from '../../helpers/dynamo.ts'
import { ALL_TABLES, type Bench, type ForeignRow, type Subject, type Table, type TableRows } from '../subject.ts'
import { OPTIONS, opener } from '../support.ts'

let server: DynamoServer
let databases = 0

export const subjects: readonly Subject[] = [
  {
    name: 'dynamo',
    kind: 'dynamo',
    skip: dynamoMissing(),
    sql: null,
    transactions: true,
    wildcards: false,
    hides: true,
    tables: ALL_TABLES,
    uniqueMsgid: true,
    timeStepMs: 1000,
    maxTopic: 2048,
    maxPayloadBytes: 290_000,
    async start() {
      server = await startDynamo({ inMemory: true })
    },
    async stop() {
      await server.stop()
    },
    bench,
  },
]

export function dynamoSettings({ url }: { url: string }, accessKey = 'local'): DynamoSettings {
  return {
    server: url,
    pool_size: 8,
    region: undefined,
    aws_access_key_id: accessKey,
    aws_secret_access_key: 'local',
    plugin: { region: REGION },
    ssl: false,
    cafile: undefined,
    certfile: undefined,
    keyfile: undefined,
    verify: true,
  }
}

async function bench(): Promise<Bench> {
  const backend = await BACKENDS.dynamo!()
  const accessKey = `test${databases++}`
  const settings = dynamoSettings(server, accessKey)
  await backend.applySchema(OPTIONS, settings)
  const { connected: another, close } = opener(backend, () => settings)
  return {
    backend,
    pool: await another(),
    another,
    async rows<T extends Table>(table: T): Promise<TableRows[T][]> {
      return (await server.scan(table, accessKey)).map(ROWS[table])
    },
    insertForeign: (row) => insertForeign(accessKey, row),
    schemaAgain: () => backend.applySchema(OPTIONS, settings),
    async hide(table) {
      // messages are in two tables, and of a topic without ids the second is not asked
      const names = table === 'mqtt_msg' ? [table, 'mqtt_topic_msg_map'] : [table]
      for (const TableName of names) await server.db(accessKey).deleteTable({ TableName })
      return () => backend.applySchema(OPTIONS, settings)
    },
    sql: () => Promise.reject(new Error('DynamoDB has no SQL')),
    end: close,
  }
}

async function insertForeign(accessKey: string, { into, ...row }: ForeignRow): Promise<void> {
  const db = server.db(accessKey)
  const Item = Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? { N: `${value}` } : { S: value }]),
  ) as Values
  if (into === 'mqtt_msg') {
    Item.msgid ??= { S: randomUUID() }
    await db.updateItem({
      TableName: 'mqtt_topic_msg_map',
      Key: { topic: Item.topic! },
      UpdateExpression: 'ADD MsgId :ids',
      ExpressionAttributeValues: { ':ids': { SS: [Item.msgid.S!] } },
    })
  }
  await db.putItem({ TableName: into, Item })
}

const text = (item: Values, name: string): string | null => item[name]?.S ?? null
const number = (item: Values, name: string): number | null => (item[name]?.N ? Number(item[name].N) : null)
const time = (item: Values, name: string): number | null => (number(item, name) ?? 0) * 1000 || null

function message(item: Values): TableRows['mqtt_retain'] {
  return {
    msgid: text(item, 'msgid'),
    sender: text(item, 'sender'),
    topic: item.topic!.S!,
    qos: number(item, 'qos'),
    payload: Buffer.from(text(item, 'payload') ?? ''),
    arrived: time(item, 'arrived'),
  }
}

const ROWS: { readonly [T in Table]: (item: Values) => TableRows[T] } = {
  mqtt_client: (item) => ({
    clientid: item.clientid!.S!,
    state: number(item, 'connect_state')!,
    node: text(item, 'node'),
    online_at: time(item, 'online_at'),
    offline_at: time(item, 'offline_at'),
  }),
  mqtt_sub: (item) => ({ clientid: item.clientid!.S!, topic: item.topic!.S!, qos: number(item, 'qos')! }),
  mqtt_msg: (item) => ({ ...message(item), retain: number(item, 'retain') === 1 }),
  mqtt_retain: message,
  mqtt_acked: (item) => ({ clientid: item.clientid!.S!, topic: item.topic!.S!, mid: text(item, 'msgid') }),
  mqtt_delivered: (item) => ({
    clientid: item.clientid!.S!,
    topic: item.topic!.S!,
    msgid: item.msgid!.S!,
    delivered_at: time(item, 'delivered_at'),
  }),
}
