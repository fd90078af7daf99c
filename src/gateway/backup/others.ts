// The files of etc beside the configuration (users, certificates, …) while a restore puts them in place. What was there is noted
// before: a start after a power cut puts it back, unless all is there, and the configuration that it goes with, too; then the queue
// that came with them is ready as well. Half of a certificate and its key would hinder each start.

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { lockFolder } from '../../sqlite/lock.ts'
import { replaceFile, syncFolder } from '../../system/disk.ts'
import { digestOf, type EtcFolder, type Files } from '../config/files.ts'
import { makeReady } from './restored-queue.ts'

const OWNER_ONLY = 0o600

interface Note {
  /** Of the configuration; absent: not all are in place yet. */
  readonly digest?: string
  /** In base64; null: there was none. */
  readonly former: readonly (readonly [name: string, content: string | null])[]
}

const noteIn = (dataDir: string): string => join(dataDir, 'config', 'restoring.json')

/** To be ended by `keepOthers` or `putBackOthers`. @param config that they go with */
export function putOthers(etcDir: string, dataDir: string, { others, config }: { others: Files; config: Files }): void {
  const former = [...others.keys()].map((name) => {
    const path = join(etcDir, name)
    return [name, existsSync(path) ? readFileSync(path, 'base64') : null] as const
  })
  const note = (what: Note): void => replaceFile(noteIn(dataDir), JSON.stringify(what), OWNER_ONLY)
  mkdirSync(dirname(noteIn(dataDir)), { recursive: true, mode: 0o700 })
  note({ former })
  for (const [name, content] of others) {
    mkdirSync(dirname(join(etcDir, name)), { recursive: true })
    replaceFile(join(etcDir, name), content, OWNER_ONLY)
  }
  note({ former, digest: digestOf(config) })
}

export function keepOthers(dataDir: string): void {
  rmSync(noteIn(dataDir), { force: true })
  syncFolder(dirname(noteIn(dataDir)))
}

/** Does nothing where none were put in place. */
export function putBackOthers(etcDir: string, dataDir: string): void {
  if (!existsSync(noteIn(dataDir))) return
  const { former } = JSON.parse(readFileSync(noteIn(dataDir), 'utf8')) as Note
  for (const [name, content] of former) {
    const path = join(etcDir, name)
    if (content !== null) replaceFile(path, Buffer.from(content, 'base64'), OWNER_ONLY)
    else if (existsSync(path)) {
      rmSync(path)
      syncFolder(dirname(path))
    }
  }
  keepOthers(dataDir)
}

/** Before a start reads anything, when the configuration is whole. @throws HoldfastError LOCKED: another gateway has the data folder */
export function recoverOthers(etc: EtcFolder, dataDir: string): void {
  if (!existsSync(noteIn(dataDir))) return
  const lock = lockFolder(dataDir)
  try {
    const { digest } = JSON.parse(readFileSync(noteIn(dataDir), 'utf8')) as Note
    if (digest === digestOf(etc.read())) {
      makeReady(dataDir)
      keepOthers(dataDir)
    } else putBackOthers(etc.path, dataDir)
  } finally {
    lock.release()
  }
}
