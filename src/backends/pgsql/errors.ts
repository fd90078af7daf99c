// What PostgreSQL and the way to it say, sorted: wait, give the entry up, or ask for somebody's help.

import { BackendError } from '../../model/errors.ts'
import { CONNECTION_CODES, denied, judged, permanent, transient, type Verdict } from '../verdict.ts'

const PASSWORD = denied('check username and password of the pool, and pg_hba.conf of the server')

/** By SQLSTATE, else by its class (the first two characters); what is in neither is transient. */
const SQLSTATES: Readonly<Record<string, Verdict>> = {
  '21': permanent, // cardinality
  '22': permanent, // data: too long, out of range, not valid text
  '23': permanent, // constraint
  '28': PASSWORD,
  '42': permanent, // unknown column or function, wrong type, syntax
  '44': permanent, // check option of a view
  '54': permanent, // too complex, too many columns, index entry too large
  P0: permanent, // raised by a trigger or a function
  '0A000': permanent, // not supported
  '3D000': denied('create the database, or correct `database` of the pool'),
  '3F000': denied('create the schema, or correct search_path of the user'),
  '42501': denied('grant the user of the pool the right to the table'),
}

const OWN_TABLES = /"(?:\w+\.)?(mqtt_(client|sub|msg|retain|acked|delivered)|holdfast_mark)"/

/** Errors of the driver that have no code. */
const MESSAGES: readonly (readonly [RegExp, string, Verdict])[] = [
  [/does not support SSL/, 'NO_TLS', denied('the server does not speak TLS: set `ssl = off` or turn it on there')],
  [/^SASL/, 'PASSWORD', PASSWORD],
]

/** @param operation index in the batch, where one is known to be at fault */
export function backendError(error: unknown, pool: string, operation?: number): BackendError {
  if (error instanceof BackendError) return error
  const { code = '', message } = error as { code?: string; message: string }
  const known = MESSAGES.find(([pattern]) => code === '' && pattern.test(message))
  return judged(known?.[2] ?? verdict(code, message, pool), known?.[1] ?? (code || 'CONNECTION'), message, {
    cause: error,
    operation,
  })
}

function verdict(code: string, message: string, pool: string): Verdict {
  if (code === '42P01') return denied(missingTable(message, pool))
  if (/^[0-9A-Z]{5}$/.test(code) && !(code in CONNECTION_CODES)) {
    return SQLSTATES[code] ?? SQLSTATES[code.slice(0, 2)] ?? transient
  }
  return CONNECTION_CODES[code] ?? transient
}

function missingTable(message: string, pool: string): string {
  return OWN_TABLES.test(message)
    ? `holdfast schema pgsql --apply --pool ${pool}`
    : 'create the table, or correct the statement'
}

/** The tables may have been changed since we looked at them (or the statement is wrong). */
export function mayBeStale({ code }: BackendError): boolean {
  return /^42(?!501)/.test(code) || code === '0A000' || code === '26000'
}

/** A message with this id is there already. */
export function isStoredAlready({ code, cause }: BackendError): boolean {
  return code === '23505' && (cause as { table?: string }).table === 'mqtt_msg'
}
