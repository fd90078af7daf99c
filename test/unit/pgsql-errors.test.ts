import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backendError } from '../../src/backends/pgsql/errors.ts'

const raised = (code: string | undefined, message = 'x') =>
  backendError(Object.assign(new Error(message), { code }), 'pool1', 3)

test('codes are sorted', () => {
  const expected = {
    transient: [
      '08006',
      '53300',
      '53100',
      '57P01',
      '57P03',
      '57014',
      '25006',
      '40001',
      '40P01',
      'XX000',
      'ECONNREFUSED',
      'ENOTFOUND',
      'CERT_NOT_YET_VALID',
    ],
    permanent: ['22001', '22021', '23505', '42703', '42804', '42601', '54000', 'P0001', '0A000'],
    denied: ['28P01', '28000', '42501', '42P01', '3D000', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  }
  for (const [errorClass, codes] of Object.entries(expected)) {
    for (const code of codes) assert.equal(raised(code).errorClass, errorClass, code)
  }
  assert.equal(raised(undefined).errorClass, 'transient')
})

test('only what is at fault is named', () => {
  assert.equal(raised('22001').operation, 3)
  assert.equal(raised('57P01').operation, undefined)
})

test('a hint says what to do', () => {
  assert.match(
    raised('42P01', 'relation "mqtt_msg" does not exist').hint!,
    /holdfast schema pgsql --apply --pool pool1/,
  )
  assert.match(raised('42P01', 'relation "conn" does not exist').hint!, /create the table/)
  assert.match(raised(undefined, 'The server does not support SSL connections').hint!, /ssl = off/)
})
