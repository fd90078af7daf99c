// The session's own messages and a fetch of the same ones from the database: a client is told each once.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { GatewayProcess, until } from '../helpers/gateway.ts'
import { RawClient } from '../helpers/raw-client.ts'

/** More than the window, so that most of them wait. */
const MESSAGES = 60

const PLUGIN = `
backend.sqlite.pool1.database = mqtt.db
backend.sqlite.hook.session.subscribed.1 = {"topic": "#", "action": {"function": "on_message_fetch"}, "pool": "pool1"}
backend.sqlite.hook.message.publish.1 = {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}
backend.sqlite.hook.message.acked.1 = {"topic": "#", "action": {"function": "on_message_acked"}, "pool": "pool1"}
`

let gateway: GatewayProcess
let publisher: RawClient
before(async () => {
  gateway = await new GatewayProcess({ plugins: { sqlite: PLUGIN } }).start()
  publisher = await RawClient.connect(gateway.port)
})
after(() => gateway.remove())

async function publish(topic: string): Promise<string[]> {
  const payloads = Array.from({ length: MESSAGES }, (_, index) => `${topic} ${index}`)
  for (const payload of payloads) await publisher.publish(topic, payload, { qos: 1 })
  await until('all forwarded', async () => (await gateway.pool()).lag.events === 0)
  return payloads
}

const toldOf = ({ publishes }: RawClient, topic: string): string[] =>
  publishes.filter((packet) => packet.topic === topic).map(({ payload }) => payload.toString())

/** Long enough that a second copy would have come. */
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300))

test('what waits in a resumed session, and is in the database by now', async () => {
  const away = await RawClient.connect(gateway.port, { clientId: 'resumes', clean: false })
  await away.subscribe(['resumed', 1])
  await away.drop()
  const payloads = await publish('resumed')
  const back = await RawClient.connect(gateway.port, { clientId: 'resumes', clean: false })
  back.acknowledgeAll()
  await back.received('publish', MESSAGES)
  await quiet()
  assert.deepEqual(toldOf(back, 'resumed'), payloads)
})

test('what came live after the SUBSCRIBE, and before its fetch began', async () => {
  const first = await publish('first')
  const client = await RawClient.connect(gateway.port)
  await client.subscribe(['first', 1], ['second', 1]) // the first fills the window
  await client.received('publish')
  const second = await publish('second')
  client.acknowledgeAll()
  await client.received('publish', 2 * MESSAGES)
  await quiet()
  assert.deepEqual(toldOf(client, 'first'), first)
  assert.deepEqual(toldOf(client, 'second'), second)
})
