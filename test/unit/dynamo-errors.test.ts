import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backendError, missingTable, sorted } from '../../src/backends/dynamo/errors.ts'

const raised = (name: string, message = 'x') => backendError(Object.assign(new Error(message), { name }), 3)

test('exceptions are sorted', () => {
  const expected = {
    transient: [
      'ProvisionedThroughputExceededException',
      'ThrottlingException',
      'RequestLimitExceeded',
      'TransactionConflictException',
      'TransactionInProgressException',
      'InternalServerError',
      'ServiceUnavailable',
      'LimitExceededException',
      'AbortError',
      'TimeoutError',
      'SomethingNew',
    ],
    permanent: ['ValidationException', 'ItemCollectionSizeLimitExceededException'],
    denied: [
      'AccessDeniedException',
      'CredentialsProviderError',
      'ExpiredTokenException',
      'InvalidSignatureException',
      'UnrecognizedClientException',
    ],
  }
  for (const [errorClass, names] of Object.entries(expected)) {
    for (const name of names) assert.equal(raised(name).errorClass, errorClass, name)
  }
})

test("Node's codes of connections are sorted", () => {
  const failed = (code: string) => backendError(Object.assign(new Error('x'), { code }))
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'CERT_NOT_YET_VALID']) {
    assert.deepEqual([failed(code).errorClass, failed(code).code], ['transient', code])
  }
  assert.equal(failed('DEPTH_ZERO_SELF_SIGNED_CERT').errorClass, 'denied')
})

test('reasons for which a transaction was cancelled are sorted as exceptions are', () => {
  const reason = (code: string) => sorted(code, 'x', { cause: undefined, operation: 3 })
  for (const code of ['ThrottlingError', 'ProvisionedThroughputExceeded', 'TransactionConflict']) {
    assert.equal(reason(code).errorClass, 'transient', code)
  }
  assert.deepEqual([reason('ValidationError').errorClass, reason('ValidationError').operation], ['permanent', 3])
})

test('a clock that is wrong waits; a wrong key does not', () => {
  const expired = 'Signature expired: 19700101T000000Z is now earlier than 20261121T000000Z'
  assert.equal(raised('InvalidSignatureException', expired).errorClass, 'transient')
  assert.match(raised('InvalidSignatureException', 'does not match').hint!, /aws_secret_access_key/)
})

test("a table that is somebody else's is denied: no message is to blame", () => {
  for (const message of [
    'The provided key element does not match the schema',
    'One of the required keys was not given a value',
    'One or more parameter values were invalid: Missing the key id in the item',
  ]) {
    assert.equal(raised('ValidationException', message).errorClass, 'denied', message)
  }
})

test('only what is at fault is named', () => {
  assert.equal(raised('ValidationException').operation, 3)
  assert.equal(raised('ThrottlingException').operation, undefined)
})

test('a missing table says what to do', () => {
  const error = missingTable(['mqtt_msg'], 'pool1', { cause: undefined })
  assert.equal(error.errorClass, 'denied')
  assert.equal(error.hint, 'holdfast schema dynamo --apply --pool pool1')
  assert.match(error.message, /mqtt_msg/)
})
