// What MySQL and the way to it say, sorted: wait, give the entry up, or ask for somebody's help.

import { BackendError } from '../../model/errors.ts'
import { CERTIFICATE, CONNECTION_CODES, denied, judged, permanent, transient, type Verdict } from '../verdict.ts'

const PASSWORD = denied('check user and password of the pool, and from which hosts the server lets the user in')
const RIGHT = denied('grant the user of the pool the right to the table')
const HOST = denied('the server refuses this host: grant it access, or `flush hosts` there')

/** By the server's number. What is not here goes by its SQLSTATE. */
const NUMBERS: Readonly<Record<number, Verdict>> = {
  1044: denied('grant the user of the pool the right to `database`'),
  1045: PASSWORD,
  1049: denied('create the database, or correct `database` of the pool'),
  1129: HOST,
  1130: HOST,
  1142: RIGHT,
  1143: RIGHT,
  1153: permanent, // larger than max_allowed_packet
  1203: transient, // user has too many connections
  1226: transient, // user's limit of queries
  1227: RIGHT,
  1263: permanent, // NULL in a column that takes none
  1265: permanent, // cut off
  1267: permanent, // collations that don't go together
  1292: permanent, // no such time
  1295: permanent, // can't be prepared
  1300: permanent, // not of the character set
  1301: permanent, // larger than max_allowed_packet
  1364: permanent, // a column without a default
  1366: permanent, // not of the column's type or character set
  1370: RIGHT,
  1419: RIGHT,
  1526: permanent, // no partition takes it
  1698: PASSWORD,
  3819: permanent, // check constraint
}

/** By SQLSTATE's first two characters; what is not here is transient. */
const STATES: Readonly<Record<string, Verdict>> = {
  '21': permanent, // cardinality, number of columns
  '22': permanent, // data: too long, out of range, not valid
  '23': permanent, // constraint
  '28': PASSWORD,
  '42': permanent, // unknown column or function, syntax
  '45': permanent, // raised by a trigger or a procedure
}

const OWN_TABLES = /'(?:\w+\.)?(mqtt_(client|sub|msg|retain|acked|delivered)|holdfast_mark)'/
const MISSING_TABLE = 1146

/** Codes of the driver and of Node, of connections that waiting does not mend. */
const CONNECTION: Readonly<Record<string, Verdict>> = {
  ...CONNECTION_CODES,
  HANDSHAKE_NO_SSL_SUPPORT: denied('the server does not speak TLS: set `ssl = off` or turn it on there'),
}

/** The driver calls everything that goes wrong with TLS by one code; the text is OpenSSL's. */
const TLS = 'HANDSHAKE_SSL_ERROR'
const ABOUT_CERTIFICATES = /certificate|unknown ca\b/i

interface DriverError extends Error {
  readonly code?: string
  readonly errno?: number
  readonly sqlState?: string
}

/** @param operation index in the batch, where one is known to be at fault */
export function backendError(error: unknown, pool: string, operation?: number): BackendError {
  if (error instanceof BackendError) return error
  const { code, errno = 0, message } = error as DriverError
  return judged(verdict(error as DriverError, pool), name(code, errno), message, { cause: error, operation })
}

/** The driver knows MySQL's names. From here on MariaDB has other errors by the same numbers, but for the 3000s, which it left out. */
const NO_MORE_SHARED = 1900

function name(code: string | undefined, errno: number): string {
  const foreign = errno >= NO_MORE_SHARED && Math.floor(errno / 1000) !== 3
  return foreign ? `ERROR_${errno}` : (code ?? 'CONNECTION')
}

function verdict({ code = '', errno = 0, sqlState, message }: DriverError, pool: string): Verdict {
  const known = CONNECTION[code]
  if (known) return known
  if (code === TLS) return ABOUT_CERTIFICATES.test(message) ? CERTIFICATE : transient
  if (sqlState === undefined && errno <= 0) return transient // the network's
  if (errno === MISSING_TABLE) {
    return denied(
      OWN_TABLES.test(message)
        ? `holdfast schema mysql --apply --pool ${pool}`
        : 'create the table, or correct the statement',
    )
  }
  return NUMBERS[errno] ?? STATES[sqlState?.slice(0, 2) ?? ''] ?? transient
}

const STALE: readonly (number | undefined)[] = [1054, 1136, 1292, 1364, 1366, MISSING_TABLE]

/** The tables may have been changed since we looked at them (or the statement is wrong). */
export function mayBeStale({ cause }: BackendError): boolean {
  return STALE.includes((cause as DriverError | undefined)?.errno)
}

const DUPLICATE = 1062

/** A message with this id is there already. */
export function isStoredAlready({ cause, message }: BackendError): boolean {
  return (cause as DriverError | undefined)?.errno === DUPLICATE && /for key '[^']*msgid[^']*'/.test(message)
}

const OUT_OF_RANGE = 1690

/** What `moveMark` makes the server say. */
export function isNotMoved(error: unknown): boolean {
  const { errno } = error as DriverError
  return errno === OUT_OF_RANGE || errno === DUPLICATE
}
