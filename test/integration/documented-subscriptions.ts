// What the chapters' tables of subscriptions say alike: client 'test' has test_topic1 with QoS 1 and test_topic2 with QoS 2.

import assert from 'node:assert/strict'
import { type GatewayProcess, until } from '../helpers/gateway.ts'
import { Client } from '../helpers/mqtt-client.ts'

/** The stored ones are made soon after `client` has connected: both topics reach it, each with the QoS that was granted. */
export async function assertStoredSubscriptions(gateway: GatewayProcess, client: Client): Promise<void> {
  const other = await Client.connect(gateway.url, 'other')
  await until('both subscriptions', async () => {
    for (const topic of ['test_topic1', 'test_topic2']) await other.publish(topic, 'x', 2)
    return client.heard('test_topic1').length > 0 && client.heard('test_topic2').length > 0
  })
  assert.deepEqual([...new Set(client.received.map(({ topic, qos }) => `${topic} ${qos}`))].sort(), [
    'test_topic1 1',
    'test_topic2 2',
  ])
  await other.end()
}
