import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backendError } from '../../src/backends/mysql/errors.ts'
import * as literal from '../../src/backends/mysql/literals.ts'
import { matches } from '../../src/backends/mysql/read.ts'
import { mayCommit, targetsOf } from '../../src/backends/mysql/statement.ts'

const raised = (code: string | undefined, errno?: number, sqlState?: string, message = 'x') =>
  backendError(Object.assign(new Error(message), { code, errno, sqlState }), 'pool1', 3)

test('errors of the server are sorted by their number, else by their state', () => {
  const expected: Record<string, [number, string][]> = {
    transient: [
      [1040, '08004'], // too many connections
      [1203, '42000'], // of this user
      [1053, '08S01'], // shutting down
      [1205, 'HY000'], // lock wait
      [1213, '40001'], // deadlock
      [1290, 'HY000'], // read only
      [1114, 'HY000'], // table full
      [1021, 'HY000'], // disk full
      [1927, '70100'], // connection killed
      [1969, '70100'], // took too long
      [9999, 'HY000'],
    ],
    permanent: [
      [1406, '22001'],
      [1264, '22003'],
      [1048, '23000'],
      [1062, '23000'],
      [4025, '23000'],
      [3819, 'HY000'],
      [1054, '42S22'],
      [1064, '42000'],
      [1366, 'HY000'],
      [1364, 'HY000'],
      [1292, '22007'],
      [1644, '45000'],
    ],
    denied: [
      [1045, '28000'],
      [1044, '42000'],
      [1049, '42000'],
      [1130, 'HY000'],
      [1142, '42000'],
      [1146, '42S02'],
      [1698, '28000'],
    ],
  }
  for (const [errorClass, numbers] of Object.entries(expected)) {
    for (const [errno, state] of numbers) assert.equal(raised('ER_X', errno, state).errorClass, errorClass, `${errno}`)
  }
})

test('what is wrong on the way to the server is waited for, but for certificates', () => {
  assert.equal(raised('ECONNREFUSED', -111).errorClass, 'transient')
  assert.equal(raised('PROTOCOL_CONNECTION_LOST').errorClass, 'transient')
  assert.equal(raised('HANDSHAKE_SSL_ERROR', undefined, undefined, 'read ECONNRESET').errorClass, 'transient')
  assert.equal(raised('HANDSHAKE_SSL_ERROR', undefined, undefined, 'self-signed certificate').errorClass, 'denied')
  assert.equal(raised('HANDSHAKE_NO_SSL_SUPPORT').errorClass, 'denied')
  assert.equal(raised(undefined).code, 'CONNECTION')
})

test('only what is at fault is named, and a hint says what to do', () => {
  assert.equal(raised('ER_X', 1406, '22001').operation, 3)
  assert.equal(raised('ER_X', 1213, '40001').operation, undefined)
  const missing = (table: string) => raised('ER_X', 1146, '42S02', `Table '${table}' doesn't exist`).hint
  assert.equal(missing('mqtt.mqtt_msg'), 'holdfast schema mysql --apply --pool pool1')
  assert.match(missing('mqtt.other')!, /create the table/)
})

test('no literal can end before its end', () => {
  assert.equal(literal.text('plain ü →'), "'plain ü →'")
  for (const value of ["'", '\\', '\0', '\n', "\\' or 1=1 --"]) {
    assert.equal(literal.text(value), `_utf8mb4 x'${Buffer.from(value).toString('hex')}'`)
  }
  assert.equal(literal.text('💧'), "'💧' collate utf8mb4_bin")
  assert.equal(literal.bytes(Buffer.from('{"a": 1}')), `'{"a": 1}'`)
  assert.equal(literal.bytes(Buffer.from([0xff, 0])), "x'ff00'")
  assert.equal(literal.number(21.5), '21.5e0')
  assert.equal(literal.number(-3), '-3')
  const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  assert.equal(literal.time(at), "'2026-01-02 03:04:05.678'")
  assert.equal(literal.time(at, 0), "'2026-01-02 03:04:05'")
  assert.equal(literal.time(null), 'null')
})

test("a parameter's column is found where it stands alone in values, or is what a column becomes", () => {
  const found = (text: string) => targetsOf(text.split('?'))
  assert.deepEqual(found('insert into t(a, `B`) values (?, ?), (?, now())'), { table: 't', columns: ['a', 'b', 'a'] })
  assert.deepEqual(found('INSERT IGNORE INTO `db`.`t` VALUES (1, ?, ?)'), { table: '`db`.`t`', columns: [1, 2] })
  assert.deepEqual(found("replace t (a, b) values ('(,', concat(?, 'x'))"), { table: 't', columns: [undefined] })
  assert.deepEqual(found('insert into t (a) values (?) on duplicate key update b = ?'), {
    table: 't',
    columns: ['a', 'b'],
  })
  assert.deepEqual(found('update t set t.a = ?, b=? where c > ?'), { table: 't', columns: ['a', 'b', undefined] })
  assert.deepEqual(found('delete from t where a = ?'), { table: 't', columns: ['a'] })
  assert.deepEqual(found('select ?'), { table: undefined, columns: [undefined] })
})

test('statements that may commit are told from those that do not', () => {
  const may = (text: string) => mayCommit({ texts: [text], values: [] })
  for (const text of ['insert into t', ' UPDATE t', '(select 1)', 'with x as (select 1) select 1', 'delete from t']) {
    assert.equal(may(text), false, text)
  }
  for (const text of ['create table t', 'truncate t', 'call p()', 'inserted', '/* */ insert', 'begin']) {
    assert.equal(may(text), true, text)
  }
})

test('a filter is a condition without regular expressions', () => {
  assert.equal(matches('t', '#'), "t not like '$%'")
  assert.match(matches('t', 'a/+/#'), /substring_index\(t, '\/', 2\)\) - .* = 1$/)
  assert.match(matches('t', '100%/+'), /like '100!%\/%' escape '!'/)
})
