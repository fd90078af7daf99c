// Chapter 4.7: names, filters, what matches.

import assert from 'node:assert/strict'
import { packetBytes } from '../helpers/raw-client.ts'
import { payloads, type Stage, statement } from './statement.ts'

/** Which of `topics` reach a subscriber of `filter`. */
async function matched(stage: Stage, filter: string, topics: readonly string[]): Promise<string[]> {
  const subscriber = await stage.subscriber(filter, 1)
  for (const topic of topics) await stage.publish(topic, topic)
  await subscriber.fence()
  return payloads(subscriber)
}

statement('4.7.1-1', 'wildcards are for filters: in a topic they end the connection', async (stage) => {
  const watcher = await stage.subscriber(`${stage.topic}/#`)
  for (const topic of ['#', '+', 'a+', '+/a']) {
    const client = await stage.connect()
    await stage.refuses(client, packetBytes(0x30, `${stage.topic}/${topic}`))
  }
  await watcher.fence()
  assert.deepEqual(payloads(watcher), [])
})

statement(
  '4.7.1-2',
  "'#' stands alone or behind a separator, and last; it matches the level above, too",
  async (stage) => {
    const client = await stage.connect()
    const refused = ['a#', 'a/b#', '#/a', 'a/#/b', '##', 'a/##', '/#/']
    const granted = ['#', '/#', 'a/#', '//#']
    const codes = await client.subscribe(...[...refused, ...granted].map((filter): [string, 0] => [filter, 0]))
    assert.deepEqual(codes, [...refused.map(() => 128), ...granted.map(() => 0)])
    const t = stage.topic
    const topics = [t, `${t}/`, `${t}/a`, `${t}/a/b`, `${t}x`, `x/${t}`]
    assert.deepEqual(await matched(stage, `${t}/#`, topics), [t, `${t}/`, `${t}/a`, `${t}/a/b`])
  },
)

statement('4.7.1-3', "'+' stands alone in its level, any level", async (stage) => {
  const client = await stage.connect()
  const refused = ['a+', '+a', 'a/b+/c', '++', 'a/+b']
  const granted = ['+', '+/+', '/+', 'a/+/b', '+/a/#', '+/']
  const codes = await client.subscribe(...[...refused, ...granted].map((filter): [string, 0] => [filter, 0]))
  assert.deepEqual(codes, [...refused.map(() => 128), ...granted.map(() => 0)])
  const t = stage.topic
  const topics = [`${t}/a/b`, `${t}//b`, `${t}/b`, `${t}/a/c/b`, `${t}/a/b/`]
  assert.deepEqual(await matched(stage, `${t}/+/b`, topics), [`${t}/a/b`, `${t}//b`])
  assert.deepEqual(await matched(stage, '+/+', ['/finance', 'finance', 'a/b', 'a/b/c']), ['/finance', 'a/b'])
  assert.deepEqual(await matched(stage, '/+', ['/finance', 'finance']), ['/finance'])
})

statement(
  '4.7.2-1',
  'a filter that begins with a wildcard does not match a topic that begins with $',
  async (stage) => {
    const version = '$SYS/brokers/holdfast@127.0.0.1/version'
    const any = await stage.connect()
    await any.subscribe(['#', 0], ['+/#', 0], ['+/brokers/+/version', 0])
    const named = await stage.subscriber('$SYS/brokers/+/version')
    await named.received('publish')
    assert.equal(named.publishes[0]!.topic, version)
    await stage.publish(`${stage.topic}/$inside`, 'a $ further on is a character like others')
    await any.until(() => any.publishes.some(({ topic }) => topic.startsWith(stage.topic)))
    assert.deepEqual(
      any.publishes.filter(({ topic }) => topic.startsWith('$')),
      [],
    )
  },
)

statement('4.7.3-1', 'an empty topic ends the connection, an empty filter is refused', async (stage) => {
  await stage.refuses(await stage.connect(), packetBytes(0x30, ''))
  const client = await stage.connect()
  assert.deepEqual(await client.subscribe(['', 0], ['/', 0]), [128, 0])
})

statement('4.7.3-2', 'a topic or filter with U+0000 ends the connection', async (stage) => {
  await stage.refuses(await stage.connect(), packetBytes(0x30, '\0'))
  await stage.refuses(await stage.connect(), packetBytes(0x82, [0, 1], 'fine', [0], 'a/\0', [0]))
})

statement('4.7.3-3', 'topics and filters may have 65535 bytes', async (stage) => {
  const topic = `${stage.topic}${'ü'.repeat(40_000)}`
  const longest = Buffer.from(topic).subarray(0, 65_535).toString().replaceAll('\ufffd', 'x')
  assert.equal(Buffer.byteLength(longest), 65_535)
  assert.deepEqual(await matched(stage, longest, [longest, `${longest.slice(0, -1)}`]), [longest])
})

statement(
  '4.7.3-4',
  'nothing is normalised: case, spaces, separators, accents in one or two characters',
  async (stage) => {
    const t = stage.topic
    const topics = ['Straße', 'Strasse', 'STRASSE', 'é', 'e\u0301', 'a b', 'a  b', ' a', 'a ', 'a/', '/a', 'a//b'].map(
      (end) => `${t}/${end}`,
    )
    for (const topic of topics) {
      const subscriber = await stage.subscriber(topic, 1)
      for (const other of topics) await stage.publish(other, other)
      await subscriber.fence()
      assert.deepEqual([payloads(subscriber), subscriber.publishes[0]!.topic], [[topic], topic])
    }
  },
)
