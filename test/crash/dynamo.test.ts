// The gateway and DynamoDB are killed in turns while clients publish. Messages have their msgid as key, so one that were sent
// twice would not show as two rows; what shows is a lost one, one that no topic names, and one that is named twice.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type DynamoServer, dynamoMissing, startDynamo } from '../helpers/dynamo.ts'
import { until } from '../helpers/gateway.ts'
import { audit, type Row } from './audit.ts'
import { readLedger } from './ledger.ts'
import { Random } from './random.ts'
import { CONF, drained, Scene } from './scene.ts'

const plugin = (server: DynamoServer): string => `backend.dynamo.pool1.server = ${server.url}
backend.dynamo.pool1.aws_access_key_id = local
backend.dynamo.pool1.aws_secret_access_key = local
backend.dynamo.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
backend.dynamo.hook.client.connected.1 = {"action": {"function": "on_client_connected"}, "pool": "pool1"}
backend.dynamo.hook.client.disconnected.1 = {"action": {"function": "on_client_disconnected"}, "pool": "pool1"}
`

/** In the order of their ids. */
async function rows(server: DynamoServer): Promise<Row[]> {
  const items = await server.scan('mqtt_msg')
  const all = items.map(({ msgid, payload }) => ({ msgid: msgid!.S!, payload: payload!.S! }))
  return all.sort((a, b) => (a.msgid < b.msgid ? -1 : 1))
}

test('kill -9 at random moments, of the gateway and of DynamoDB', { skip: dynamoMissing() }, async (t) => {
  const scene = new Scene(t)
  const server = await startDynamo()
  scene.closing(() => server.stop())
  const gateway = scene.embedded({ conf: CONF, plugins: { dynamo: plugin(server) } })
  await gateway.holdfast('schema', 'dynamo', '--apply', '--pool', 'pool1')
  await gateway.start()
  const random = new Random(7)
  const publishers = scene.publishers(gateway, { burst: 5, pauseMs: 100 })
  publishers.flow()
  for (let round = 0; round < 6; round++) {
    await sleep(random.between(100, 900))
    if (round % 3 === 1) {
      await server.kill9()
      await sleep(random.between(50, 500))
      await server.start()
    } else {
      await gateway.kill9()
      await gateway.start()
    }
  }
  await publishers.settle()
  await until('the lane has nothing left', () => drained(gateway).then(() => true), 120_000)
  const stored = await rows(server)
  assert.deepEqual(audit(readLedger(publishers.ledger), stored), [])
  const named = (await server.scan('mqtt_topic_msg_map')).flatMap(({ MsgId }) => MsgId?.SS ?? [])
  assert.deepEqual(
    named.sort(),
    stored.map(({ msgid }) => msgid),
  )
  assert.match(gateway.output, /pool_up/)
})
