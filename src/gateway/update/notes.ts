// What RAUC does not know of updates, in a file of ours: which installation was confirmed (a slot that may be started is "good" for it, on
// trial or not), and which was begun and has not ended well (its own file goes on naming the former version).

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HoldfastError } from '../../model/errors.ts'
import { replaceFile } from '../../system/disk.ts'
import { VERSION } from '../version.ts'
import type { Slot } from './rauc.ts'

const OWNER_ONLY = 0o600

export interface Notes {
  /** The slot and its installation that was confirmed last. */
  readonly confirmed?: string | undefined
  /** An installation that was begun, and has not ended well. */
  readonly begun?: Begun | undefined
  /** What came with the card, in its slot: of that RAUC knows nothing. */
  readonly came?: { readonly name: string; readonly version: string } | undefined
}

export interface Begun {
  readonly version: string
  /** `rootfs.1`, and what was installed there before. */
  readonly name: string
  readonly before: string | null
  /** Why it ended; absent: it goes on, or a power cut ended it. */
  readonly failed?: string
}

export const SLOT_STATES = ['good', 'bad', 'unfinished', 'never installed'] as const
export type SlotState = (typeof SLOT_STATES)[number]

export class UpdateNotes {
  readonly #file: string

  constructor(dataDir: string) {
    this.#file = join(dataDir, 'update.json')
  }

  get now(): Notes {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8')) as Notes
    } catch {
      return {} // none yet, or damaged: what is installed is RAUC's to say
    }
  }

  /** Beside what is noted already. @throws HoldfastError NOT_WRITABLE */
  note(notes: Notes): void {
    try {
      replaceFile(this.#file, JSON.stringify({ ...this.now, ...notes }), OWNER_ONLY)
    } catch (cause) {
      const why = `what is known of updates is not noted: ${(cause as Error).message}`
      throw new HoldfastError('NOT_WRITABLE', why, { cause })
    }
  }

  confirm(running: Slot): void {
    this.note({ confirmed: keyOf(running) })
  }

  /** Of a slot whose version nobody installed: what runs is ours, and what ran was noted. */
  versionOf({ name, version, installation, isBooted }: Slot): string | null {
    if (version !== null || installation !== null) return version
    if (isBooted) return VERSION
    const { came } = this.now
    return came?.name === name ? came.version : null
  }

  /** What came with the card was never installed, and needs no trial. */
  isOnTrial(running: Slot): boolean {
    return running.installation !== null && this.now.confirmed !== keyOf(running)
  }

  stateOf({ name, isGood, installation }: Slot): SlotState {
    const { begun } = this.now
    if (isGood) return 'good'
    if (begun?.name === name && begun.before === installation) return 'unfinished'
    return installation === null ? 'never installed' : 'bad'
  }
}

const keyOf = ({ name, installation }: Slot): string => `${name} ${installation}`
