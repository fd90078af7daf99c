// Chapters 4.1, 4.4, 4.5 and 4.6: what a session keeps, what is sent again, in which order.

import assert from 'node:assert/strict'
import { publishPacket } from '../helpers/raw-client.ts'
import { payloads, statement } from './statement.ts'

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index))

statement(
  '4.1.0-1',
  'the state of a session is kept as long as the session: subscriptions, queue, what is half done',
  async (stage) => {
    const session = { clientId: stage.topic, clean: false }
    const subscribed = await stage.connect(session)
    await subscribed.subscribe([`${stage.topic}/1`, 1], [`${stage.topic}/2`, 2])
    await stage.publish(`${stage.topic}/1`, 'in flight')
    await stage.publish(`${stage.topic}/2`, 'half done', { qos: 2 })
    await subscribed.received('publish', 2)
    subscribed.answer('pubrec', subscribed.publishes[1]!)
    await subscribed.received('pubrel')
    subscribed.send(publishPacket(`${stage.topic}/3`, 'half sent', { qos: 2, messageId: 5 }))
    await subscribed.received('pubrec')
    await subscribed.drop()
    await stage.publish(`${stage.topic}/1`, 'queued')
    for (let times = 0; times < 3; times++) {
      const again = await stage.connect(session)
      await again.received('publish', 2)
      await again.received('pubrel')
      assert.deepEqual(payloads(again), ['in flight', 'queued'])
      await again.drop()
    }
    const watcher = await stage.subscriber(`${stage.topic}/3`)
    const last = await stage.connect(session)
    last.send(publishPacket(`${stage.topic}/3`, 'half sent', { qos: 2, messageId: 5, dup: true }))
    await last.received('pubrec')
    await stage.publish(`${stage.topic}/3`, 'end')
    await watcher.received('publish')
    assert.deepEqual(payloads(watcher), ['end'])
  },
)

statement('4.1.0-2', 'a session lasts at least as long as its connection', async (stage) => {
  const client = await stage.subscriber(stage.topic, 1, { clean: true })
  for (const payload of numbers(200)) await stage.publish(stage.topic, payload)
  await client.received('publish', 200)
  assert.deepEqual(payloads(client), numbers(200))
})

statement('4.4.0-1', 'a resumed session: what is not acknowledged comes again, with its packet ids', async (stage) => {
  const session = { clientId: stage.topic, clean: false }
  const first = await stage.connect(session)
  await first.subscribe([stage.topic, 2])
  for (const payload of numbers(6)) await stage.publish(stage.topic, payload, { qos: Number(payload) % 2 ? 1 : 2 })
  await first.received('publish', 6)
  const ids = first.publishes.map(({ messageId }) => messageId)
  first.answer('puback', first.publishes[1]!)
  first.answer('pubrec', first.publishes[2]!)
  first.answer('pubrec', first.publishes[4]!)
  await first.received('pubrel', 2)
  await first.drop()
  const again = await stage.connect(session)
  await again.received('publish', 3)
  await again.fence()
  assert.deepEqual(
    again.packets.filter(({ messageId }) => messageId).map(({ cmd, messageId }) => [cmd, messageId]),
    [
      ['publish', ids[0]],
      ['pubrel', ids[2]],
      ['publish', ids[3]],
      ['pubrel', ids[4]],
      ['publish', ids[5]],
    ],
  )
})

statement(
  '4.5.0-1',
  'a message is added to each session with a filter that matches, connected or not',
  async (stage) => {
    const session = (clientId: string) => ({ clientId: `${stage.topic} ${clientId}`, clean: false })
    const filters = ['#', '+/a', `${stage.topic}/+`, `${stage.topic}/a`]
    const clients = await Promise.all(filters.map((filter) => stage.subscriber(filter, 1, session(filter))))
    const away = await Promise.all(filters.map((filter) => stage.subscriber(filter, 1, session(`away ${filter}`))))
    for (const client of away) await client.drop()
    await stage.publish(`${stage.topic}/a`, 'x')
    const back = await Promise.all(filters.map((filter) => stage.connect(session(`away ${filter}`))))
    for (const client of [...clients, ...back]) {
      await client.received('publish')
      await client.fence()
      assert.deepEqual(payloads(client), ['x'])
    }
  },
)

statement('4.6.0-1', 'what is sent again comes in the order of the first time', async (stage) => {
  const session = { clientId: stage.topic, clean: false }
  const first = await stage.connect(session)
  await first.subscribe([`${stage.topic}/#`, 2])
  for (const payload of numbers(20)) {
    await stage.publish(`${stage.topic}/${Number(payload) % 3}`, payload, { qos: Number(payload) % 2 ? 1 : 2 })
  }
  await first.received('publish', 20)
  first.answer('puback', first.publishes[7]!)
  await first.fence()
  await first.drop()
  const again = await stage.connect(session)
  await again.received('publish', 19)
  assert.deepEqual(
    payloads(again),
    numbers(20).filter((payload) => payload !== '7'),
  )
})

statement('4.6.0-5', 'every topic is ordered, also for one who was away for a part of it', async (stage) => {
  const session = { clientId: stage.topic, clean: false }
  const first = await stage.subscriber(`${stage.topic}/#`, 1, session)
  const publish = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n++) await stage.publish(`${stage.topic}/${n % 2}`, String(n))
  }
  await publish(0, 20)
  await first.received('publish', 20)
  await first.fence()
  await first.drop()
  await publish(20, 80)
  const again = await stage.connect(session)
  again.acknowledgeAll()
  await publish(80, 100)
  await again.received('publish', 80)
  assert.deepEqual([...payloads(first), ...payloads(again)], numbers(100))
})

statement(
  '4.6.0-6',
  'messages of a client come in the order in which it sent them, for each topic and QoS',
  async (stage) => {
    const subscribers = await Promise.all(([0, 1, 2] as const).map((qos) => stage.subscriber(`${stage.topic}/#`, qos)))
    const publishers = await Promise.all(['a', 'b', 'c'].map((clientId) => stage.connect({ clientId })))
    const count = 90
    for (const [index, publisher] of publishers.entries()) {
      publisher.acknowledgeAll()
      const packets = numbers(count).map((payload) => {
        const [qos, topic] = [Number(payload) % 3, `${stage.topic}/${index}/${Number(payload) % 2}`]
        return publishPacket(topic, payload, {
          qos: qos as 0 | 1 | 2,
          ...(qos > 0 && { messageId: Number(payload) + 1 }),
        })
      })
      publisher.send(...packets)
    }
    for (const subscriber of subscribers) {
      await subscriber.until(() => subscriber.publishes.length >= count * publishers.length)
      const lines = Map.groupBy(subscriber.publishes, ({ topic, payload }) => `${topic} ${Number(payload) % 3}`)
      assert.equal(lines.size, publishers.length * 6)
      for (const [line, publishes] of lines) {
        const came = publishes.map(({ payload }) => Number(payload))
        assert.deepEqual(
          came,
          came.toSorted((a, b) => a - b),
          line,
        )
      }
    }
  },
)
