// Which events are journalled, for which bindings, and what changes with them.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { Binding } from '../../src/model/binding.ts'
import type { EventDraft } from '../../src/model/event.ts'
import { until } from '../helpers/gateway.ts'
import { Pools } from '../model/overlay-remote.ts'
import { binding, POOL, Rig } from '../model/overlay-rig.ts'

let rig: Rig
let pools: Pools
beforeEach(async () => {
  pools = new Pools()
  pools.add(POOL)
  pools.add('pgsql.pool2')
  rig = await new Rig(pools).open([])
})
afterEach(() => rig.close())

const publish = (topic: string, more: Partial<EventDraft> = {}): EventDraft => ({
  hook: 'message.publish',
  clientid: 'p',
  topic,
  payload: Buffer.from('x'),
  qos: 0,
  retain: false,
  ...more,
})
const acked = (topic: string): EventDraft => ({
  hook: 'message.acked',
  clientid: 'c',
  topic,
  more: { msgid: 'M', from: 'p', position: 'M' },
})

/** The definitions that the journal holds for the event. */
function journalledFor(seq: number): Binding[] {
  return rig.journal.reader
    .prepare<[number], string>(
      `select definition from binding where id in (select value from event, binding_set, json_each(binding_set.bindings)
       where event.seq = ? and binding_set.id = event.bindings) order by id`,
    )
    .pluck()
    .all(seq)
    .map((text) => JSON.parse(text) as Binding)
}

const functionsOf = (seq: number): string[] =>
  journalledFor(seq).map(({ action }) => ('function' in action ? action.function : 'statements'))

test('without bindings only publishes that must not be lost are journalled', async () => {
  assert.equal(await rig.record(publish('a')), null)
  assert.equal((await rig.record(publish('a', { qos: 1 })))?.seq, 1)
  assert.equal((await rig.record(publish('a', { retain: true })))?.seq, 2)
  assert.equal(await rig.record(acked('a')), null)
  assert.equal(await rig.record({ hook: 'client.connected', clientid: 'c', topic: '' }), null)
})

test('a bound event is journalled with what it is bound to', async () => {
  await rig.hooks.replace([
    binding('on_message_store', { topic: 'a/#' }),
    binding('on_message_retain', { topic: 'a/b', order: 2 }),
    binding('on_message_acked', { topic: 'a/+' }),
    binding('on_client_connected'),
  ])
  const stored = await rig.record(publish('a/b'))
  assert.deepEqual(functionsOf(stored!.seq).sort(), ['on_message_retain', 'on_message_store'])
  assert.equal(await rig.record(publish('b')), null)
  assert.deepEqual(functionsOf((await rig.record(acked('a/b')))!.seq), ['on_message_acked'])
  assert.equal(await rig.record(acked('a/b/c')), null)
  const connected = await rig.record({ hook: 'client.connected', clientid: 'c', topic: '' })
  assert.deepEqual(functionsOf(connected!.seq), ['on_client_connected'])
  assert.equal(rig.hooks.wants('message.acked', 'a/b'), true)
  assert.equal(rig.hooks.wants('message.acked', 'b'), false)
  assert.equal(rig.hooks.wants('message.delivered', 'a/b'), false)
})

test("a wildcard binding does not see topics that begin with '$', one without a topic does", async () => {
  await rig.hooks.replace([binding('on_message_store', { topic: '#' })])
  assert.equal(await rig.record(publish('$SYS/x')), null)
  await rig.hooks.replace([binding('on_message_store')])
  assert.notEqual(await rig.record(publish('$SYS/x')), null)
})

test('a lookup puts nothing on a lane', async () => {
  await rig.hooks.replace([binding('on_message_fetch', { topic: '#' }), binding('on_subscribe_lookup')])
  const subscribed: EventDraft = { hook: 'session.subscribed', clientid: 'c', topic: 'a', qos: 1 }
  assert.equal(await rig.record(subscribed), null)
  assert.equal(rig.hooks.wants('session.subscribed', 'a'), false)
  assert.equal(await rig.record({ hook: 'client.connected', clientid: 'c', topic: '' }), null)
})

test('of on_message_publish and on_message_store in one pool one makes the row', async () => {
  await rig.hooks.replace([
    binding('on_message_publish', { topic: '#' }),
    binding('on_message_store', { topic: 'a', order: 2 }),
    binding('on_message_publish', { topic: '#', pool: 'pgsql.pool2', order: 3 }),
  ])
  const both = await rig.record(publish('a', { qos: 1 }))
  assert.deepEqual(
    journalledFor(both!.seq).map(({ pool, order }) => `${pool} ${order}`),
    ['pgsql.pool1 2', 'pgsql.pool2 3'],
  )
  const one = await rig.record(publish('b', { qos: 1 }))
  assert.deepEqual(functionsOf(one!.seq), ['on_message_publish', 'on_message_publish'])
})

test('what is journalled keeps its bindings when others take their place', async () => {
  const old = binding('on_message_store', { topic: 'a' })
  await rig.hooks.replace([old])
  const before = await rig.record(publish('a'))
  await rig.hooks.replace([binding('on_message_store', { topic: 'a', pool: 'pgsql.pool2' })])
  const after = await rig.record(publish('a'))
  assert.deepEqual(journalledFor(before!.seq), [old])
  assert.equal(journalledFor(after!.seq)[0]!.pool, 'pgsql.pool2')
  await rig.hooks.replace([old])
  const again = await rig.record(publish('a'))
  const set = rig.journal.reader.prepare<[number], number>('select bindings from event where seq = ?').pluck()
  assert.equal(set.get(again!.seq), set.get(before!.seq))
})

test('done comes in the order of the calls, journalled or not', async () => {
  await rig.hooks.replace([binding('on_message_store', { topic: 'a' })])
  const order: string[] = []
  await Promise.all(
    ['a', 'x', 'a', 'x', 'x', 'a'].map(
      (topic, index) =>
        new Promise<void>((resolve) => {
          rig.hooks.record(publish(topic), (_error, event) => {
            order.push(`${index}${event ? 'j' : ''}`)
            resolve()
          })
        }),
    ),
  )
  assert.deepEqual(order, ['0j', '1', '2j', '3', '4', '5j'])
})

test('who is online is known to the next run when ends are recorded', async () => {
  await rig.hooks.replace([binding('on_client_disconnected')])
  await rig.record({ hook: 'client.connected', clientid: 'stays', topic: '' })
  await rig.record({ hook: 'client.connected', clientid: 'goes', topic: '' })
  await rig.record({ hook: 'client.disconnected', clientid: 'goes', topic: '', more: { reason: 'normal' } })
  const online = rig.journal.reader.prepare('select clientid from online').pluck()
  assert.deepEqual(online.all(), ['stays'])
})

test('no position moves in a pool that may owe the client older messages, until that turns out', async () => {
  await rig.hooks.replace([
    binding('on_message_store', { topic: 't' }),
    binding('on_message_fetch', { topic: 't' }),
    binding('on_message_acked', { topic: 't' }),
  ])
  pools.setUp(POOL, false)
  const message = await rig.publish('t')
  const gone = new AbortController()
  await rig.told('c', 't', { later: { signal: gone.signal, gone: gone.signal, deliver() {} } })
  await rig.acked('c', 't', message.id.toString())
  assert.equal(rig.journal.event(rig.journal.lastSeq)?.more?.position, undefined)
  assert.equal(rig.store.positions.match('c', 't').get('t')?.own, message.id.toString())
  const acknowledged = rig.journal.lastSeq
  gone.abort()
  pools.setUp(POOL, true)
  await until('the position follows', () => rig.journal.lastSeq > acknowledged)
  assert.equal(rig.journal.event(rig.journal.lastSeq)?.more?.position, message.id.toString())
})
