// Before a start reads the configuration: what a power cut left half done is finished, and a commit that nobody has
// confirmed is taken back.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { lockFolder } from '../../sqlite/lock.ts'
import { differing, type EtcFolder } from './files.ts'
import { ConfigStore } from './store.ts'

/** What was done, as a line of the log. */
export interface Recovered {
  readonly message: 'config_installed' | 'config_taken_back'
  readonly version: number
  /** Of one that was not confirmed. */
  readonly instead?: number
}

/** @throws HoldfastError LOCKED: another gateway has the data folder; ETC_NOT_WRITABLE */
export function recoverConfig(etc: EtcFolder, dataDir: string): Recovered | undefined {
  if (!existsSync(join(dataDir, 'config'))) return undefined
  const store = new ConfigStore(dataDir)
  const { installing, confirm, draining } = store.unfinished
  if (installing === undefined && !confirm) return undefined
  const lock = lockFolder(dataDir)
  try {
    const version = confirm?.back ?? installing!
    const files = store.files(version)
    const changed = differing(etc.read(), files)
    etc.install(files)
    store.unfinished = draining ? { draining } : {}
    if (confirm) return { message: 'config_taken_back', version, instead: confirm.version }
    return changed.length > 0 ? { message: 'config_installed', version } : undefined
  } finally {
    lock.release()
  }
}
