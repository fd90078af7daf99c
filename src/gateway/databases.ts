// The databases of the data folder: the journal, and the embedded ones that pools name.

import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import type { LoadedPool } from '../config/load.ts'
import type { PoolId } from '../model/binding.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Seq } from '../model/event.ts'
import type { Journal } from '../queue/journal.ts'
import { JOURNAL_FILE } from '../queue/startup.ts'
import { openForRead } from '../sqlite/open.ts'
import { startThread } from '../system/program.ts'

const COPIES = '.copies'

/** Of these pools, those that lie in the data folder, by their names in it. */
export function databasesIn(dataDir: string, pools: Iterable<LoadedPool>): string[] {
  const names = [...pools].flatMap((pool) => nameIn(dataDir, pool) ?? [])
  return [...new Set(names)]
}

/** Of these pools, those whose databases have one of these names in the data folder. */
export function poolsWithin(names: readonly string[], dataDir: string, pools: Iterable<LoadedPool>): Set<PoolId> {
  return new Set([...pools].filter((pool) => names.includes(nameIn(dataDir, pool) ?? '')).map(({ id }) => id))
}

function nameIn(dataDir: string, { kind, settings }: LoadedPool): string | undefined {
  if (kind !== 'sqlite') return undefined
  const name = relative(resolve(dataDir), resolve(dataDir, String(settings.database)))
  return name === '' || name.startsWith('..') || isAbsolute(name) ? undefined : name
}

/** What `copy-worker` is told: paths; the second must not be there. */
export interface Copy {
  readonly from: string
  readonly to: string
}

export interface CopyOptions {
  readonly dataDir: string
  readonly databases: readonly string[]
  /** Bytes that may be written. */
  readonly room: number
}

/**
 * Copies of the journal and of these databases, each of one moment, as long as `use` runs. The journal comes last: a database that is
 * older than it gets again what it lacks, as one that was restored does.
 * @throws HoldfastError NO_ROOM: twice as much is needed as they have
 */
export async function withCopies<T>(
  { dataDir, databases, room }: CopyOptions,
  use: (copies: readonly { name: string; file: string }[]) => Promise<T>,
): Promise<T> {
  const names = [...databases, JOURNAL_FILE].filter((name) => existsSync(join(dataDir, name)))
  const bytes = 2 * names.reduce((sum, name) => sum + statSync(join(dataDir, name)).size, 0)
  if (bytes > room) {
    throw new HoldfastError('NO_ROOM', `copies of the databases need ${bytes} bytes for a while, ${room} are free`)
  }
  const folder = join(dataDir, COPIES)
  try {
    const copies = names.map((name) => ({ name, file: join(folder, name) }))
    for (const { name, file } of copies) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
      const copy: Copy = { from: join(dataDir, name), to: file }
      await once(startThread(import.meta, 'copy-worker', { workerData: copy }), 'exit')
    }
    return await use(copies)
  } finally {
    dropCopies(dataDir)
  }
}

const FLOOR = 'backup'

/**
 * As long as `use` runs no row leaves the journal that one of these pools has not got yet: what it gets behind the copy of its database has to be
 * in that of the journal, which is made later.
 */
export async function holdingRows<T>(
  journal: Pick<Journal, 'reader' | 'setFloor'>,
  pools: ReadonlySet<PoolId>,
  use: (held: { assertIn(copy: string): void }) => Promise<T>,
): Promise<T> {
  const { reader } = journal
  const lanes = reader.prepare<[], { pool: PoolId; cursor: Seq }>('select pool, cursor from lane').all()
  const from = Math.min(...lanes.filter(({ pool }) => pools.has(pool)).map(({ cursor }) => cursor + 1))
  const first = reader.prepare<[Seq], Seq | null>('select min(seq) from event where seq >= ?').pluck().get(from)
  journal.setFloor(FLOOR, from)
  try {
    return await use({ assertIn: (copy) => assertRow(copy, first) })
  } finally {
    journal.setFloor(FLOOR, Number.POSITIVE_INFINITY)
  }
}

/** `queue.full = drop_oldest` heeds nobody. @throws HoldfastError DROPPING */
function assertRow(copy: string, seq: Seq | null | undefined): void {
  if (seq === null || seq === undefined) return
  const db = openForRead(copy)
  try {
    if (db.prepare('select 1 from event where seq = ?').get(seq)) return
  } finally {
    db.close()
  }
  throw new HoldfastError('DROPPING', 'the queue is full, and its oldest events were dropped while it was copied', {
    hint: 'events that came to an embedded database meanwhile would be in no copy; try again when there is room',
  })
}

export function dropCopies(dataDir: string): void {
  rmSync(join(dataDir, COPIES), { recursive: true, force: true })
}
