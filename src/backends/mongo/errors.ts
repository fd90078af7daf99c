// What MongoDB and the way to it say, sorted: wait, give the entry up, or ask for somebody's help.

import { BackendError } from '../../model/errors.ts'
import { CONNECTION_CODES, denied, judged, permanent, transient, type Verdict } from '../verdict.ts'

const PASSWORD = denied(
  'check login, password and auth_source of the pool (auth_source: the database that knows the user)',
)
const RIGHT = denied('grant the user of the pool readWrite on its database')
const DEFECT = denied('this is a defect of Holdfast: report it with the log; nothing is lost meanwhile')
const NO_TLS = denied('does the server speak TLS? set `ssl` of the pool as it is there')

/** By the server's code; what is not here is transient. */
const CODES: Readonly<Record<number, Verdict>> = {
  2: permanent, // BadValue
  9: permanent, // FailedToParse
  13: RIGHT,
  14: permanent, // TypeMismatch
  15: permanent, // Overflow (of nesting)
  16: permanent, // InvalidLength
  17: permanent, // ProtocolError
  18: PASSWORD,
  20: permanent, // IllegalOperation
  22: permanent, // InvalidBSON
  26: denied('create the collection, or correct the statement'),
  28: permanent, // PathNotViable
  31: denied('the user of the pool has a role that is not there'),
  40: permanent, // ConflictingUpdateOperators
  48: permanent, // NamespaceExists
  52: permanent, // DollarPrefixedFieldName
  53: permanent, // InvalidIdField
  54: permanent, // NotSingleValueField
  55: permanent, // InvalidDBRef
  56: permanent, // EmptyFieldName
  57: permanent, // DottedFieldName
  59: permanent, // CommandNotFound
  66: permanent, // ImmutableField
  72: permanent, // InvalidOptions
  73: permanent, // InvalidNamespace
  121: permanent, // DocumentValidationFailure
  166: permanent, // CommandNotSupportedOnView
  167: permanent, // OptionNotSupportedOnView
  168: permanent, // InvalidPipelineOperator
  224: permanent, // QueryFeatureNotAllowed
  263: permanent, // OperationNotSupportedInTransaction
  8000: PASSWORD,
  10334: permanent, // BSONObjectTooLarge
  11000: permanent, // DuplicateKey
  16755: permanent, // no geo position
  17280: permanent, // KeyTooLong
  17419: permanent, // the document would become too large
  31034: permanent, // bad options of an index
  50840: permanent, // bad field name
  51091: permanent, // bad regular expression
}

/** Node's and OpenSSL's codes of connections that waiting does not mend. */
const CONNECTION: Readonly<Record<string, Verdict>> = {
  ...CONNECTION_CODES,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
}

/** What is thrown on this side, by its class. */
const NAMES: Readonly<Record<string, Verdict>> = {
  AssertionError: DEFECT,
  BSONError: permanent,
  BSONRuntimeError: permanent,
  BSONVersionError: permanent,
  MongoInvalidArgumentError: permanent,
  ReferenceError: DEFECT,
  TypeError: DEFECT,
  MongoParseError: denied('correct the keys of the pool'),
  MongoMissingCredentialsError: PASSWORD,
  MongoCompatibilityError: denied('the server is older than the oldest one that the driver speaks to (MongoDB 4.4)'),
}

/** By their texts, since their codes say less or there is none. */
const MESSAGES: readonly (readonly [RegExp, string, Verdict])[] = [
  [/requires authentication/, 'NO_USER', PASSWORD],
  [/offset" is out of range|document is larger than the maximum size/i, 'TOO_LARGE', permanent],
]

interface Said {
  readonly name?: string
  readonly code?: number | string
  readonly message?: string
  readonly cause?: unknown
  readonly reason?: { readonly servers?: ReadonlyMap<string, { readonly error?: unknown }> }
}

/** @param operation index in the batch, where one is known to be at fault */
export function backendError(error: unknown, _pool: string, operation?: number): BackendError {
  if (error instanceof BackendError) return error
  const { code, verdict, message } = sorted(error)
  return judged(verdict, code, message, { cause: error, operation })
}

function sorted(error: unknown): { code: string; verdict: Verdict; message: string } {
  const told = chain(error)
  const { message = String(error) } = told[0]!
  for (const { code, name = '', message: text = '' } of told) {
    const known = MESSAGES.find(([pattern]) => pattern.test(text))
    if (known) return { code: known[1], verdict: known[2], message }
    if (typeof code === 'number') return { code: String(code), verdict: CODES[code] ?? transient, message }
    if (typeof code === 'string' && code in CONNECTION) return { code, verdict: CONNECTION[code]!, message }
    if (name in NAMES) return { code: name, verdict: NAMES[name]!, message }
  }
  const last = told.findLast(({ code }) => typeof code === 'string')
  return { code: String(last?.code ?? told[0]!.name ?? 'CONNECTION'), verdict: transient, message }
}

/** The error and what it came from: the driver wraps what a socket said, and what each server answered. */
function chain(error: unknown): Said[] {
  const told: Said[] = []
  for (let said = error as Said | undefined; said && told.length < 10; ) {
    told.push(said)
    const [server] = [...(said.reason?.servers?.values() ?? [])].filter((one) => one.error)
    said = (said.cause ?? server?.error) as Said | undefined
  }
  return told
}
