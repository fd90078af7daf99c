// What Cassandra, its driver and the way to it say, sorted: wait, give the entry up, or ask for somebody's help.

import { BackendError } from '../../model/errors.ts'
import { CERTIFICATE, CONNECTION_CODES, denied, judged, permanent, transient, type Verdict } from '../verdict.ts'

type Named = readonly [code: string, verdict: Verdict]

const PASSWORD: Named = ['PASSWORD', denied('check username and password of the pool')]
const RIGHT = denied('grant the user of the pool the right to the table')

/** By the protocol's error code in hexadecimal; what is not here is transient. */
const CODES: Readonly<Record<string, Named>> = {
  '100': PASSWORD,
  '1000': ['UNAVAILABLE', transient],
  '1001': ['OVERLOADED', transient],
  '1002': ['BOOTSTRAPPING', transient],
  '1003': ['TRUNCATE', transient],
  '1100': ['WRITE_TIMEOUT', transient],
  '1200': ['READ_TIMEOUT', transient],
  '1300': ['READ_FAILURE', transient],
  '1400': ['FUNCTION_FAILURE', permanent],
  '1500': ['WRITE_FAILURE', transient],
  '1700': ['CAS_WRITE_UNKNOWN', transient],
  '2000': ['SYNTAX', permanent],
  '2100': ['UNAUTHORIZED', RIGHT],
  '2200': ['INVALID', permanent], // unknown column, wrong type, key too long
  '2300': ['CONFIG', permanent],
  '2400': ['ALREADY_EXISTS', permanent],
}

/** The driver's own errors, by name. */
const NAMES: Readonly<Record<string, Named>> = {
  OperationTimedOutError: ['TIMEOUT', transient],
  BusyConnectionError: ['BUSY', transient],
  TypeError: ['VALUE', permanent], // a value that the column's type can't hold
  RangeError: ['VALUE', permanent],
}

const NO_TLS: Named = ['NO_TLS', denied('the server does not speak TLS: set `ssl = off` or turn it on there')]
const TLS_CODES = /^(ERR_SSL_WRONG_VERSION_NUMBER|EPROTO)$/

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
  const more = { cause: error, operation }
  if (error instanceof BackendError) {
    return operation === undefined || error.operation !== undefined
      ? error
      : judged(error, error.code, error.message, more)
  }
  const [code, verdict] = named(error as DriverError, pool)
  return judged(verdict, code, (error as Error).message, more)
}

function named(error: DriverError, pool: string): Named {
  const { code, name, message } = error
  if (error.innerErrors) return ofHosts(Object.values(error.innerErrors), pool)
  if (name === 'AuthenticationError') return ofAuthentication(message)
  if (typeof code === 'number') {
    const hex = code.toString(16)
    return missing(message, pool) ?? CODES[hex] ?? [`ERROR_${hex}`, transient]
  }
  if (NAMES[name]) return NAMES[name]
  if (code === undefined) return ['DRIVER', transient]
  if (TLS_CODES.test(code)) return NO_TLS
  return [code, CONNECTION_CODES[code] ?? (code.startsWith('CERT_') ? CERTIFICATE : transient)]
}

/** One host of many that can't be reached says nothing of the others; what the others say counts then. */
function ofHosts(errors: readonly unknown[], pool: string): Named {
  const all = errors.map((error) => named(error as DriverError, pool))
  return all.find(([, { errorClass }]) => errorClass !== 'transient') ?? all[0] ?? ['NO_HOST', transient]
}

/** While a node starts, it can't look users up. */
function ofAuthentication(message: string): Named {
  return /time|consistency|replica/i.test(message) ? ['AUTHENTICATION', transient] : PASSWORD
}

function missing(message: string, pool: string): Named | undefined {
  const apply = `holdfast schema cassa --apply --pool ${pool}`
  if (MISSING_KEYSPACE.test(message)) return ['NO_KEYSPACE', denied(`${apply}, or correct \`keyspace\` of the pool`)]
  const [, unconfigured, table = unconfigured] = MISSING_TABLE.exec(message) ?? []
  if (table === undefined) return undefined
  return ['NO_TABLE', denied(OWN_TABLES.includes(table) ? apply : 'create the table, or correct the statement')]
}
