import assert from 'node:assert/strict'
import { test } from 'node:test'
import { knownParameter, parameterNames, parseStatement, plan, unknownParameters } from '../../src/actions/actions.ts'
import type { EventDraft, HookEvent } from '../../src/model/event.ts'
import { EventId } from '../../src/model/event-id.ts'
import type { ParameterValue } from '../../src/model/operation.ts'

const id = new EventId(1_700_000_000_000_000, 7, 1)

function event(draft: Partial<EventDraft>): HookEvent {
  return {
    hook: 'message.publish',
    clientid: 'c',
    topic: 'a/b',
    seq: 5,
    id,
    at: 1_700_000_000_000,
    trusted: true,
    ...draft,
  }
}

/** The values that a statement with these names is bound to. */
function bound(names: readonly string[], draft: Partial<EventDraft>): readonly ParameterValue[] {
  const text = names.map((name) => `\${${name}}`).join(',')
  const statements = [parseStatement(text, 'sql').statement]
  const hook = draft.hook ?? 'message.publish'
  const write = plan(
    event(draft),
    { pool: 'pgsql.p', hook, order: 1, action: { statements }, options: {} },
    { node: 'n1' },
  )
  assert.ok(write?.do === 'statements')
  return write.statements[0]!.values
}

test('parameters become places, texts stay as they are', () => {
  const { statement, warnings, faults } = parseStatement(
    'insert into t(a, b) values(${clientid}, lower(${topic}))',
    'sql',
  )
  assert.deepEqual(statement, {
    texts: ['insert into t(a, b) values(', ', lower(', '))'],
    names: ['clientid', 'topic'],
  })
  assert.deepEqual([warnings, faults], [[], []])
  assert.deepEqual(parseStatement('select 1', 'sql').statement, { texts: ['select 1'], names: [] })
})

test('a quoted parameter is bound all the same, with a warning', () => {
  for (const text of ["values('${topic}')", 'values("${topic}")']) {
    const { statement, warnings, faults } = parseStatement(text, 'sql')
    assert.deepEqual(statement, { texts: ['values(', ')'], names: ['topic'] })
    assert.equal(warnings.length, 1)
    assert.deepEqual(faults, [])
  }
})

test('a parameter within a longer literal is a fault; literals and comments are left alone', () => {
  assert.equal(parseStatement("values('a/${topic}')", 'sql').faults.length, 1)
  assert.equal(parseStatement("values('it''s ${topic}')", 'sql').faults.length, 1)
  const fine = "select 'it''s', \"${\" -- don't ${mind}\n, ${qos}"
  assert.deepEqual(parseStatement("select 'it''s' -- don't ${mind}\n, ${qos}", 'sql').statement.names, ['qos'])
  assert.equal(parseStatement(fine, 'sql').faults.length, 1)
  assert.deepEqual(parseStatement("SET 'x ${topic}' ${qos}", 'commands').statement.names, ['topic', 'qos'])
})

test('each hook has its parameters, and all have node and timestamp', () => {
  assert.ok(parameterNames('session.created').includes('timestamp'))
  assert.ok(knownParameter('message.publish', 'payload.a[0].b'))
  assert.ok(!knownParameter('message.acked', 'payload.a'))
  assert.ok(!knownParameter('message.publish', 'payload.'))
  assert.ok(!knownParameter('message.publish', 'toString'))
  const { statement } = parseStatement('${clientid} ${nonsense} ${payload.x} ${nonsense}', 'sql')
  assert.deepEqual(unknownParameters('client.connected', statement), ['nonsense', 'payload.x'])
})

test('values of a publish', () => {
  const payload = Buffer.from('x')
  const names = ['msgid', 'topic', 'payload', 'qos', 'retain', 'clientid', 'node', 'timestamp']
  const values = [id.toString(), 'a/b', payload, 1, true, 'c', 'n1', 1_700_000_000_000]
  assert.deepEqual(bound(names, { payload, qos: 1, retain: true }), values)
  const [text] = bound(['message'], { payload, qos: 1 })
  assert.deepEqual(JSON.parse(text as string), {
    id: id.toString(),
    from: 'c',
    qos: 1,
    topic: 'a/b',
    retain: 0,
    payload: 'x',
    ts: 1_700_000_000_000,
  })
})

test('values of the other hooks', () => {
  const client = {
    hook: 'client.connected',
    more: { username: null, peerhost: '::1', clean: true, keepalive: 60 },
  } as const
  assert.deepEqual(bound(['username', 'peerhost', 'clean', 'keepalive'], client), [null, '::1', true, 60])
  assert.deepEqual(bound(['reason'], { hook: 'client.disconnected', more: { reason: 'keepalive' } }), ['keepalive'])
  assert.deepEqual(bound(['msgid', 'from'], { hook: 'message.acked', more: { msgid: 'm', from: 'p' } }), ['m', 'p'])
  assert.deepEqual(bound(['topic', 'qos'], { hook: 'session.subscribed', topic: 'a/#', qos: 2 }), ['a/#', 2])
})

test('paths into a JSON payload', () => {
  const payload = Buffer.from('{"a":[{"b":1.5},"t",null],"o":{"x":true},"n":1700000000000000001,"":0,"u v":2}')
  const of = (name: string): ParameterValue => bound([name], { payload })[0]!
  assert.equal(of('payload.a[0].b'), 1.5)
  assert.equal(of('payload.a[1]'), 't')
  assert.equal(of('payload.a[2]'), null)
  assert.equal(of('payload.a[3]'), null)
  assert.equal(of('payload.a[0]'), '{"b":1.5}')
  assert.equal(of('payload.o.x'), true)
  assert.equal(of('payload.u v'), 2)
  assert.equal(of('payload.n'), '1700000000000000001', 'no digit is lost')
  assert.equal(of('payload.missing.deep'), null)
  assert.equal(of('payload.toString'), null)
  assert.equal(of('payload.a.length'), null)
})

test('a payload that is not JSON has no paths', () => {
  assert.deepEqual(bound(['payload.a', 'payload.b'], { payload: Buffer.from('{"a"') }), [null, null])
  assert.deepEqual(bound(['payload.a'], {}), [null])
})
