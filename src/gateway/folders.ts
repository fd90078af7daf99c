// Where the configuration and the data are when nobody says it: in a clone its own `etc` and `var`. For the binary those of the
// system where there are any, else `var` in the current folder, with the configuration in it.

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { HoldfastError } from '../model/errors.ts'
import { isBinary, partsIn, ROOT, readPart } from '../system/program.ts'

const SYSTEM = { etc: '/etc/holdfast', data: '/var/lib/holdfast' }

export function usualDataDir(): string {
  if (!isBinary) return join(ROOT, 'var')
  return existsSync(SYSTEM.data) ? SYSTEM.data : 'var'
}

export function usualEtcDir(dataDir: string): string {
  if (!isBinary) return join(ROOT, 'etc')
  return existsSync(SYSTEM.etc) ? SYSTEM.etc : join(dataDir, 'etc')
}

/** The configuration as shipped: contents by name. */
export function shippedEtc(): [name: string, content: Buffer][] {
  return partsIn('etc').map((name) => [relative('etc', name), readPart(name)])
}

/**
 * The first start of a binary: the configuration as shipped is put into the data folder.
 * @returns whether it was. @throws HoldfastError READ_ONLY
 */
export function layOutEtc(etcDir: string, dataDir: string): boolean {
  if (!isBinary || etcDir !== join(dataDir, 'etc') || existsSync(etcDir)) return false
  const beside = `${etcDir}.new`
  try {
    rmSync(beside, { recursive: true, force: true })
    for (const [name, content] of shippedEtc()) {
      mkdirSync(dirname(join(beside, name)), { recursive: true })
      writeFileSync(join(beside, name), content)
    }
    renameSync(beside, etcDir)
    return true
  } catch (error) {
    throw new HoldfastError('READ_ONLY', `the configuration can't be put into ${etcDir}: ${(error as Error).message}`, {
      hint: 'name a folder that this user may write with --data, or one that has a configuration with --etc',
      cause: error,
    })
  }
}
