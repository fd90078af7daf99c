// What runs here, and how a newer version takes its place. A device's image has two slots (rauc.ts): a bundle is checked, written to the
// one that does not run, started by the next reboot, and on trial until it is confirmed. What was begun, and what was confirmed, is in a
// file of ours: RAUC's own forgets an installation that a power cut ended, and never knew of trials.

import { readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../../log/logger.ts'
import { HoldfastError } from '../../model/errors.ts'
import { replaceFile } from '../../system/disk.ts'
import type { Caller } from '../commands/command.ts'
import { type Installed, installed } from '../machine.ts'
import { VERSION } from '../version.ts'
import { Brought } from './brought.ts'
import { type Bundle, beginInstall, bundleIn, mark, progress, type Slot, type Slots, slots } from './rauc.ts'

const NOTES = 'update.json'
const OWNER_ONLY = 0o600
const LOOK_MS = 500
const LOOK = '`update status` shows how far it is'

/** What it came as, and how a newer version comes. */
export const CAME: Readonly<Record<Installed, { readonly as: string; readonly next: string }>> = {
  package: {
    as: 'a package',
    next: '`apt install ./holdfast_….deb` with the newer package. What you have changed in /etc/holdfast stays, and what waits goes on.',
  },
  binary: {
    as: 'a binary',
    next: 'Move (mv) the newer file to where the program is, then `restart`. Configuration and data stay, and what waits goes on.',
  },
  sources: {
    as: 'sources',
    next: '`git pull` in the folder of the program, then `npm start` anew. Configuration and data stay, and what waits goes on.',
  },
}

interface Notes {
  /** The slot and its installation that was confirmed last. */
  readonly confirmed?: string
  /** An installation that was begun, and has not ended well. */
  readonly begun?: Begun
}

interface Begun {
  readonly version: string
  /** `rootfs.1`, and what was installed there before. */
  readonly name: string
  readonly before: string | null
  /** Why it ended; absent: it goes on, or a power cut ended it. */
  readonly failed?: string
}

export const SLOT_STATES = ['good', 'bad', 'unfinished', 'never installed'] as const

export interface ImageState {
  readonly compatible: string
  /** Of the slots by their names for the boot loader; null: it runs from none of them, or nobody tells. */
  readonly booted: string | null
  readonly next: string | null
  readonly onTrial: boolean
  readonly slots: readonly {
    readonly slot: string
    readonly version: string | null
    readonly state: (typeof SLOT_STATES)[number]
    readonly installedAt: string | null
  }[]
  readonly installing: Step | null
  readonly lastError: string | null
  /** The file that waits to be installed. */
  readonly brought: string | null
}

export interface Step {
  readonly percent: number
  readonly step: string
}

/** What an installation would do, or does. */
export interface Plan {
  readonly file: string
  readonly bundle: Bundle
  readonly running: Slot
  readonly target: Slot
}

export interface UpdatesOptions {
  readonly dataDir: string
  readonly log: Logger
  /** Bytes that are free for a bundle. */
  room(): number
}

export class Updates {
  readonly brought: Brought
  readonly #o: UpdatesOptions
  /** As they were when RAUC last told: it does not while it installs. */
  #known: Slots | undefined
  #now: Step | undefined
  /** What there is to say of one that has ended well. */
  #done: Step | undefined
  #watching: Promise<void> | undefined

  constructor(options: UpdatesOptions) {
    this.#o = options
    const { dataDir, room } = options
    this.brought = new Brought(join(dataDir, 'updates'), { room, isInUse: () => this.#watching !== undefined })
    const { begun } = this.#notes
    if (begun && begun.failed === undefined) this.#watch(begun)
  }

  /** Who comes over the network names no folder. @throws HoldfastError BAD_FILE */
  pathOf(file: string, { from }: Caller): string {
    return from === 'ctl' && isAbsolute(file) ? file : this.brought.pathOf(file)
  }

  /** Undefined: this is no image. */
  async image(): Promise<ImageState | undefined> {
    const found = await this.#slots().catch((error: HoldfastError) => error)
    if (found === undefined) return undefined
    const { begun } = this.#notes
    const installing = await this.#installing()
    const brought = this.brought.file ?? null
    if (found instanceof Error) {
      const nobody = { compatible: '', booted: null, next: null, onTrial: false, slots: [] }
      return { ...nobody, installing, lastError: installing ? null : found.message, brought }
    }
    const booted = found.slots.find(({ isBooted }) => isBooted)
    return {
      compatible: found.compatible,
      booted: booted?.slot ?? null,
      next: found.next?.slot ?? null,
      onTrial: booted !== undefined && this.#isOnTrial(booted),
      slots: found.slots.map((one) => ({
        ...{ slot: one.slot, installedAt: one.installedAt, state: stateOf(one, begun) },
        version: one.isBooted ? (one.version ?? VERSION) : one.version,
      })),
      installing,
      lastError: begun?.failed ?? null,
      brought,
    }
  }

  /** Looks into the bundle; nothing is written. @throws HoldfastError NO_IMAGE, BUSY, NO_FILE, BAD_BUNDLE, WRONG_BUNDLE */
  async plan(file: string): Promise<Plan> {
    const { compatible, slots } = await this.#assertImage()
    const [running, target] = [slots.find(({ isBooted }) => isBooted), slots.find(({ isBooted }) => !isBooted)]
    if (!running || !target) throw notFromSlot()
    if (await this.#installing()) throw busy()
    if (this.#isOnTrial(running)) {
      throw new HoldfastError(
        'ON_TRIAL',
        `the version that runs is on trial, and slot ${target.slot} is the way back`,
        {
          hint: '`update confirm` ends the trial, then the other slot may be written',
        },
      )
    }
    const bundle = await bundleIn(file)
    if (bundle.compatible === compatible) return { file, bundle, running, target }
    throw new HoldfastError(
      'WRONG_BUNDLE',
      `${file} is for '${bundle.compatible}', and this device is a '${compatible}'`,
      {
        hint: 'fetch the bundle for this device',
      },
    )
  }

  /** Begins; `steps` shows how far it is. @throws as `plan`, and NO_UPDATER */
  async install(path: string, { who, from }: Caller): Promise<Plan> {
    const plan = await this.plan(path)
    const { bundle, target } = plan
    const { version } = bundle
    const former = this.#notes.begun
    const begun = { version, name: target.name, before: target.installation }
    this.#note({ begun }) // before a power cut may end it
    try {
      await beginInstall(path)
    } catch (error) {
      this.#note({ begun: former })
      throw error
    }
    this.#o.log.warn({ version, slot: target.slot, file: path, who, from }, 'update_begun')
    this.#watch(begun)
    return plan
  }

  /** Of the installation that goes on, or was the last, to its end. @throws HoldfastError UPDATE_FAILED */
  async *steps(signal: AbortSignal): AsyncGenerator<Step> {
    const watching = this.#watching
    for (let last = ''; watching && this.#watching === watching && !signal.aborted; ) {
      const step = this.#now!
      if (JSON.stringify(step) !== last) yield step
      last = JSON.stringify(step)
      await Promise.race([watching, sleep(LOOK_MS, undefined, { signal }).catch(() => {})]) // ended
    }
    if (signal.aborted) return
    const failed = this.#notes.begun?.failed
    if (failed !== undefined) throw new HoldfastError('UPDATE_FAILED', failed, { hint: 'the version that runs stays' })
    if (this.#done) yield this.#done
  }

  /** Ends the trial of the slot that runs. @throws HoldfastError NO_IMAGE, NO_UPDATER */
  async confirm({ who, from }: Caller): Promise<Slot> {
    const running = (await this.#assertImage()).slots.find(({ isBooted }) => isBooted)
    if (!running) throw notFromSlot()
    await mark('good', running)
    this.#note({ confirmed: keyOf(running) })
    this.#o.log.info({ slot: running.slot, version: running.version, who, from }, 'update_confirmed')
    return running
  }

  /** What a rollback would start: of an update that waits for the reboot the slot that runs, else the other. @throws HoldfastError NO_IMAGE, NOT_BOOTABLE */
  async former(): Promise<Slot> {
    const { slots, next } = await this.#assertImage()
    const former = slots.find(({ isBooted }) => isBooted === (next?.isBooted === false))
    if (!former) throw notFromSlot()
    const state = stateOf(former, this.#notes.begun)
    if (state === 'good') return former
    throw new HoldfastError('NOT_BOOTABLE', `slot ${former.slot} can't be started: it is ${state}`, {
      hint: 'the version that runs stays; `update install FILE` puts another into that slot',
    })
  }

  /** @throws as `former`, and NO_UPDATER */
  async rollback({ who, from }: Caller): Promise<Slot> {
    const former = await this.former()
    await mark('active', former)
    this.#o.log.warn({ slot: former.slot, version: former.version, who, from }, 'update_rolled_back')
    return former
  }

  /** @throws HoldfastError NO_IMAGE */
  async #assertImage(): Promise<Slots> {
    const found = await this.#slots()
    if (found) return found
    const { as } = installed()
    throw new HoldfastError(
      'NO_IMAGE',
      `this gateway came as ${CAME[as].as}: it can't put a newer one in its own place`,
      {
        hint: CAME[as].next,
      },
    )
  }

  /** @throws HoldfastError NO_UPDATER; BUSY: an installation goes on that began before this gateway started */
  async #slots(): Promise<Slots | undefined> {
    try {
      if (!this.#now) this.#known = await slots()
    } catch (error) {
      if (!(await this.#installing())) throw error
    }
    if (!this.#known && this.#now) throw busy()
    return this.#known
  }

  async #installing(): Promise<Step | null> {
    if (this.#now) return this.#now
    const { isRunning, percent, step } = await progress()
    return isRunning ? { percent, step } : null
  }

  /** What came with the card was never installed, and needs no trial. */
  #isOnTrial(running: Slot): boolean {
    return running.installation !== null && this.#notes.confirmed !== keyOf(running)
  }

  #watch(begun: Begun): void {
    this.#now = { percent: 0, step: 'Beginning' }
    this.#done = undefined
    this.#watching = this.#untilEnd(begun).finally(() => {
      this.#now = undefined
      this.#watching = undefined
    })
  }

  async #untilEnd(begun: Begun): Promise<void> {
    const failed = await this.#failure(begun).catch((error: Error) => error.message)
    this.brought.drop()
    this.#note({ begun: failed === undefined ? undefined : { ...begun, failed } })
    const { version } = begun
    if (failed !== undefined) return this.#o.log.error({ version, why: failed }, 'update_failed')
    this.#o.log.info({ version }, 'update_installed')
    this.#done = { percent: 100, step: `${version} is installed: \`reboot\` starts it, on trial until it is confirmed` }
  }

  /** Why it did not end well. */
  async #failure({ version, name, before }: Begun): Promise<string | undefined> {
    for (;;) {
      const { isRunning, percent, step, lastError } = await progress()
      this.#now = { percent, step }
      if (isRunning) {
        await sleep(LOOK_MS)
        continue
      }
      this.#known = await slots()
      const target = this.#known?.slots.find((one) => one.name === name)
      if (target && target.installation !== before) return undefined
      return lastError || `the installation of ${version} was interrupted`
    }
  }

  get #notes(): Notes {
    try {
      return JSON.parse(readFileSync(join(this.#o.dataDir, NOTES), 'utf8')) as Notes
    } catch {
      return {} // none yet, or damaged: what is installed is RAUC's to say
    }
  }

  #note(notes: { [K in keyof Notes]: Notes[K] | undefined }): void {
    replaceFile(join(this.#o.dataDir, NOTES), JSON.stringify({ ...this.#notes, ...notes }), OWNER_ONLY)
  }
}

const keyOf = ({ name, installation }: Slot): string => `${name} ${installation}`

function stateOf(slot: Slot, begun: Begun | undefined): (typeof SLOT_STATES)[number] {
  if (slot.isGood) return 'good'
  if (begun?.name === slot.name && begun.before === slot.installation) return 'unfinished'
  return slot.installation === null ? 'never installed' : 'bad'
}

const busy = (): HoldfastError => new HoldfastError('BUSY', 'an update is being installed', { hint: LOOK })

const notFromSlot = (): HoldfastError =>
  new HoldfastError('NO_SLOT', 'the system that runs is in none of the slots that the boot loader chooses from', {
    hint: 'start the device from its own card',
  })
