// Back to what was shipped. The command leaves a note and starts the gateway anew; the start, before it reads anything, does what the
// note says and takes it away last: a power cut between only makes the next start do it again.

import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { HoldfastError } from '../model/errors.ts'
import { lockFolder } from '../sqlite/lock.ts'
import { replaceFile, syncFolder } from '../system/disk.ts'
import { isBinary, ROOT } from '../system/program.ts'
import type { Caller } from './commands/command.ts'
import { shippedEtc } from './folders.ts'

const NOTE = 'factory-reset.json'
const OWNER_ONLY = 0o600

export interface Reset {
  readonly caller: Caller
  readonly keepQueue: boolean
  /** Of etc/, by their names in it. */
  readonly files: readonly string[]
  /** Embedded databases, by their names in the data folder. */
  readonly databases: readonly string[]
}

/** What lies in the data folder beside the queue and the embedded databases; a start drops what a power cut left of backups. */
const KEPT_BY_NOBODY = ['config', 'backups', 'tls', 'selftest', 'trend', 'restore', 'replaced']
/** The queue, damaged ones that were moved aside, what SQLite has beside a file, and the ids of those that ran here before. */
const QUEUE = /^(?:journal\.db|restored\.json$)/

/** A start would try it in vain, each time. @param files of etc/. @throws HoldfastError ETC_NOT_WRITABLE, SHIPPED_ETC */
export function assertResettable(etcDir: string, files: readonly string[]): void {
  if (!isBinary && resolve(etcDir) === join(ROOT, 'etc')) {
    throw new HoldfastError('SHIPPED_ETC', `${etcDir} is the shipped configuration itself`, {
      hint: 'in a clone git knows what it was: git checkout etc',
    })
  }
  const folders = [...files, ...shippedEtc().map(([name]) => name)].map((name) => dirname(join(etcDir, name)))
  for (const folder of new Set([etcDir, ...folders])) {
    try {
      if (existsSync(folder)) accessSync(folder, constants.W_OK)
    } catch (cause) {
      throw new HoldfastError('ETC_NOT_WRITABLE', `${folder} can't be written: ${(cause as Error).message}`, { cause })
    }
  }
}

/** The next start does it. */
export function noteReset(dataDir: string, reset: Reset): void {
  replaceFile(join(dataDir, NOTE), JSON.stringify(reset), OWNER_ONLY)
}

/** @returns what was done, for the log. @throws HoldfastError LOCKED: another gateway has the data folder; RESET_FAILED */
export function doReset(etcDir: string, dataDir: string): Reset | undefined {
  const note = join(dataDir, NOTE)
  if (!existsSync(note)) return undefined
  const lock = lockFolder(dataDir)
  try {
    const reset = JSON.parse(readFileSync(note, 'utf8')) as Reset
    for (const name of reset.files) rmSync(join(etcDir, name), { force: true })
    for (const name of KEPT_BY_NOBODY) rmSync(join(dataDir, name), { recursive: true, force: true })
    if (!reset.keepQueue) removeQueue(dataDir, reset.databases)
    for (const [name, content] of shippedEtc()) {
      mkdirSync(dirname(join(etcDir, name)), { recursive: true })
      replaceFile(join(etcDir, name), content, OWNER_ONLY)
    }
    rmSync(note)
    syncFolder(dataDir)
    return reset
  } catch (cause) {
    throw new HoldfastError('RESET_FAILED', `the factory reset is not done yet: ${(cause as Error).message}`, {
      hint: `each start tries it again; without ${note} none does`,
      cause,
    })
  } finally {
    lock.release()
  }
}

function removeQueue(dataDir: string, databases: readonly string[]): void {
  const queue = readdirSync(dataDir).filter((name) => QUEUE.test(name))
  const files = [...queue, ...databases.flatMap((name) => [name, `${name}-wal`, `${name}-shm`])]
  for (const name of files) rmSync(join(dataDir, name), { force: true })
}
