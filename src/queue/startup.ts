// What happens before the first event: the folder's lock, the check and perhaps salvage of the file, the tables, and what
// the journal remembers. Nothing here scans the rows.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { HoldfastError } from '../model/errors.ts'
import type { Seq } from '../model/event.ts'
import { EventId } from '../model/event-id.ts'
import { type FolderLock, lockFolder } from '../sqlite/lock.ts'
import { migrate } from '../sqlite/migrate.ts'
import { type Database, isDiskTrouble, openForRead, openForWrite, sqliteCode } from '../sqlite/open.ts'
import { bootId, monotonic } from '../system/clock.ts'
import { syncFolder } from '../system/disk.ts'
import { fileIdentity, machine } from '../system/machine.ts'
import { type Boot, Boots } from './boots.ts'
import { copiedBecause, newIdentity, renewed, type StoredIdentity } from './identity.ts'
import type { JournalClock, JournalOptions, LocalTables, LocalWrite, Salvaged } from './journal.ts'
import { Rows } from './rows.ts'
import { completeSalvage, isWhole, noticing, salvage } from './salvage.ts'
import { onlineTables, PAGE_SIZE, queueTables } from './schema.ts'

/** The journal as it was found, read from the file. */
export interface Remembered {
  readonly identity: StoredIdentity
  /** Why the journal took a new id at this start. */
  readonly copied: string | undefined
  readonly salvaged: Salvaged | null
  /** The newest row's; 0 when there is none. */
  readonly lastSeq: Seq
  /** Greatest seq that was ever given, as far as is known. */
  readonly greatestSeq: Seq
  /** Newest id, or undefined. */
  readonly newestId: EventId | undefined
  readonly boot: Boot
  readonly onlineAtDeath: { clientid: string; at: number }[]
  readonly lastAliveAt: number | null
  /** What has to be written with the first commit. */
  readonly writes: readonly LocalWrite[]
}

/** In the data folder. */
export const JOURNAL_FILE = 'journal.db'

export interface Prepared {
  readonly file: string
  readonly lock: FolderLock
  readonly reader: Database
  readonly tables: readonly LocalTables[]
  readonly remembered: Remembered
}

export function prepare(o: JournalOptions): Prepared {
  const { dataDir } = o
  const file = path.join(dataDir, JOURNAL_FILE)
  const tables = [queueTables, onlineTables, ...o.tables]
  let lock: FolderLock | undefined
  try {
    fs.mkdirSync(dataDir, { recursive: true })
    fs.accessSync(dataDir, fs.constants.W_OK)
    lock = lockFolder(dataDir)
    const completed = completeSalvage(file) !== undefined
    const salvaged = isWhole(file) ? null : salvage(file, tables)
    const reader = openTables(file, tables)
    const isSalvaged = completed || salvaged !== null
    return { file, lock, reader, tables, remembered: remember(reader, o.clock, { salvaged, isSalvaged }) }
  } catch (error) {
    lock?.release()
    throw explained(error, dataDir)
  }
}

/**
 * Would a start go on with this journal, which nobody has open? Its tables are brought up to date by that.
 * @throws HoldfastError NEWER, BAD_BACKUP
 */
export function assertStartable(file: string, { tables, clock }: Pick<JournalOptions, 'tables' | 'clock'>): void {
  const all = [queueTables, onlineTables, ...tables]
  try {
    const [db, fresh] = [openUpToDate(file, all), openUpToDate(':memory:', all)]
    try {
      assert.deepEqual(schemaOf(db), schemaOf(fresh))
      remember(db, clock, { salvaged: null, isSalvaged: false })
    } finally {
      db.close()
      fresh.close()
    }
  } catch (cause) {
    if (cause instanceof HoldfastError || isDiskTrouble(cause)) throw cause
    throw new HoldfastError('BAD_BACKUP', 'what it holds as the queue is none, or damaged', { cause })
  }
}

const schemaOf = (db: Database): unknown[] =>
  db.prepare("select type, name, sql from sqlite_master where name not like 'sqlite%' order by name").all()

/** Brings the tables up to date. @returns the connection for reads */
function openTables(file: string, tables: readonly LocalTables[]): Database {
  const db = openUpToDate(file, tables)
  try {
    syncFolder(path.dirname(file))
    return noticing(openForRead(file))
  } finally {
    db.close()
  }
}

/** @throws HoldfastError NEWER */
function openUpToDate(file: string, tables: readonly LocalTables[]): Database {
  const db = openForWrite(file, { pageSize: PAGE_SIZE })
  try {
    for (const { name, migrations } of tables) migrate(db, name, migrations)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function remember(
  db: Database,
  clock: JournalClock,
  { salvaged, isSalvaged }: { salvaged: Salvaged | null; isSalvaged: boolean },
): Remembered {
  const meta = new Map(db.prepare<[], [string, string]>('select key, value from meta').raw().all())
  const lastSeq = db.prepare<[], Seq | null>('select max(seq) from event').pluck().get() ?? 0
  const furthest = db.prepare<[], Seq | null>('select max(cursor) from lane').pluck().get() ?? 0
  const { identity, copied, changed } = identify(db.name, meta.get('journal'), lastSeq, isSalvaged)
  const last = lastSeq > 0 ? new Rows(db).event(lastSeq) : undefined
  const alive = Math.max(Number(meta.get('alive') ?? 0), last?.at ?? 0)
  const { boot, isNew } = thisBoot(db, clock, alive)
  const writes: LocalWrite[] = []
  if (changed) writes.push({ statement: 'queue.meta.put', values: ['journal', JSON.stringify(identity)] })
  if (isNew) writes.push({ statement: 'queue.boot.put', values: Object.values(boot) as LocalWrite['values'] })
  return {
    identity,
    copied,
    salvaged,
    lastSeq,
    greatestSeq: Math.max(lastSeq, furthest, Number(meta.get('seq_floor') ?? 0)),
    newestId: newer(last?.id, EventId.parse(meta.get('newest_id') ?? '')),
    boot,
    onlineAtDeath: db.prepare<[], { clientid: string; at: number }>('select clientid, at from online').all(),
    lastAliveAt: alive || null,
    writes,
  }
}

function newer(a: EventId | undefined, b: EventId | undefined): EventId | undefined {
  return a && b ? (a.micros >= b.micros ? a : b) : (a ?? b)
}

function identify(file: string, stored: string | undefined, lastSeq: Seq, isSalvaged: boolean) {
  const place = { machine: machine(), file: fileIdentity(file) }
  if (stored === undefined) return { identity: newIdentity(place), copied: undefined, changed: true }
  const old = JSON.parse(stored) as StoredIdentity
  // a salvaged journal is in a new file, but it is the same journal
  const known = isSalvaged ? { ...old, file: place.file } : old
  const copied = copiedBecause(known, place)
  if (copied === undefined) return { identity: known, copied, changed: isSalvaged }
  return { identity: renewed(known, place, lastSeq), copied, changed: true }
}

function thisBoot(db: Database, clock: JournalClock, alive: number): { boot: Boot; isNew: boolean } {
  const all = new Boots(db).all()
  const name = clock.boot ?? bootId()
  const known = all.find(({ boot }) => boot === name)
  if (known) return { boot: known, isNew: false }
  const boot: Boot = {
    number: (all.at(-1)?.number ?? 0) + 1,
    boot: name,
    startedMonotonic: clock.monotonic?.() ?? monotonic(),
    earliest: alive,
    wallOffset: null,
  }
  return { boot, isNew: true }
}

// ENOENT: what mkdir says of a folder that is to be made on a read-only disk
const FOLDER_TROUBLE = /^(EROFS|EACCES|EPERM|ENOTDIR|EEXIST|ENOENT)$/

function explained(error: unknown, folder: string): unknown {
  if (error instanceof HoldfastError) return error
  const code = sqliteCode(error) ?? (error as NodeJS.ErrnoException).code ?? ''
  if (code === 'ENOSPC' || code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') {
    return new HoldfastError('DISK_FULL', `the disk of the data folder ${folder} is full`, {
      hint: 'free some megabytes on it',
      cause: error,
    })
  }
  if (!isDiskTrouble(error) && !FOLDER_TROUBLE.test(code)) return error
  const why = /^(ENOTDIR|EEXIST)$/.test(code) ? 'is not a folder' : `cannot be written (${code})`
  return new HoldfastError('READ_ONLY', `the data folder ${folder} ${why}`, {
    hint: 'name a folder that this user may write with --data, on a disk that is mounted for writing',
    cause: error,
  })
}
