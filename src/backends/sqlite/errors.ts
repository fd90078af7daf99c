// What SQLite says, sorted: wait, give the entry up, or ask for somebody's help.

import { BackendError } from '../../model/errors.ts'
import { sqliteCode } from '../../sqlite/open.ts'
import { denied, judged, permanent, transient, type Verdict } from '../verdict.ts'

const damaged = denied(
  'the database file is damaged: move it aside, or restore it from a backup; a new one is made by itself',
)

/** By the first word of the code (SQLITE_CONSTRAINT_UNIQUE → CONSTRAINT); what is not here is transient. */
const CODES: Readonly<Record<string, Verdict>> = {
  AUTH: { errorClass: 'denied' },
  CANTOPEN: denied('check `database` of the pool, and that its folder is there and writable'),
  CONSTRAINT: permanent,
  CORRUPT: damaged,
  ERROR: permanent, // syntax, unknown column or function
  MISMATCH: permanent,
  NOTADB: damaged,
  PERM: denied('give the gateway the right to write the database file'),
  RANGE: permanent,
  TOOBIG: permanent,
}

/** @param operation index in the batch, where one is known to be at fault */
export function backendError(error: unknown, operation?: number): BackendError {
  if (error instanceof BackendError) return error
  const { message } = error as Error
  const code = sqliteCode(error)
  return judged(verdict(code, error as Error), code ?? 'STATEMENT', message, { cause: error, operation })
}

function verdict(code: string | undefined, error: Error): Verdict {
  // the driver's own refusals: two statements in one text, a value that can't be bound
  if (code === undefined) return error instanceof RangeError || error instanceof TypeError ? permanent : transient
  if (/^no such table/.test(error.message)) {
    return denied('create the table, or correct the statement')
  }
  return CODES[code.split('_')[1]!] ?? transient
}

export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(sqliteCode(error) ?? '')
}
