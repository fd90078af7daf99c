// Local truth: what is in the tables after the commit, after a restart, and after the journal's rows have gone.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { Pools } from '../model/overlay-remote.ts'
import { binding, POOL, Rig } from '../model/overlay-rig.ts'

const BINDINGS = [
  binding('on_message_store', { topic: 's/#' }),
  binding('on_message_publish', { topic: 'p/#' }),
  binding('on_message_acked', { topic: '#' }),
  binding('on_acked_delete'),
]

let rig: Rig
beforeEach(async () => {
  const pools = new Pools()
  pools.add(POOL)
  rig = await new Rig(pools, { messages: 8, events: 20, topicLength: 100_000 }).open(BINDINGS)
})
afterEach(() => rig.close())

const index = (filter: string, after = 0): number[] => [...rig.store.index.oldestFirst(filter, after)]
const tableRows = (table: string): number =>
  rig.journal.reader.prepare<[], number>(`select count(*) from ${table}`).pluck().get()!
const turn = (): Promise<void> => new Promise((resolve) => rig.journal.after(resolve))

test('a retained message stands until it is cleared, also over a restart', async () => {
  await rig.publish('r/1', 'one', { retain: true, qos: 0 })
  await rig.publish('r/2', 'two', { retain: true })
  await rig.publish('r/1', 'three', { retain: true })
  await rig.publish('r/3', 'not retained')
  await rig.publish('r/2', '', { retain: true })
  const retained = (): string[] => rig.store.retained.match('r/#').map(({ topic, payload }) => `${topic} ${payload}`)
  assert.deepEqual(retained(), ['r/1 three'])
  await rig.restart(BINDINGS)
  assert.deepEqual(retained(), ['r/1 three'])
  assert.equal(rig.store.retained.size, 1)
  assert.equal(rig.store.retained.newest('r/2')?.payload.length, 0)
})

test('a retained message keeps no more bytes than its own', async () => {
  const chunk = Buffer.alloc(65_536, 'x')
  await rig.publish('r', '', { retain: true, payload: chunk.subarray(10, 20) })
  const [message] = rig.store.retained.match('r')
  assert.equal(message!.payload.toString(), 'xxxxxxxxxx')
  assert.notEqual(message!.payload.buffer, chunk.buffer)
})

test("positions only advance: in the journal's order by id, in the pool's as they come", async () => {
  const ids: string[] = []
  for (let i = 0; i < 3; i++) ids.push((await rig.publish('s/1')).id.toString())
  const position = () => rig.store.positions.match('c', 's/1').get('s/1')
  await rig.acked('c', 's/1', ids[1]!)
  await rig.acked('c', 's/1', ids[0]!)
  assert.equal(position()?.own, ids[1])
  assert.equal(position()?.row, null)
  await rig.acked('c', 's/1', 'foreign-1')
  await rig.acked('c', 's/1', ids[2]!)
  assert.deepEqual({ ...position() }, { topic: 's/1', own: ids[2], row: 'foreign-1' })
  await rig.acked('c', 's/2', 'foreign-2')
  assert.deepEqual([...rig.store.positions.match('c', 's/+').keys()], ['s/1', 's/2'])
  assert.equal(rig.store.positions.match('d', 's/+').size, 0)
  await rig.record({ hook: 'session.unsubscribed', clientid: 'c', topic: 's/1' })
  assert.equal(position(), undefined)
})

test('an ack that did not close its gap moves nothing', async () => {
  await rig.record({ hook: 'message.acked', clientid: 'c', topic: 's/1', more: { msgid: 'm', from: 'p' } })
  assert.equal(rig.store.positions.match('c', 's/1').size, 0)
})

test('the index has what a binding stores, and only that', async () => {
  const stored = [
    await rig.publish('s/1', 'x', { qos: 0 }),
    await rig.publish('s/2'),
    await rig.publish('p/1'),
    await rig.publish('s/1'),
  ]
  await rig.publish('p/1', 'x', { qos: 0, retain: true }) // on_message_publish leaves QoS 0 out
  await rig.publish('s/1', '', { retain: true }) // an order to forget
  await rig.publish('other')
  await rig.acked('c', 's/1', 'm')
  const seqs = stored.map(({ seq }) => seq)
  assert.deepEqual(index('#'), seqs)
  assert.deepEqual(index('s/1'), [seqs[0], seqs[3]])
  assert.deepEqual(index('s/+', seqs[0]), [seqs[1], seqs[3]])
  assert.deepEqual([...rig.store.index.newestFirst('#', 0)], [...seqs].reverse())
})

test('generations roll over, and a restart reads the rest again', async () => {
  const topics = ['s/1', 's/"2"\n', 's/__proto__', 's/é']
  const expected = new Map<string, number[]>(topics.map((topic) => [topic, []]))
  const all: number[] = []
  for (let i = 0; i < 45; i++) {
    const topic = topics[(i * 7) % topics.length]!
    const { seq } = await rig.publish(topic)
    expected.get(topic)!.push(seq)
    all.push(seq)
  }
  await turn()
  assert.ok(tableRows('message_index') >= 5)
  for (let run = 0; run < 2; run++) {
    for (const [topic, seqs] of expected) assert.deepEqual(index(topic), seqs)
    assert.deepEqual(index('#'), all)
    assert.deepEqual(index('s/+', all[20]), all.slice(21))
    assert.deepEqual([...rig.store.index.newestFirst('s/#', all[40]!)], all.slice(41).reverse())
    assert.deepEqual(index('s'), [])
    await rig.restart(BINDINGS)
  }
})

test('a generation ends when its topics take much memory', async () => {
  const long = 'x'.repeat(60_000)
  for (let i = 0; i < 4; i++) await rig.publish(`s/${long}/${i}`)
  await turn()
  assert.equal(tableRows('message_index'), 4)
  await rig.restart(BINDINGS)
  assert.equal(index('s/#').length, 4)
  assert.equal(index(`s/${long}/2`).length, 1)
})

test('a generation without messages is not read again', async () => {
  for (let i = 0; i < 65; i++) await rig.publish('other')
  await turn()
  const ends = rig.journal.reader.prepare<[], number>('select upto from message_index').pluck().all()
  assert.ok(ends.at(-1)! >= 60)
  assert.deepEqual(index('#'), [])
})

test('reading goes on as it began while generations end', async () => {
  const seqs: number[] = []
  for (let i = 0; i < 12; i++) seqs.push((await rig.publish('s/1')).seq)
  const reading = rig.store.index.oldestFirst('s/1', 0)
  assert.equal(reading.next().value, seqs[0])
  for (let i = 0; i < 20; i++) await rig.publish('s/1')
  const read = [...reading]
  assert.deepEqual(read.slice(0, 11), seqs.slice(1))
})

test('the newest seq up to an id is found', async () => {
  const events = []
  for (let i = 0; i < 20; i++) events.push(await rig.publish('s/1'))
  for (const { seq, id } of events) assert.equal(rig.store.stored.seqOf(id.toString()), seq)
  assert.equal(rig.store.stored.seqOf(''), 0)
  assert.equal(rig.store.stored.seqOf('~'), events.at(-1)!.seq)
})
