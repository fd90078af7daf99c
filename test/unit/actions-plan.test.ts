import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plan } from '../../src/actions/actions.ts'
import { FUNCTIONS, type FunctionName, LOOKUPS } from '../../src/model/binding.ts'
import type { EventDraft, HookEvent } from '../../src/model/event.ts'
import { EventId } from '../../src/model/event-id.ts'
import type { Write } from '../../src/model/operation.ts'

const id = new EventId(1_700_000_000_000_000, 7, 1)
const at = 1_700_000_000_000

function event(draft: Partial<EventDraft>): HookEvent {
  return { hook: 'message.publish', clientid: 'c', topic: 'a/b', seq: 5, id, at, trusted: true, ...draft }
}

function planned(name: FunctionName, draft: Partial<EventDraft>): Write | null {
  const binding = {
    pool: 'pgsql.pool1',
    hook: FUNCTIONS[name][0],
    order: 1,
    action: { function: name },
    options: {},
  } as const
  return plan(event(draft), binding, { node: 'n1' })
}

const payload = Buffer.from('x')
const message = { msgid: id.toString(), topic: 'a/b', payload, qos: 1, retain: false, from: 'c', at, seq: 5 }

test('lookups write nothing', () => {
  for (const name of LOOKUPS) assert.equal(planned(name, { payload, qos: 1 }), null, name)
})

test('connects and disconnects write the state', () => {
  assert.deepEqual(planned('on_client_connected', {}), { do: 'client.online', clientid: 'c', node: 'n1', at })
  assert.deepEqual(planned('on_client_disconnected', {}), { do: 'client.offline', clientid: 'c', node: 'n1', at })
})

test('publish stores QoS 1 and 2, store any', () => {
  assert.deepEqual(planned('on_message_publish', { payload, qos: 1 }), { do: 'message.insert', message, node: 'n1' })
  assert.equal(planned('on_message_publish', { payload, qos: 0 }), null)
  assert.equal(planned('on_message_store', { payload, qos: 0 })!.do, 'message.insert')
  assert.equal(planned('on_message_publish', { payload: Buffer.alloc(0), qos: 1 })!.do, 'message.insert')
})

test('a retained message with an empty payload is an order, not a message', () => {
  const order = { payload: Buffer.alloc(0), qos: 1, retain: true } as const
  assert.equal(planned('on_message_publish', order), null)
  assert.equal(planned('on_message_store', order), null)
  assert.equal(planned('on_message_retain', order), null)
  assert.deepEqual(planned('on_retain_delete', order), { do: 'retain.delete', topic: 'a/b' })
})

test('retained messages only where the flag is set', () => {
  const expected = { do: 'retain.put', message: { ...message, retain: true }, node: 'n1' }
  assert.deepEqual(planned('on_message_retain', { payload, qos: 1, retain: true }), expected)
  assert.equal(planned('on_message_retain', { payload, qos: 1 }), null)
  assert.equal(planned('on_retain_delete', { payload, qos: 1, retain: true }), null)
  assert.equal(planned('on_retain_delete', { payload: Buffer.alloc(0), qos: 1 }), null)
})

test('an ack moves the position only as far as everything before it is acknowledged', () => {
  const moved = { do: 'position.move', clientid: 'c', topic: 'a/b', msgid: 'm4' }
  for (const name of ['on_message_acked', 'on_message_acked_for_pubsub'] as const) {
    assert.deepEqual(planned(name, { more: { msgid: 'm5', position: 'm4' } }), moved)
    assert.equal(planned(name, { more: { msgid: 'm5' } }), null)
  }
  const removed = { do: 'message.delete', msgid: 'm5', topic: 'a/b', clientid: 'c' }
  assert.deepEqual(planned('on_message_acked_for_queue', { more: { msgid: 'm5' } }), removed)
  assert.deepEqual(planned('on_acked_delete', {}), { do: 'position.delete', clientid: 'c', topic: 'a/b' })
})

test('a delivery names message and subscriber', () => {
  const delivered = { do: 'delivered.insert', clientid: 'c', topic: 'a/b', msgid: 'm5', at }
  assert.deepEqual(planned('on_message_delivered', { more: { msgid: 'm5', from: 'p' } }), delivered)
})
