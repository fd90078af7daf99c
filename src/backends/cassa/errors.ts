// What Cassandra, its driver and the way to it say, sorted: wait, give the entry up, or ask for somebody's help.

import { BackendError, type ErrorClass } from '../../model/errors.ts'

interface Verdict {
  readonly errorClass: ErrorClass
  readonly code: string
  readonly hint?: string
}

const transient = (code: string): Verdict => ({ errorClass: 'transient', code })
const permanent = (code: string): Verdict => ({ errorClass: 'permanent', code })
const denied = (code: string, hint: string): Verdict => ({ errorClass: 'denied', code, hint })

const PASSWORD = denied('PASSWORD', 'check username and password of the pool')
const CERTIFICATE = "check cafile of the pool, and that the server's certificate names its address"

/** By the protocol's error code; what is not here is transient: no replica, no quorum, too slow, too busy, starting. */
const CODES: Readonly<Record<number, Verdict>> = {
  256: PASSWORD,
  4096: transient('UNAVAILABLE'),
  4097: transient('OVERLOADED'),
  4098: transient('BOOTSTRAPPING'),
  4099: transient('TRUNCATE'),
  4352: transient('WRITE_TIMEOUT'),
  4608: transient('READ_TIMEOUT'),
  4864: transient('READ_FAILURE'),
  5120: permanent('FUNCTION_FAILURE'),
  5376: transient('WRITE_FAILURE'),
  5888: transient('CAS_WRITE_UNKNOWN'),
  8192: permanent('SYNTAX'),
  8448: denied('UNAUTHORIZED', 'grant the user of the pool the right to the table'),
  8704: permanent('INVALID'), // unknown column, wrong type, key too long
  8960: permanent('CONFIG'),
  9216: permanent('ALREADY_EXISTS'),
}

/** Of Node's and OpenSSL's codes those that waiting does not mend. */
const CERTIFICATE_CODES =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|ERR_TLS_CERT|SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY)/

const MISSING_TABLE = /unconfigured (?:table|columnfamily) (?:\S+\.)?(\w+)$|table '?(?:\S+\.)?(\w+)'? does not exist/i
const MISSING_KEYSPACE = /keyspace '?(.+?)'? does not exist/i
const OWN_TABLES = ['client', 'sub', 'msg', 'retain', 'acked', 'delivered', 'holdfast_mark']

interface DriverError extends Error {
  readonly code?: number | string
  /** Of NoHostAvailableError: by address. */
  readonly innerErrors?: Readonly<Record<string, unknown>>
}

/** @param operation index in the batch, where one is known to be at fault */
export function backendError(error: unknown, pool: string, operation?: number): BackendError {
  if (error instanceof BackendError && (operation === undefined || error.operation !== undefined)) return error
  const { errorClass, code, hint } = error instanceof BackendError ? error : verdict(error as DriverError, pool)
  return new BackendError(errorClass, code, (error as Error).message, {
    ...(hint === undefined ? {} : { hint }),
    ...(errorClass !== 'transient' && operation !== undefined ? { operation } : {}),
    cause: error,
  })
}

function verdict(error: DriverError, pool: string): Verdict {
  const { code, name, message } = error
  if (error.innerErrors) return ofHosts(Object.values(error.innerErrors), pool)
  if (name === 'AuthenticationError') return ofAuthentication(message)
  if (name === 'OperationTimedOutError') return transient('TIMEOUT')
  if (name === 'BusyConnectionError') return transient('BUSY')
  if (typeof code === 'number') return missing(message, pool) ?? CODES[code] ?? transient(`ERROR_${code.toString(16)}`)
  if (typeof code === 'string') return ofTheWay(code)
  // the driver's own refusals: a value that the column's type can't hold
  return error instanceof TypeError || error instanceof RangeError ? permanent('VALUE') : transient('DRIVER')
}

/** One host of many that can't be reached says nothing of the others; what the others say counts then. */
function ofHosts(errors: readonly unknown[], pool: string): Verdict {
  const verdicts = errors.map((error) => verdict(error as DriverError, pool))
  return verdicts.find(({ errorClass }) => errorClass !== 'transient') ?? verdicts[0] ?? transient('NO_HOST')
}

/** While a node starts, it can't look users up. */
function ofAuthentication(message: string): Verdict {
  if (/time|consistency|replica/i.test(message)) return transient('AUTHENTICATION')
  return PASSWORD
}

function ofTheWay(code: string): Verdict {
  if (CERTIFICATE_CODES.test(code)) return denied(code, CERTIFICATE)
  if (code === 'ENOENT') return denied(code, 'the certificate file of the pool is not there')
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'EPROTO')
    return denied('NO_TLS', 'the server does not speak TLS: set `ssl = off` or turn it on there')
  return code.startsWith('ERR_') ? permanent('VALUE') : transient(code)
}

function missing(message: string, pool: string): Verdict | undefined {
  const apply = `holdfast schema cassa --apply --pool ${pool}`
  if (MISSING_KEYSPACE.test(message)) return denied('NO_KEYSPACE', `${apply}, or correct \`keyspace\` of the pool`)
  const [, unconfigured, table = unconfigured] = MISSING_TABLE.exec(message) ?? []
  if (table === undefined) return undefined
  return denied('NO_TABLE', OWN_TABLES.includes(table) ? apply : 'create the table, or correct the statement')
}
