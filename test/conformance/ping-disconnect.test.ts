// Chapters 3.12 and 3.14; what a DISCONNECT does to the will is in will.test.ts.

import { packetBytes } from '../helpers/raw-client.ts'
import { statement } from './statement.ts'

statement('3.12.4-1', 'a PINGREQ is answered with a PINGRESP', async (stage) => {
  const client = await stage.connect()
  client.sendBytes(packetBytes(0xc0), packetBytes(0xc0))
  await client.received('pingresp', 2)
})

statement(
  '3.14.1-1',
  'a DISCONNECT with reserved bits is none: the connection ends, the will is published',
  async (stage) => {
    const watcher = await stage.subscriber(stage.topic)
    const will = { topic: stage.topic, payload: Buffer.from('will'), qos: 1 as const, retain: false }
    for (const flags of [1, 2, 4, 8]) {
      await stage.refuses(await stage.connect({ will }), packetBytes(0xe0 | flags))
      await watcher.received('publish')
      watcher.packets.length = 0
    }
  },
)
