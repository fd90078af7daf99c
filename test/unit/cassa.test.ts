import assert from 'node:assert/strict'
import { test } from 'node:test'
import cassandra from 'cassandra-driver'
import { isRepeatable } from '../../src/backends/cassa/custom.ts'
import { backendError } from '../../src/backends/cassa/errors.ts'
import { Stamps } from '../../src/backends/cassa/stamps.ts'
import { EventIdSource, STEP_MICROS } from '../../src/model/event-id.ts'

const { ResponseError, NoHostAvailableError, AuthenticationError, OperationTimedOutError, BusyConnectionError } =
  cassandra.errors
const sorted = (error: Error, operation?: number) => backendError(error, 'pool1', operation)

test('what the server says is sorted', () => {
  const cases: [code: number, message: string, errorClass: string, expected: string][] = [
    [0x1000, 'Cannot achieve consistency level QUORUM', 'transient', 'UNAVAILABLE'],
    [0x1001, 'Request breached global limit', 'transient', 'OVERLOADED'],
    [0x1100, 'Server timeout', 'transient', 'WRITE_TIMEOUT'],
    [0x1200, 'Server timeout', 'transient', 'READ_TIMEOUT'],
    [0x0000, 'Internal error', 'transient', 'ERROR_0'],
    [0x2000, "line 1:0 no viable alternative at input 'inser'", 'permanent', 'SYNTAX'],
    [0x2200, 'Undefined column name nonsense in table mqtt.sub', 'permanent', 'INVALID'],
    [0x2200, 'Key length of 70000 is longer than maximum of 65535', 'permanent', 'INVALID'],
    [0x2200, 'table msg does not exist', 'denied', 'NO_TABLE'],
    [0x2200, 'unconfigured table mqtt.msg', 'denied', 'NO_TABLE'],
    [0x2200, 'unconfigured columnfamily msg', 'denied', 'NO_TABLE'],
    [0x2200, "Keyspace 'mqtt' does not exist", 'denied', 'NO_KEYSPACE'],
    [
      0x2100,
      'User guest has no MODIFY permission on <table mqtt.client> or any of its parents',
      'denied',
      'UNAUTHORIZED',
    ],
  ]
  for (const [code, message, errorClass, expected] of cases) {
    const error = sorted(new ResponseError(code, message), 3)
    assert.deepEqual([error.errorClass, error.code], [errorClass, expected], message)
    assert.equal(error.operation, errorClass === 'transient' ? undefined : 3)
  }
  assert.match(sorted(new ResponseError(0x2200, 'table msg does not exist')).hint!, /schema cassa --apply --pool pool1/)
  assert.match(sorted(new ResponseError(0x2200, 'table conn does not exist')).hint!, /create the table/)
})

test('what the way to it says is sorted; of several nodes the one that asks for help counts', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const stranger = Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  const password = new AuthenticationError('Provided username x and/or password are incorrect')
  const starting = new AuthenticationError(
    'Unable to perform authentication: Cannot achieve consistency level LOCAL_ONE',
  )
  const all: [Error, errorClass: string, code: string][] = [
    [new NoHostAvailableError({ a: refused }), 'transient', 'ECONNREFUSED'],
    [new NoHostAvailableError({ a: refused, b: stranger }), 'denied', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [new NoHostAvailableError({ a: password }), 'denied', 'PASSWORD'],
    [new NoHostAvailableError({ a: starting }), 'transient', 'AUTHENTICATION'],
    [new NoHostAvailableError({}), 'transient', 'NO_HOST'],
    [new OperationTimedOutError('The host a did not reply before timeout 12000 ms'), 'transient', 'TIMEOUT'],
    [new BusyConnectionError('a', 2048, 1), 'transient', 'BUSY'],
    [new TypeError('Not a valid blob'), 'permanent', 'VALUE'],
  ]
  for (const [error, errorClass, code] of all) {
    const { errorClass: found, code: name } = sorted(error)
    assert.deepEqual([found, name], [errorClass, code], error.message)
  }
})

test('statements that only set and remove values are told from the others', () => {
  const yes = [
    'insert into conn(clientid) values(?)',
    'INSERT INTO notes (k, v) VALUES (?, ?)',
    "update notes set v = 'if + now() [acked]' where k = ?",
    'delete from sub where topic = ?',
    'insert into gifts (modified) values (?)',
  ]
  const no = [
    'select * from sub where client_id = ?',
    'insert into notes (k) values (?) if not exists',
    'update notes set v = ? where k = ? IF v = ?',
    'insert into notes (k) values (?) using timestamp 5',
    'update counted set n = n + 1 where k = ?',
    'update counted set n = n-1 where k = ?',
    "update listed set l[0] = 'x' where k = ?",
    'insert into notes (k, at) values (?, now())',
    'insert into notes (k, at) values (?, currentTimestamp())',
    'delete from acked where client_id = ? and topic = ?',
    'create table x (k text primary key)',
    'truncate notes',
    'begin batch insert into notes (k) values (?) apply batch',
  ]
  assert.deepEqual(
    yes.filter((text) => !isRepeatable(text)),
    [],
  )
  assert.deepEqual(no.filter(isRepeatable), [])
})

test('stamps grow with every write, and are the same whenever and with whatever it is written', () => {
  const ids = new EventIdSource(1)
  const events = Array.from({ length: 20_000 }, (_, seq) => ({ seq, id: ids.next(1_700_000_000_000 + seq / 50) }))
  const write = (from: number, to: number): bigint[][] => {
    const stamps = new Stamps()
    return events.slice(from, to).map((event) => {
      const own = stamps.of(event)
      return [own, ...Array.from({ length: STEP_MICROS - 1 }, () => stamps.next(event))]
    })
  }
  const all = write(0, events.length)
  const flat = all.flat()
  assert.ok(flat.every((stamp, index) => index === 0 || stamp > flat[index - 1]!))
  assert.deepEqual(write(137, 180), all.slice(137, 180))
  assert.ok(all.every(([own], index) => own === BigInt(events[index]!.id.micros)))
})

test('more statements than there is room for still come one after the other', () => {
  const ids = new EventIdSource(1)
  const [one, two] = [1, 2].map((seq) => ({ seq, id: ids.next(1_700_000_000_000) }))
  const stamps = new Stamps()
  const all = [...Array.from({ length: 20 }, () => stamps.next(one!)), stamps.of(two!), stamps.next(two!)]
  assert.ok(all.every((stamp, index) => index === 0 || stamp > all[index - 1]!))
})
