import { type DynamoOptions, type DynamoServer, dynamoMissing, startDynamo } from '../../helpers/dynamo.ts'
import type { Row } from '../audit.ts'
import { type CrashKind, hooks } from '../kind.ts'

/** A topic's set is cut by a quarter when it is full, at some 19,000 ids; a shorter one was never cut. */
const MAY_BE_CUT = 12_000

/** No custom statements. Rows are in the order of their ids. */
export const dynamo: CrashKind<DynamoServer, DynamoOptions> = {
  kind: 'dynamo',
  missing: dynamoMissing,
  start: startDynamo,
  conf: ({ port }) => `backend.dynamo.region = us-west-2
backend.dynamo.pool1.server = http://127.0.0.1:${port}
backend.dynamo.pool1.aws_access_key_id = local
backend.dynamo.pool1.aws_secret_access_key = local
${hooks('dynamo')}`,
  tables: { mqtt_msg: { byKey: true }, mqtt_topic_msg_map: { byKey: true } },
  rows: (server, table) => (table === 'mqtt_msg' ? stored(server) : named(server)),
  pace: { burst: 4, pauseMs: 120 },
  rounds: 4,
}

async function stored(server: DynamoServer): Promise<Row[]> {
  const items = await server.scan('mqtt_msg')
  return items
    .map(({ msgid, payload }) => ({ msgid: msgid!.S!, payload: payload!.S! }))
    .sort((a, b) => (a.msgid < b.msgid ? -1 : 1))
}

/** What a fetch finds: the messages that the topics' sets name; '' for one that is not there. */
async function named(server: DynamoServer): Promise<Row[]> {
  const messages = await stored(server)
  const payloads = new Map(messages.map(({ msgid, payload }) => [msgid, payload]))
  const sets = (await server.scan('mqtt_topic_msg_map')).map(({ MsgId }) => MsgId!.SS!.toSorted())
  const ids = new Set(sets.flat())
  if (sets.some(({ length }) => length > MAY_BE_CUT)) for (const { msgid } of messages) ids.add(msgid)
  return [...ids].sort().map((msgid) => ({ msgid, payload: payloads.get(msgid) ?? '' }))
}
