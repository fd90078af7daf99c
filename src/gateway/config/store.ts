// What is kept of configurations below `<data>/config`: versions, the candidate, and what must not be forgotten over a
// power cut. Each is one file, replaced as a whole, for its owner only.

import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { PoolId } from '../../model/binding.ts'
import { HoldfastError } from '../../model/errors.ts'
import type { Seq } from '../../model/event.ts'
import { replaceFile, syncFolder } from '../../system/disk.ts'
import type { Caller } from '../commands/command.ts'
import type { Files } from './files.ts'

/** Of a version, beside its files. */
export interface Version {
  readonly version: number
  /** Wall time, ms. */
  readonly at: number
  /** Was the clock set then? */
  readonly trusted: boolean
  readonly who: string
  readonly from: string
  /** What it was for, in the words of who made it or of the gateway. */
  readonly comment: string
}

export interface Candidate {
  /** Digest of the files that it was made from. */
  readonly base: string
  readonly owner: Caller
  /** Wall time of the first edit, ms. */
  readonly since: number
  /** Counts the edits. */
  readonly revision: number
  readonly files: Files
}

/** A pool that is not in the configuration any more, and is to get what waits for it. */
export interface Draining {
  readonly pool: PoolId
  /** The last version that had it. */
  readonly version: number
  /** Nothing behind this event is for it. */
  readonly upTo: Seq
}

/** A commit that counts only when it is confirmed. */
export interface ToConfirm {
  readonly version: number
  /** The version that comes back otherwise. */
  readonly back: number
  /** Pools whose events are given up when it is confirmed. */
  readonly drop: readonly PoolId[]
}

/** What a start has to finish. */
export interface Unfinished {
  /** The version whose files are being put in place. */
  readonly installing?: number
  readonly confirm?: ToConfirm
  readonly draining?: readonly Draining[]
}

const OWNER_ONLY = 0o600
const VERSION_FILE = /^(\d+)\.json$/

/** Contents as latin1, so that every byte survives; text stays readable. */
const toJson = (files: Files): Record<string, string> =>
  Object.fromEntries([...files].map(([name, content]) => [name, content.toString('latin1')]))
const fromJson = (files: Record<string, string>): Files =>
  new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text, 'latin1')]))

export class ConfigStore {
  readonly #folder: string
  readonly #versions: string

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'config')
    this.#versions = join(this.#folder, 'versions')
  }

  get unfinished(): Unfinished {
    return this.#read<Unfinished>('unfinished.json') ?? {}
  }

  set unfinished(unfinished: Unfinished) {
    this.#write('unfinished.json', unfinished)
  }

  get candidate(): Candidate | undefined {
    const stored = this.#read<Omit<Candidate, 'files'> & { files: Record<string, string> }>('candidate.json')
    return stored && { ...stored, files: fromJson(stored.files) }
  }

  set candidate(candidate: Candidate | undefined) {
    if (candidate) this.#write('candidate.json', { ...candidate, files: toJson(candidate.files) })
    else this.#remove('candidate.json')
  }

  /** Newest first. */
  versions(): Version[] {
    return this.#numbers()
      .reverse()
      .map((version) => {
        const { files: _, ...meta } = this.#stored(version)
        return meta
      })
  }

  /** @throws HoldfastError NO_SUCH_VERSION */
  files(version: number): Files {
    return fromJson(this.#stored(version).files)
  }

  newest(): number | undefined {
    return this.#numbers().at(-1)
  }

  /** @param most versions that are kept; the oldest go, but not those that a start may need. @returns its number */
  save(files: Files, meta: Omit<Version, 'version'>, most: number): number {
    const version = (this.newest() ?? 0) + 1
    this.#write(`versions/${version}.json`, { version, ...meta, files: toJson(files) })
    const { confirm, draining = [] } = this.unfinished
    const needed = new Set([confirm?.back, ...draining.map((one) => one.version)])
    for (const old of this.#numbers().slice(0, -most)) if (!needed.has(old)) this.#remove(`versions/${old}.json`)
    return version
  }

  /** It never was in use. */
  forget(version: number): void {
    this.#remove(`versions/${version}.json`)
  }

  #numbers(): number[] {
    try {
      const numbers = readdirSync(this.#versions).flatMap((name) => VERSION_FILE.exec(name)?.[1] ?? [])
      return numbers.map(Number).sort((a, b) => a - b)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  #stored(version: number): Version & { files: Record<string, string> } {
    const stored = this.#read<Version & { files: Record<string, string> }>(`versions/${version}.json`)
    if (stored) return stored
    const numbers = this.#numbers()
    throw new HoldfastError('NO_SUCH_VERSION', `there is no version ${version}`, {
      hint:
        numbers.length === 0
          ? 'there is none yet'
          : `versions: ${numbers[0]} to ${numbers.at(-1)}; \`config history\` lists them`,
    })
  }

  #read<T>(name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(join(this.#folder, name), 'utf8')) as T
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  #write(name: string, content: object): void {
    try {
      mkdirSync(this.#versions, { recursive: true, mode: 0o700 })
      replaceFile(join(this.#folder, name), `${JSON.stringify(content, null, 1)}\n`, OWNER_ONLY)
    } catch (cause) {
      throw new HoldfastError('DATA_NOT_WRITABLE', `${name} can't be kept: ${(cause as Error).message}`, {
        hint: `is there room on the disk of ${this.#folder}?`,
        cause,
      })
    }
  }

  #remove(name: string): void {
    rmSync(join(this.#folder, name), { force: true })
    syncFolder(this.#folder)
  }
}
