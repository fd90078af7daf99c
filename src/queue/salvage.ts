// A damaged journal (power, a dying card) is moved aside, and what can be read goes into a new one: the gateway always
// starts. Events are taken from the pages themselves (page-scan.ts), so that no broken inner page hides them; other
// tables as far as SQLite can read them, and the queue's own ones from the pages where it can't.

import fs from 'node:fs'
import path from 'node:path'
import { HoldfastError } from '../model/errors.ts'
import { migrate } from '../sqlite/migrate.ts'
import { type Database, isDamage, openForRead, openForWrite, type Statement } from '../sqlite/open.ts'
import { syncFolder } from '../system/disk.ts'
import { mendHeader } from './header.ts'
import type { LocalTables, Salvaged } from './journal.ts'
import { type ScannedRow, scanRows } from './page-scan.ts'
import { readRecord } from './record.ts'
import { PAGE_SIZE } from './schema.ts'

/** Seqs that were given to lost rows are not given again. */
const SEQ_JUMP = 1_000_000
/** Larger files are only checked when somebody met damage while reading: a start must not take long. */
const CHECK_UP_TO_BYTES = 64 << 20

const suspectFile = (file: string) => `${file}.suspect`
const makingFile = (file: string) => `${file}.salvaging`
/** Whole: from here on the damaged one is not looked at any more. */
const savedFile = (file: string) => `${file}.salvaged`
const cleanFile = (file: string) => `${file}.clean`

/** Notes for the next start that the journal is damaged. On a disk that takes nothing the damage is met again. */
export function markSuspect(file: string, error: unknown): void {
  try {
    fs.writeFileSync(suspectFile(file), String(error))
  } catch (cause) {
    if (!/^(ENOSPC|EROFS|EIO)$/.test((cause as NodeJS.ErrnoException).code ?? '')) throw cause
  }
}

/** Reads rows of the journal; rows that can't be read, or are none, are noted and thrown as JOURNAL_DAMAGED. */
export function readingRows<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isDamage(error) && !(error instanceof RangeError) && !(error instanceof SyntaxError)) throw error
    throw damaged(file, error as Error)
  }
}

/** On this connection every statement that meets damage notes it and throws JOURNAL_DAMAGED, whoever reads. */
export function noticing(db: Database): Database {
  const prepare = db.prepare.bind(db) as (sql: string) => Statement
  db.prepare = ((sql: string) => noticingStatement(prepare(sql), db.name)) as Database['prepare']
  return db
}

function noticingStatement(statement: Statement, file: string): Statement {
  const get = statement.get.bind(statement)
  const all = statement.all.bind(statement)
  const iterate = statement.iterate.bind(statement)
  const sorted = (error: unknown): unknown => (isDamage(error) ? damaged(file, error as Error) : error)
  const noting =
    <T>(read: (...values: unknown[]) => T) =>
    (...values: unknown[]): T => {
      try {
        return read(...values)
      } catch (error) {
        throw sorted(error)
      }
    }
  return Object.assign(statement, {
    get: noting(get),
    all: noting(all),
    *iterate(...values: unknown[]) {
      try {
        yield* iterate(...values)
      } catch (error) {
        throw sorted(error)
      }
    },
  })
}

function damaged(file: string, cause: Error): HoldfastError {
  markSuspect(file, cause)
  return new HoldfastError('JOURNAL_DAMAGED', `the journal ${file} is damaged: ${cause.message}`, {
    hint: 'start again: what can be read is salvaged then',
    cause,
  })
}

/** Throws JOURNAL_DAMAGED when some thread has met damage since the start. */
export function assertNotSuspect(file: string): void {
  if (!fs.existsSync(suspectFile(file))) return
  throw damaged(file, new Error(fs.readFileSync(suspectFile(file), 'utf8')))
}

/** The journal was closed in order; nothing needs to be checked if nobody touches it. */
export function markClean(file: string): void {
  if (!fs.existsSync(`${file}-wal`)) fs.writeFileSync(cleanFile(file), stamp(file))
}

/** Is the file whole, as far as can be told in the time that a start has? The marks are used up by asking. */
export function isWhole(file: string): boolean {
  const isThere = fs.existsSync(file)
  if (isThere && mendHeader(file)) return false // and now SQLite can read it for the salvage
  if (fs.existsSync(suspectFile(file))) return false
  if (!isThere) return true
  if (takeClean(file) === stamp(file)) return true
  try {
    const db = openForWrite(file)
    try {
      return fs.statSync(file).size > CHECK_UP_TO_BYTES || db.pragma('quick_check(1)', { simple: true }) === 'ok'
    } finally {
      db.close()
    }
  } catch (error) {
    if (isDamage(error)) return false
    throw error
  }
}

function takeClean(file: string): string {
  try {
    return fs.readFileSync(cleanFile(file), 'utf8')
  } catch {
    return ''
  } finally {
    fs.rmSync(cleanFile(file), { force: true })
  }
}

function stamp(file: string): string {
  const { size, mtimeNs, ino } = fs.statSync(file, { bigint: true })
  return `${ino} ${size} ${mtimeNs}`
}

/** Makes a new journal of what can be read, and moves the damaged one aside. */
export function salvage(file: string, tables: readonly LocalTables[]): Salvaged {
  const making = makingFile(file)
  for (const ending of ['', '-wal', '-shm']) fs.rmSync(making + ending, { force: true })
  const fresh = openForWrite(making, { pageSize: PAGE_SIZE })
  let found: { rows: number; lost: number }
  try {
    for (const { name, migrations } of tables) migrate(fresh, name, migrations)
    found = fresh.transaction(() => copyAll(file, fresh))()
  } finally {
    fresh.close()
  }
  fs.renameSync(making, savedFile(file))
  return { movedTo: completeSalvage(file)!, ...found }
}

/**
 * Puts a salvaged journal in the place of the damaged one; a crash may have hindered that, at any point.
 * @returns where the damaged one lies, undefined when there was no salvage under way
 */
export function completeSalvage(file: string): string | undefined {
  if (!fs.existsSync(savedFile(file))) return undefined
  const aside = moveAside(file)
  syncFolder(path.dirname(file)) // or the old log might meet the new file
  fs.renameSync(savedFile(file), file)
  fs.rmSync(suspectFile(file), { force: true })
  syncFolder(path.dirname(file))
  return aside
}

function moveAside(file: string): string {
  let n = 1
  while (fs.existsSync(`${file}.damaged-${n}`)) n++
  const aside = `${file}.damaged-${n}`
  fs.rmSync(`${file}-shm`, { force: true })
  for (const ending of ['-wal', '']) {
    if (fs.existsSync(file + ending)) fs.renameSync(file + ending, aside + ending)
  }
  return aside
}

function copyAll(from: string, fresh: Database): { rows: number; lost: number } {
  copyTables(from, fresh)
  const rows = copyScanned(scanRows(from, PAGE_SIZE), fresh)
  const { lost, last } = account(fresh)
  const put = fresh.prepare('insert or replace into meta values (?, ?)')
  put.run('seq_floor', String(last + SEQ_JUMP))
  put.run('gaps', '0')
  return { rows, lost }
}

/** Every table but the events, row by row, up to where SQLite stumbles. */
function copyTables(from: string, fresh: Database): void {
  let source: Database
  try {
    source = openForRead(from)
  } catch (error) {
    if (isDamage(error)) return
    throw error
  }
  try {
    const names = fresh
      .prepare<[], string>(`select name from sqlite_master where type = 'table' and name not like 'sqlite%'`)
      .pluck()
      .all()
    for (const name of names) if (name !== 'event' && name !== 'schema_version') copyTable(source, fresh, name)
  } finally {
    source.close()
  }
}

function copyTable(source: Database, fresh: Database, table: string): void {
  const columnsOf = (db: Database) =>
    db.prepare<[string], string>('select name from pragma_table_info(?)').pluck().all(table)
  try {
    const known = new Set(columnsOf(source))
    const columns = columnsOf(fresh).filter((column) => known.has(column))
    if (columns.length === 0) return
    const names = columns.map((column) => `"${column}"`).join(', ')
    const insert = fresh.prepare(
      `insert or ignore into "${table}" (${names}) values (${columns.map(() => '?').join(', ')})`,
    )
    for (const row of source.prepare(`select ${names} from "${table}"`).raw().iterate()) insert.run(...(row as []))
  } catch (error) {
    if (!isDamage(error)) throw error
  }
}

/** Events, and rows of the queue's own small tables that SQLite could not read. @returns number of events */
function copyScanned(rows: Iterable<ScannedRow>, fresh: Database): number {
  const event = fresh.prepare('insert or ignore into event (seq, bindings, record) values (?, ?, ?)')
  const binding = fresh.prepare('insert or ignore into binding (id, pool, definition) values (?, ?, ?)')
  const set = fresh.prepare('insert or ignore into binding_set (id, bindings) values (?, ?)')
  const lane = fresh.prepare('insert or ignore into lane (pool, cursor) values (?, ?)')
  const meta = fresh.prepare('insert or ignore into meta (key, value) values (?, ?)')
  let events = 0
  for (const { rowid, columns } of rows) {
    const [a, b, c] = columns
    if (columns.length === 3 && a === null && typeof b === 'number' && Buffer.isBuffer(c)) {
      if (isEvent(c, rowid)) events += event.run(rowid, b, c).changes
    } else if (columns.length === 3 && a === null && typeof b === 'string' && isJson(c, '{')) binding.run(rowid, b, c)
    else if (columns.length === 2 && a === null && isJson(b, '[')) set.run(rowid, b)
    else if (columns.length === 2 && typeof a === 'string' && /^\w+\.\w/.test(a) && typeof b === 'number')
      lane.run(a, b)
    else if (columns.length === 2 && a === 'journal' && isJson(b, '{')) meta.run(a, b)
  }
  return events
}

function isJson(value: unknown, begins: string): value is string {
  return typeof value === 'string' && value.startsWith(begins)
}

function isEvent(record: Buffer, seq: number): boolean {
  try {
    readRecord(record, seq)
    return true
  } catch {
    return false
  }
}

/** What is missing of that which not every lane had passed, and the newest seq that anybody heard of. */
function account(fresh: Database): { lost: number; last: number } {
  const { cursor, first, last } = fresh
    .prepare<[], { cursor: number | null; first: number | null; last: number | null }>(
      `select (select min(cursor) from lane) as cursor, min(seq) as first,
       max(max(seq), coalesce((select max(cursor) from lane), 0)) as last from event`,
    )
    .get()!
  // a pool whose lane was lost begins at the first row again: the remote's mark knows better
  fresh.exec(`insert or ignore into lane (pool, cursor) select distinct pool, 0 from binding`)
  if (first === null || last === null) return { lost: 0, last: cursor ?? 0 }
  const from = Math.max(cursor ?? 0, first - 1)
  const kept = fresh.prepare<[number], number>('select count(*) from event where seq > ?').pluck().get(from)!
  return { lost: Math.max(0, last - from - kept), last }
}
