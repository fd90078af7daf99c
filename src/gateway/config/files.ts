// The files of a configuration as one thing: read together, compared, put in place together.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Source } from '../../config/load.ts'
import { BACKEND_KINDS } from '../../model/binding.ts'
import { HoldfastError } from '../../model/errors.ts'
import { replaceFile, syncFolder } from '../../system/disk.ts'

/** Contents by name, such as `holdfast.conf` or `plugins/emqx_backend_pgsql.conf`. */
export type Files = ReadonlyMap<string, Buffer>

const NAME = /^(?:loaded_plugins|[\w-]+\.conf|plugins\/emqx_backend_([a-z]+)\.conf)$/
/** Passwords of a pool may be in it. */
const OWNER_ONLY = 0o600
const MAX_BYTES = 1 << 20

export const isFileName = (name: string): boolean => NAME.test(name)

/** @throws HoldfastError BAD_FILE for a name that no file of a configuration has */
export function assertName(name: string): void {
  const [matched, kind] = NAME.exec(name) ?? []
  if (matched && (kind === undefined || (BACKEND_KINDS as readonly string[]).includes(kind))) return
  throw new HoldfastError('BAD_FILE', `'${name}' is no file of a configuration`, {
    hint: `files: holdfast.conf, acl.conf or another .conf beside it, loaded_plugins, plugins/emqx_backend_<${BACKEND_KINDS.join('|')}>.conf`,
  })
}

/** @throws HoldfastError TOO_LARGE */
export function assertSize(name: string, content: Buffer): void {
  if (content.length <= MAX_BYTES) return
  throw new HoldfastError('TOO_LARGE', `${name} would have ${content.length} bytes; ${MAX_BYTES} is the most`)
}

/** What files there are if these are there; all others are the disk's. */
export function sourceOf(etcDir: string, files: Files): Source {
  return (file) => {
    const name = relative(etcDir, file)
    const content = files.get(name)
    if (content) return content
    if (NAME.test(name)) throw Object.assign(new Error(`ENOENT: no such file, ${file}`), { code: 'ENOENT' })
    return readFileSync(file)
  }
}

export function digestOf(files: Files): string {
  const hash = createHash('sha256')
  for (const [name, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}\0${content.length}\0`).update(content)
  }
  return hash.digest('base64url')
}

/** Names whose contents differ, in the order of the alphabet. */
export function differing(one: Files, other: Files): string[] {
  const names = new Set([...one.keys(), ...other.keys()])
  return [...names].filter((name) => !same(one.get(name), other.get(name))).sort()
}

const same = (one: Buffer | undefined, other: Buffer | undefined): boolean =>
  one !== undefined && other !== undefined && one.equals(other)

/** The configuration's files below a folder. */
export class EtcFolder {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** @throws HoldfastError ETC_NOT_READABLE */
  read(): Files {
    const plugins = join(this.path, 'plugins')
    try {
      const names = [
        ...readdirSync(this.path),
        ...(existsSync(plugins) ? readdirSync(plugins).map((name) => `plugins/${name}`) : []),
      ]
      const own = names.filter((name) => NAME.test(name)).sort()
      return new Map(own.map((name) => [name, readFileSync(join(this.path, name))]))
    } catch (cause) {
      throw new HoldfastError('ETC_NOT_READABLE', `the configuration can't be read: ${(cause as Error).message}`, {
        cause,
      })
    }
  }

  /**
   * Makes the folder hold these. Each file is there whole or not at all; that all are is the caller's to see to, who
   * repeats it after a power cut.
   * @param names only these
   * @throws HoldfastError ETC_NOT_WRITABLE
   */
  install(files: Files, names: readonly string[] = differing(this.read(), files)): void {
    try {
      for (const name of names) {
        const path = join(this.path, name)
        const content = files.get(name)
        if (content) {
          mkdirSync(dirname(path), { recursive: true })
          replaceFile(path, content, OWNER_ONLY)
        } else {
          rmSync(path, { force: true })
          syncFolder(dirname(path))
        }
      }
    } catch (cause) {
      throw new HoldfastError('ETC_NOT_WRITABLE', `the configuration can't be written: ${(cause as Error).message}`, {
        hint: `the user that the gateway runs as must be allowed to write ${this.path} and the files in it`,
        cause,
      })
    }
  }
}
