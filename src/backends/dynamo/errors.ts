// What DynamoDB and the way to it say, sorted: wait, give the entry up, or ask for somebody's help.

import { BackendError } from '../../model/errors.ts'
import { CONNECTION_CODES, denied, judged, permanent, transient, type Verdict } from '../verdict.ts'

const KEY = denied('check aws_access_key_id and aws_secret_access_key of the pool')

/** Names of exceptions and of a transaction's reasons, without `Exception` and `Error`; what is not here is transient. */
const NAMES: Readonly<Record<string, Verdict>> = {
  // throttled, busy, or at odds with somebody else's write: the same request will pass later
  InternalServer: transient,
  LimitExceeded: transient,
  ProvisionedThroughputExceeded: transient,
  RequestLimitExceeded: transient,
  ServiceUnavailable: transient,
  Throttling: transient,
  TransactionConflict: transient,
  TransactionInProgress: transient,

  ItemCollectionSizeLimitExceeded: permanent,
  Validation: permanent,

  AccessDenied: denied('grant the user of the access key the right to the table'),
  CredentialsProvider: denied(
    'set aws_access_key_id and aws_secret_access_key of the pool, or give the machine a role',
  ),
  ExpiredToken: denied('the temporary credentials have expired: renew them'),
  IncompleteSignature: KEY,
  InvalidClientTokenId: KEY,
  InvalidSignature: KEY,
  MissingAuthenticationToken: KEY,
  NotAuthorized: KEY,
  OptInRequired: denied('the account is not signed up for DynamoDB in this region'),
  UnrecognizedClient: KEY,

  ...CONNECTION_CODES,
}

/** Where one name has several reasons. */
const MESSAGES: readonly (readonly [name: string, message: RegExp, Verdict])[] = [
  // a machine whose clock is not set yet
  ['InvalidSignature', /expired|not yet current/i, transient],
  // a table of this name that is somebody else's
  [
    'Validation',
    /key element|required keys|missing the key|type mismatch for key/i,
    denied('the table has other keys: see `holdfast schema dynamo`'),
  ],
]

/** @param operation index in the batch, where one is known to be at fault */
export function backendError(error: unknown, operation?: number): BackendError {
  if (error instanceof BackendError) return error
  const { name, code, message } = error as { name: string; code?: string; message: string }
  return sorted(code ?? name, message, { cause: error, operation })
}

/** @param name of an exception, of a reason for which a transaction was cancelled, or a code of Node's */
export function sorted(
  name: string,
  message: string,
  more: { cause: unknown; operation?: number | undefined },
): BackendError {
  const short = name.replace(/(Exception|Error)$/, '')
  const special = MESSAGES.find(([of, pattern]) => of === short && pattern.test(message))
  return judged(special?.[2] ?? NAMES[short] ?? transient, name, message, more)
}

export function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name
}

/** What DynamoDB can't take, found before it is sent. */
export function refused(code: string, message: string, operation: number): BackendError {
  return new BackendError('permanent', code, message, { operation })
}

/** @param names of the tables that are missing; DynamoDB itself says none */
export function missingTable(
  names: readonly string[],
  pool: string,
  { cause, operation }: { cause: unknown; operation?: number | undefined },
): BackendError {
  const message = names.length > 0 ? `no such table: ${names.join(', ')}` : 'a table is missing'
  return new BackendError('denied', 'ResourceNotFoundException', message, {
    hint: `holdfast schema dynamo --apply --pool ${pool}`,
    cause,
    ...(operation === undefined ? {} : { operation }),
  })
}
