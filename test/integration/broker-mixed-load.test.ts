// The run that every remedy together has to pass: five publishers, mixed QoS and retain, overlapping subscribers with
// clean and persistent sessions, one of which keeps losing its connection. All arrives, once, in each publisher's order.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import mqtt, { type MqttClient } from 'mqtt'
import { startOurs, startStock, type TestBroker } from '../helpers/brokers.ts'

const PUBLISHERS = 5
const MESSAGES = 300
const TOTAL = PUBLISHERS * MESSAGES
/** Those of QoS 1 and 2. */
const ACKNOWLEDGED = (TOTAL / 3) * 2
const PATIENCE_MS = 8000

interface Subscriber {
  readonly client: MqttClient
  readonly seen: string[]
}

const url = ({ port }: TestBroker): string => `mqtt://127.0.0.1:${port}`

async function subscribe(broker: TestBroker, clientId: string, clean: boolean): Promise<Subscriber> {
  const client = await mqtt.connectAsync(url(broker), { clientId, clean, reconnectPeriod: 20 })
  const seen: string[] = []
  client.on('message', (_topic, payload) => seen.push(payload.toString()))
  client.on('error', () => {})
  await client.subscribeAsync({ 'load/#': { qos: 2 }, 'load/+/data': { qos: 1 } })
  return { client, seen }
}

/** Publishes with as many in flight as the library allows: QoS and retain change with every message. */
async function publish(broker: TestBroker, publisher: number): Promise<void> {
  const client = await mqtt.connectAsync(url(broker), { clientId: `publisher-${publisher}` })
  const sent: Promise<unknown>[] = []
  for (let n = 0; n < MESSAGES; n++) {
    const qos = (n % 3) as 0 | 1 | 2
    sent.push(client.publishAsync(`load/${publisher}/data`, `${publisher}:${n}`, { qos, retain: n % 2 === 0 }))
    if (n % 50 === 0) await sleep(1)
  }
  await Promise.all(sent)
  await client.endAsync()
}

/** @returns what each subscriber lacks, has twice, or has in the wrong order; who loses its connection loses QoS 0 too */
function faults(subscribers: Readonly<Record<string, Subscriber>>, expected = TOTAL): string[] {
  const found: string[] = []
  for (const [name, { seen }] of Object.entries(subscribers)) {
    const relevant = expected === TOTAL ? seen : seen.filter((text) => numberOf(text) % 3 > 0)
    const distinct = new Set(relevant)
    if (distinct.size < expected) found.push(`${name} lacks ${expected - distinct.size}`)
    if (relevant.length > distinct.size) found.push(`${name} has ${relevant.length - distinct.size} twice`)
    if (!inOrder([...distinct], qosLine)) found.push(`${name} has some out of order`)
  }
  return found
}

/** One publisher's messages of one QoS: the client library shows a QoS 2 message at its PUBREL, so later than it came. */
const qosLine = (text: string): string => `${text.split(':')[0]} ${numberOf(text) % 3}`
const numberOf = (text: string): number => Number(text.split(':')[1])

function inOrder(texts: readonly string[], lineOf: (text: string) => string): boolean {
  const last = new Map<string, number>()
  return texts.every((text) => {
    const line = lineOf(text)
    const grows = numberOf(text) > (last.get(line) ?? -1)
    last.set(line, numberOf(text))
    return grows
  })
}

async function load(broker: TestBroker): Promise<string[]> {
  const subscribers = {
    clean: await subscribe(broker, 'clean', true),
    persistent: await subscribe(broker, 'persistent', false),
  }
  const flaky = await subscribe(broker, 'flaky', false)
  const cutting = setInterval(() => flaky.client.stream.destroy(), 60)
  await Promise.all(Array.from({ length: PUBLISHERS }, (_, publisher) => publish(broker, publisher)))
  clearInterval(cutting)
  const all = { ...subscribers, flaky }
  const deadline = performance.now() + PATIENCE_MS
  const complete = (): boolean => faults(all, ACKNOWLEDGED).every((fault) => !fault.includes('lacks'))
  for (let last = 0, count = -1; !complete() && performance.now() < deadline && last !== count; ) {
    last = count
    await sleep(500)
    count = Object.values(all).reduce((sum, { seen }) => sum + seen.length, 0)
  }
  await Promise.all(Object.values(all).map(({ client }) => client.endAsync(true)))
  // A connection that breaks between a message and its acknowledgement may bring a QoS 1 message twice.
  return [
    ...faults(subscribers),
    ...faults({ flaky }, ACKNOWLEDGED).filter((fault) => !/^flaky has \d+ twice$/.test(fault)),
  ]
}

test('mixed load: all arrives, nothing twice, in order', async () => {
  const broker = await startOurs()
  try {
    assert.deepEqual(await load(broker), [])
    const recorded = broker.hooks.publishes().map(({ payload }) => String(payload))
    assert.equal(recorded.length, TOTAL)
    assert.ok(inOrder(recorded, (text) => text.split(':')[0]!))
    assert.deepEqual(broker.broker.stats().dropped, {})
  } finally {
    await broker.close()
  }
})

test('control: stock aedes loses some of the mixed load', async () => {
  const broker = await startStock()
  try {
    assert.notDeepEqual(await load(broker), [])
  } finally {
    await broker.close()
  }
})
