// A bundle that is brought over the network: one at a time, whole or in pieces, kept until it is installed, dropped, or an hour old. At a
// start nothing of one stays: who brought it has lost sight of it.

import { createWriteStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { HoldfastError } from '../../model/errors.ts'

const NAME = /^[\w@+-][\w.@+-]{0,199}$/
const COMING = '.coming'
/** A slot has 640 MB. */
const MOST_BYTES = 1 << 30
const KEPT_MS = 3600_000

/** Which bytes of the whole. */
export interface Piece {
  readonly from: number
  /** Of the whole; null: nobody knows, and this is all of it. */
  readonly total: number | null
}

export interface Taken {
  /** So far. */
  readonly bytes: number
  readonly isWhole: boolean
}

export interface BroughtOptions {
  /** Bytes that are free for one. */
  room(): number
  isInUse(): boolean
}

export class Brought {
  readonly #folder: string
  readonly #o: BroughtOptions
  #isComing = false
  /** Whose pieces come. */
  #name = ''
  #age: NodeJS.Timeout | undefined

  constructor(folder: string, options: BroughtOptions) {
    this.#folder = folder
    this.#o = options
    this.drop()
  }

  /** The name of the one that is there. */
  get file(): string | undefined {
    if (!existsSync(this.#folder)) return undefined
    return readdirSync(this.#folder).find((name) => name !== COMING)
  }

  /** @throws HoldfastError BAD_FILE */
  pathOf(name: string): string {
    if (NAME.test(name)) return join(this.#folder, name)
    throw new HoldfastError('BAD_FILE', `expected a file's name without a folder, not '${name}'`)
  }

  /** The first piece takes the place of what is there. @throws HoldfastError BAD_FILE, BUSY, TOO_LARGE, NO_ROOM, OUT_OF_STEP, NOT_TAKEN */
  async take(name: string, source: Readable, { from, total }: Piece): Promise<Taken> {
    const path = this.pathOf(name)
    if (this.#isComing || this.#o.isInUse()) throw new HoldfastError('BUSY', 'a bundle is being brought or installed')
    if (from === 0) this.drop()
    const coming = join(this.#folder, COMING)
    const have = statSync(coming, { throwIfNoEntry: false })?.size ?? 0
    if (from !== have || (from > 0 && this.#name !== name)) {
      const start = this.#name === name ? have : 0
      throw new HoldfastError('OUT_OF_STEP', `these bytes begin at ${from}, expected are those from ${start} on`)
    }
    this.#assertRoom(total ?? 0, have)
    this.#isComing = true
    this.#name = name
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      const most = total === null ? Math.min(MOST_BYTES, this.#o.room()) : total - have
      await pipeline(source, bounded(most), createWriteStream(coming, { flags: 'a', mode: 0o600, flush: true }))
    } catch (error) {
      if (total === null || error instanceof HoldfastError) this.drop()
      if (error instanceof HoldfastError) throw error
      throw new HoldfastError('NOT_TAKEN', `the bundle did not come whole: ${(error as Error).message}`, {
        cause: error,
      })
    } finally {
      this.#isComing = false
      this.#dropLater()
    }
    const bytes = statSync(coming).size
    const isWhole = total === null || bytes === total
    if (isWhole) renameSync(coming, path)
    return { bytes, isWhole }
  }

  drop(): void {
    clearTimeout(this.#age)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #dropLater(): void {
    clearTimeout(this.#age)
    this.#age = setTimeout(() => this.#o.isInUse() || this.#isComing || this.drop(), KEPT_MS).unref()
  }

  #assertRoom(total: number, have: number): void {
    if (total > MOST_BYTES) throw tooLarge()
    const room = this.#o.room()
    if (total - have <= room) return
    throw new HoldfastError(
      'NO_ROOM',
      `the bundle needs ${total - have} bytes more, and ${Math.max(0, room)} are free`,
      {
        hint: 'the reserve of the queue is not given away; `storage` shows the disk, `backups` what could go',
      },
    )
  }
}

const tooLarge = (): HoldfastError => new HoldfastError('TOO_LARGE', `a bundle has at most ${MOST_BYTES} bytes`)

function bounded(most: number) {
  return async function* (chunks: AsyncIterable<Buffer>) {
    let bytes = 0
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (bytes > most)
        throw most < MOST_BYTES ? new HoldfastError('NO_ROOM', `more than ${most} bytes came`) : tooLarge()
      yield chunk
    }
  }
}
