// The built page, as files in the folder `page` of the clone or the binary.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../system/program.ts'

const FOLDER = join(ROOT, 'page')

/** Paths of all files, such as `/index.html`; empty where the page is not built. */
export function pageFiles(): ReadonlySet<string> {
  return new Set(existsSync(FOLDER) ? filesIn('') : [])
}

/** @param path one of `pageFiles()`, nothing else */
export const readPageFile = (path: string): Buffer => readFileSync(join(FOLDER, path))

/** Folder by folder: what lies inside a binary can't be listed otherwise. */
function filesIn(path: string): string[] {
  return readdirSync(join(FOLDER, path)).flatMap((name) => {
    const below = `${path}/${name}`
    return statSync(join(FOLDER, below)).isDirectory() ? filesIn(below) : [below]
  })
}
