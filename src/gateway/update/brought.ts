// A bundle that is brought over the network: one at a time, whole or in pieces, kept until it is installed, dropped, or an hour old. A
// start drops it: who brought it has lost sight of it.

import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs'
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
  /** The first one behind it; null: nobody knows, and this is all of it. */
  readonly to: number | null
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

  /** The name of the one that is there as a whole. */
  get file(): string | undefined {
    if (!existsSync(this.#folder)) return undefined
    return readdirSync(this.#folder).find((name) => name !== COMING)
  }

  get path(): string | undefined {
    return this.file && join(this.#folder, this.file)
  }

  /** @throws HoldfastError BAD_FILE */
  pathOf(name: string): string {
    if (NAME.test(name)) return join(this.#folder, name)
    throw new HoldfastError('BAD_FILE', `expected a file's name without a folder, not '${name}'`)
  }

  /**
   * The first piece takes the place of what is there. Of one that does not come whole nothing stays: it may be sent again.
   * @throws HoldfastError BAD_FILE, BUSY, TOO_LARGE, NO_ROOM, OUT_OF_STEP, NOT_TAKEN
   */
  async take(name: string, source: Readable, piece: Piece): Promise<Taken> {
    const path = this.pathOf(name)
    this.#assertFree()
    if (piece.from === 0) this.drop()
    const have = this.#assertNext(name, piece)
    const most = this.#roomFor(piece)
    this.#isComing = true
    this.#name = name
    try {
      await this.#write(source, most, piece)
    } catch (error) {
      if (existsSync(this.#coming)) truncateSync(this.#coming, have)
      if (error instanceof HoldfastError) throw error
      throw new HoldfastError('NOT_TAKEN', `it did not come whole: ${(error as Error).message}`, { cause: error })
    } finally {
      this.#isComing = false
      clearTimeout(this.#age)
      this.#age = setTimeout(() => this.#isComing || this.drop(), KEPT_MS).unref()
    }
    const bytes = statSync(this.#coming).size
    const isWhole = piece.total === null || bytes === piece.total
    if (isWhole) renameSync(this.#coming, path)
    return { bytes, isWhole }
  }

  /** Nothing stays, not half of one either. @throws HoldfastError BUSY */
  drop(): void {
    this.#assertFree()
    clearTimeout(this.#age)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #coming(): string {
    return join(this.#folder, COMING)
  }

  #assertFree(): void {
    if (this.#isComing) throw new HoldfastError('BUSY', 'another bundle is being brought')
  }

  /** @returns the bytes that are there. @throws HoldfastError OUT_OF_STEP */
  #assertNext(name: string, { from }: Piece): number {
    const have = statSync(this.#coming, { throwIfNoEntry: false })?.size ?? 0
    const next = this.#name === name ? have : 0
    if (from === 0 || from === next) return have
    throw new HoldfastError('OUT_OF_STEP', `these bytes begin at ${from}; expected are those from ${next} on`)
  }

  /** @returns bytes that the piece may have. @throws HoldfastError TOO_LARGE, NO_ROOM */
  #roomFor({ from, to, total }: Piece): number {
    const room = Math.max(0, this.#o.room())
    if (total === null || to === null) return Math.min(MOST_BYTES, room)
    if (total > MOST_BYTES)
      throw new HoldfastError('TOO_LARGE', `a bundle has at most ${MOST_BYTES} bytes, not ${total}`)
    if (total - from <= room) return to - from
    throw new HoldfastError('NO_ROOM', `${total - from} bytes are to come, and ${room} are free`, {
      hint: "the queue's reserve is not given away; `storage` shows the disk, `backups` what could go from it",
    })
  }

  async #write(source: Readable, most: number, { from, to }: Piece): Promise<void> {
    let bytes = 0
    const bounded = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        bytes += chunk.length
        if (bytes > most) throw new HoldfastError('TOO_LARGE', `more than ${most} bytes came`)
        yield chunk
      }
      if (to !== null && bytes < to - from) throw new Error(`${bytes} bytes of ${to - from}`)
    }
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    await pipeline(source, bounded, createWriteStream(this.#coming, { flags: 'a', mode: 0o600, flush: true }))
  }
}
