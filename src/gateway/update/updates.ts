// What runs here, and how a newer version takes its place. A device's image has two slots (rauc.ts): a bundle is checked, written to the
// one that does not run, started by the next reboot, and on trial until it is confirmed.

import { isAbsolute, join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../../log/logger.ts'
import { HoldfastError } from '../../model/errors.ts'
import type { Caller } from '../commands/command.ts'
import { CAME, installed } from '../machine.ts'
import { VERSION } from '../version.ts'
import { Brought, type Piece, type Taken } from './brought.ts'
import { type Begun, type SlotState, UpdateNotes } from './notes.ts'
import { type Bundle, beginInstall, bundleIn, mark, progress, type Slot, type Slots, slots } from './rauc.ts'

const LOOK_MS = 1000
const LOOK = '`update status` shows how far it is'

export interface ImageState {
  readonly compatible: string
  /** Of the slots by their names for the boot loader; null: it runs from none of them, or nobody tells. */
  readonly booted: string | null
  readonly next: string | null
  readonly onTrial: boolean
  readonly slots: readonly {
    readonly slot: string
    readonly version: string | null
    readonly state: SlotState
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
  readonly #notes: UpdateNotes
  readonly #closing = new AbortController()
  /** As they were when RAUC last told: it does not while it installs. */
  #known: Slots | undefined
  /** However many ask, RAUC is asked once. */
  #asking: Promise<Slots | undefined> | undefined
  #now: Step | undefined
  /** What there is to say of one that has ended well. */
  #done: Step | undefined
  #watching: Promise<void> | undefined

  constructor(options: UpdatesOptions) {
    this.#o = options
    const { dataDir, room } = options
    this.#notes = new UpdateNotes(dataDir)
    this.brought = new Brought(join(dataDir, 'updates'), { room })
    const { begun } = this.#notes.now
    if (begun && begun.failed === undefined) this.#watch(begun)
  }

  /** Who comes over the network names no folder. @throws HoldfastError BAD_FILE */
  pathOf(file: string, { from }: Caller): string {
    return from === 'ctl' && isAbsolute(file) ? file : this.brought.pathOf(file)
  }

  /** Keeps a bundle that comes over the network, or a piece of it. @throws HoldfastError NO_IMAGE, what `Brought.take` throws */
  async take(name: string, source: Readable, piece: Piece): Promise<Taken> {
    if (piece.from === 0) await this.#assertImage()
    if (this.#now) throw busy()
    return this.brought.take(name, source, piece)
  }

  /** @throws HoldfastError BUSY, NO_FILE */
  drop(name: string): void {
    if (this.#now) throw busy()
    if (this.brought.file !== name) throw new HoldfastError('NO_FILE', `${name} is not here`)
    this.brought.drop()
  }

  /** Undefined: this is no image. */
  async image(): Promise<ImageState | undefined> {
    const found = await this.#slots().catch((error: HoldfastError) => error)
    if (found === undefined) return undefined
    const { begun } = this.#notes.now
    const installing = await this.#installing().catch(() => null) // it did not tell of its slots, either
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
      onTrial: booted !== undefined && this.#notes.isOnTrial(booted),
      slots: found.slots.map((one) => {
        const { slot, version, installedAt } = one
        return { slot, version, state: this.#notes.stateOf(one), installedAt }
      }),
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
    if (this.#notes.isOnTrial(running)) {
      const why = `the version that runs is on trial, and slot ${target.slot} is the way back`
      throw new HoldfastError('ON_TRIAL', why, { hint: '`update confirm` ends the trial; then that may be written' })
    }
    const bundle = await bundleIn(file)
    if (bundle.compatible === compatible) return { file, bundle, running, target }
    const why = `${file} is for '${bundle.compatible}', and this device is a '${compatible}'`
    throw new HoldfastError('WRONG_BUNDLE', why, { hint: 'fetch the bundle for this device' })
  }

  /** Begins; `steps` shows how far it is. @throws as `plan`, and NO_UPDATER */
  async install(path: string, { who, from }: Caller): Promise<Plan> {
    const plan = await this.plan(path)
    const { bundle, running, target } = plan
    const { version } = bundle
    const former = this.#notes.now.begun
    const begun = { version, name: target.name, before: target.installation }
    if (running.installation === null) this.#notes.note({ came: { name: running.name, version: VERSION } })
    this.#notes.note({ begun }) // before a power cut may end it
    try {
      await beginInstall(path)
    } catch (error) {
      this.#notes.note({ begun: former })
      throw error
    }
    this.#o.log.warn({ version, slot: target.slot, file: path, who, from }, 'update_begun')
    this.#watch(begun, path)
    return plan
  }

  /** Of what is being installed the next start sees the end. */
  close(): void {
    this.#closing.abort()
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
    const failed = this.#notes.now.begun?.failed
    if (failed !== undefined) throw new HoldfastError('UPDATE_FAILED', failed, { hint: 'the version that runs stays' })
    if (this.#done) yield this.#done
  }

  /** Ends the trial of the slot that runs. @throws HoldfastError NO_IMAGE, NO_SLOT, BUSY, NO_UPDATER */
  async confirm({ who, from }: Caller): Promise<Slot> {
    const running = (await this.#assertImage()).slots.find(({ isBooted }) => isBooted)
    if (!running) throw notFromSlot()
    await this.#mark('good', running)
    this.#notes.confirm(running)
    this.#o.log.info({ slot: running.slot, version: running.version, who, from }, 'update_confirmed')
    return running
  }

  /** What a rollback would start: of an update that waits for the reboot the slot that runs, else the other. @throws HoldfastError NO_IMAGE, NOT_BOOTABLE */
  async former(): Promise<Slot> {
    const { slots, next } = await this.#assertImage()
    const former = slots.find(({ isBooted }) => isBooted === (next?.isBooted === false))
    if (!former) throw notFromSlot()
    const state = this.#notes.stateOf(former)
    if (state === 'good') return former
    throw new HoldfastError('NOT_BOOTABLE', `slot ${former.slot} can't be started: it is ${state}`, {
      hint: 'the version that runs stays; `update install FILE` puts another into that slot',
    })
  }

  /** @throws as `former`, and BUSY, NO_UPDATER */
  async rollback({ who, from }: Caller): Promise<Slot> {
    const former = await this.former()
    await this.#mark('active', former)
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
      if (!this.#now) {
        this.#asking ??= this.#read().finally(() => {
          this.#asking = undefined
        })
        this.#known = await this.#asking
      }
    } catch (error) {
      if (!(await this.#installing())) throw error
    }
    if (!this.#known && this.#now) throw busy()
    return this.#known
  }

  async #read(): Promise<Slots | undefined> {
    const found = await slots()
    return found && { ...found, slots: found.slots.map((one) => ({ ...one, version: this.#notes.versionOf(one) })) }
  }

  /** @throws HoldfastError BUSY, NO_UPDATER */
  async #mark(as: 'good' | 'active', slot: Slot): Promise<void> {
    if (await this.#installing()) throw busy()
    await mark(as, slot)
    this.#asking = undefined // it may have begun before
  }

  async #installing(): Promise<Step | null> {
    if (this.#now) return this.#now
    const { isRunning, percent, step } = await progress()
    return isRunning ? { percent, step } : null
  }

  /** @param file goes when it was brought for this */
  #watch(begun: Begun, file?: string): void {
    this.#now = { percent: 0, step: 'Beginning' }
    this.#done = undefined
    const ended = this.#untilEnd(begun, file).catch((err) => this.#o.log.error({ err }, 'update_not_noted'))
    this.#watching = ended.finally(() => {
      this.#now = undefined
      this.#watching = undefined
    })
  }

  async #untilEnd(begun: Begun, file?: string): Promise<void> {
    const failed = await this.#failure(begun).catch((error: Error) => error.message)
    if (this.#closing.signal.aborted) return
    const { version } = begun
    this.#notes.note({ begun: failed === undefined ? undefined : { ...begun, failed } })
    if (file === this.brought.path) this.brought.drop()
    if (failed !== undefined) return this.#o.log.error({ version, why: failed }, 'update_failed')
    this.#o.log.info({ version }, 'update_installed')
    this.#done = { percent: 100, step: `${version} is installed: \`reboot\` starts it, on trial until it is confirmed` }
  }

  /** Why it did not end well; undefined: it did. */
  async #failure({ version, name, before }: Begun): Promise<string | undefined> {
    const { signal } = this.#closing
    for (;;) {
      const { isRunning, percent, step, lastError } = await progress()
      this.#now = { percent, step }
      if (!isRunning) {
        this.#known = await this.#read()
        const target = this.#known?.slots.find((one) => one.name === name)
        if (target && target.installation !== before) return undefined
        return lastError || `the installation of ${version} was interrupted`
      }
      await sleep(LOOK_MS, undefined, { signal })
    }
  }
}

const busy = (): HoldfastError => new HoldfastError('BUSY', 'an update is being installed', { hint: LOOK })

const notFromSlot = (): HoldfastError =>
  new HoldfastError('NO_SLOT', 'the system that runs is in none of the slots that the boot loader chooses from', {
    hint: 'start the device from its own card',
  })
