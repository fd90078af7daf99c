// What the program is made of, found in the same way in a clone and in the binary: its files, its threads, its drivers.
// In a clone they are files, and Node runs the sources. In the binary (scripts/build.d) they are assets, named by their places
// in the clone; what runs by itself is one bundle with the folder and the name of its source, but ends in .cjs.

import { globSync, readFileSync } from 'node:fs'
import Module from 'node:module'
import { extname, join, relative } from 'node:path'
import { getAssetKeys, getRawAsset, isSea } from 'node:sea'
import { Worker, type WorkerOptions } from 'node:worker_threads'

export const isBinary = isSea()

/** The clone's folder; of the binary the one that its modules believe to be in. */
export const ROOT = join(import.meta.dirname, '../..')

/** Assets that not every start needs are compressed, and named so. */
const PACKED = 'packed/'

/** The bytes of a file, not to be written to. @param name below the root */
export function readPart(name: string): Buffer {
  if (!isBinary) return readFileSync(join(ROOT, name))
  const packed = PACKED + name
  if (!getAssetKeys().includes(packed)) return Buffer.from(getRawAsset(name))
  return process.getBuiltinModule('node:zlib').gunzipSync(new Uint8Array(getRawAsset(packed))) // threads without do without zlib
}

/** Names of the files in a folder below the root, as `readPart` takes them. */
export function partsIn(folder: string): string[] {
  if (!isBinary) {
    const found = globSync(`${folder}/**/*`, { cwd: ROOT, withFileTypes: true }).filter((entry) => entry.isFile())
    return found.map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
  }
  return getAssetKeys()
    .map((name) => name.replace(PACKED, ''))
    .filter((name) => name.startsWith(`${folder}/`))
}

/** The text of a file that lies beside the module. */
export function textBeside(module: ImportMeta, name: string): string {
  return readPart(relative(ROOT, join(module.dirname, name))).toString()
}

/** Runs a module as a thread. @param name its file's beside `module`, without ending */
export function startThread(module: ImportMeta, name: string, options: WorkerOptions): Worker {
  const file = join(module.dirname, name + extname(module.filename))
  if (!isBinary) return new Worker(file, options)
  return new Worker(readPart('src/binary.cjs').toString(), { ...options, eval: true, argv: [relative(ROOT, file)] })
}

/** Runs a bundle of the binary in this thread. @returns what it exports */
export function runPart(name: string): unknown {
  const module = new Module(join(ROOT, name)) as Module & { _compile(code: string, file: string): void }
  module.filename = module.id
  module._compile(readPart(name).toString('latin1'), module.id) // bundles are ASCII
  return module.exports
}
