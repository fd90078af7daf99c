// Native addons of the binary. Only a file can be loaded as one, so its bytes are written to the first folder that takes them
// and lets them be executed, and deleted as soon as they are loaded. An open handle is kept, by which the other threads load
// the same file: it is in memory once. In a clone the packages load their addons themselves.

import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { HoldfastError } from '../model/errors.ts'
import { readPart } from './program.ts'

/** Memory first: a start must not wear out a card. */
const PLACES = ['/dev/shm', tmpdir(), '/tmp', '/var/tmp', '.']

/** @param name of a file in `native/`. @throws HoldfastError NO_PLACE_FOR_CODE */
export function loadAddon(name: string): unknown {
  const loaded = getEnvironmentData(name) // of the thread that started this one
  if (typeof loaded === 'string') return load(loaded)
  const tried: string[] = []
  for (const place of PLACES) {
    let folder: string | undefined
    try {
      folder = mkdtempSync(join(place, 'holdfast-'))
      const file = join(folder, name)
      writeFileSync(file, readPart(`native/${name}`), { mode: 0o500 })
      const addon = load(file)
      setEnvironmentData(name, `/proc/self/fd/${openSync(file, 'r')}`)
      return addon
    } catch (error) {
      tried.push(`${place}: ${(error as Error).message}`)
    } finally {
      if (folder) rmSync(folder, { recursive: true })
    }
  }
  throw new HoldfastError('NO_PLACE_FOR_CODE', `${name} can't be loaded from any folder (${tried.join('; ')})`, {
    hint: 'name a folder that may be written and is not mounted noexec in TMPDIR; 3 MB of it are used for a moment',
  })
}

function load(file: string): unknown {
  const module = { exports: {} }
  process.dlopen(module, file)
  return module.exports
}
