// What takes long to get or to make, kept from one run of the tests to the next.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const CACHE = process.env.HOLDFAST_CACHE || resolve(import.meta.dirname, '../../.cache')

/** Copies a folder of the cache. When it is not there, `make` makes the folder `data` in the one that it is given. */
export function copyTemplate(name: string, into: string, make: (folder: string) => void): void {
  const template = join(CACHE, name)
  if (!existsSync(template)) makeTemplate(template, make)
  execFileSync('cp', ['-a', template, into])
}

function makeTemplate(template: string, make: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-template-'))
  try {
    make(folder)
    mkdirSync(CACHE, { recursive: true })
    const beside = `${template}.${process.pid}`
    execFileSync('cp', ['-a', join(folder, 'data'), beside])
    if (existsSync(template)) rmSync(beside, { recursive: true })
    else renameSync(beside, template)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
