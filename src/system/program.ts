// What the program is made of, found in the same way in a clone and in the binary: threads, addons, and files that lie beside
// a module. In a clone Node runs the sources. In the binary (scripts/build.d) each thread is one bundle, which has the folder
// and the name of its source but ends in .cjs; all other files lie where they lie in the clone.

import { readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { Worker, type WorkerOptions } from 'node:worker_threads'

const ENDING = extname(import.meta.filename)

export const isBinary = ENDING === '.cjs'

/** The clone's folder, or the binary's, which can only be read. */
export const ROOT = join(import.meta.dirname, '../..')

/** The text of a file that lies beside the module. */
export function textBeside(module: ImportMeta, name: string): string {
  return readFileSync(join(module.dirname, name), 'utf8')
}

/** Runs a module as a thread. @param name its file's beside `module`, without ending */
export function startThread(module: ImportMeta, name: string, options: WorkerOptions): Worker {
  return new Worker(join(module.dirname, name + ENDING), options)
}
