// Opening SQLite files: the pragmas that durability and the life of a flash card ask for.

import Database from 'better-sqlite3'

export type { Database, Statement } from 'better-sqlite3'

export interface WriteOptions {
  /** Only counts for a new file. */
  readonly pageSize?: number
  /** How long a lock of somebody else is waited for, ms. */
  readonly busyTimeoutMs?: number
  /** Size of the write-ahead log at which it is brought into the file, bytes. */
  readonly checkpointBytes?: number
}

/** Opens or makes a file for write: WAL, an fsync a commit, space given back on demand (`incremental_vacuum`). */
export function openForWrite(file: string, options: WriteOptions = {}): Database.Database {
  const { pageSize = 4096, busyTimeoutMs = 5000, checkpointBytes = 4 << 20 } = options
  const db = new Database(file, { timeout: busyTimeoutMs })
  try {
    // page size and auto_vacuum are fixed by the first table, and the page size by WAL
    db.pragma(`page_size = ${pageSize}`)
    db.pragma('auto_vacuum = incremental')
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma(`wal_autocheckpoint = ${Math.ceil(checkpointBytes / pageSize)}`)
    db.pragma(`journal_size_limit = ${2 * checkpointBytes}`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Opens an existing file for reads only; sees each commit of the writer as soon as it is made. */
export function openForRead(file: string): Database.Database {
  return new Database(file, { readonly: true, fileMustExist: true })
}

/** Loads the native part. */
export function sqliteVersion(): string {
  const db = new Database(':memory:')
  try {
    return db.prepare<[], string>('select sqlite_version()').pluck().get()!
  } finally {
    db.close()
  }
}

/** The code that SQLite gave (`SQLITE_FULL`, `SQLITE_IOERR_WRITE`, …), or undefined when the error is not its own. */
export function sqliteCode(error: unknown): string | undefined {
  return error instanceof Database.SqliteError ? error.code : undefined
}

/** Is the file itself broken? Of a schema whose number is not one SQLite has no code of its own. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error)
  if (code === 'SQLITE_ERROR') return (error as Error).message === 'unsupported file format'
  return code !== undefined && /^SQLITE_(CORRUPT|NOTADB)/.test(code)
}

/** Is it the disk, or who may use it, rather than the statement? Such a write may succeed later. */
export function isDiskTrouble(error: unknown): boolean {
  const code = sqliteCode(error)
  return code !== undefined && /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|BUSY|NOMEM|PERM|AUTH)/.test(code)
}
