// The databases of the data folder: the journal, and the embedded ones that pools name.

import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import type { LoadedPool } from '../config/load.ts'
import type { PoolId } from '../model/binding.ts'
import { HoldfastError } from '../model/errors.ts'
import { JOURNAL_FILE } from '../queue/startup.ts'
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

export function dropCopies(dataDir: string): void {
  rmSync(join(dataDir, COPIES), { recursive: true, force: true })
}
