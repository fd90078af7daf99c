// The configuration as a transaction: what was edited is checked as a whole, put on the disk, and taken up by the rooms, or
// nothing is. DESIGN.md tells the order, and what a power cut leaves.

import { join } from 'node:path'
import type { AccessRules } from '../../access/access.ts'
import type { Fault } from '../../config/fault.ts'
import { faultsInUse, type LoadedPool } from '../../config/load.ts'
import type { Forward, LaneStatus } from '../../forward/forward.ts'
import type { PoolId } from '../../model/binding.ts'
import { HoldfastError } from '../../model/errors.ts'
import type { Journal } from '../../queue/journal.ts'
import type { Clock } from '../../system/clock.ts'
import type { Caller } from '../commands/command.ts'
import { ConfigFaults, type Configuration, readConfiguration } from '../load.ts'
import { type Changes, changesBetween, poolsOf } from './changes.ts'
import { Drains } from './draining.ts'
import { type EditOptions, Editor } from './editor.ts'
import { differing, digestOf, type Files, sourceOf } from './files.ts'
import type { Recovered } from './recover.ts'
import { Running, type RunningOptions } from './running.ts'
import type { ToConfirm, Version } from './store.ts'

/** What becomes of events that wait for a pool that is taken out. */
export const PENDING = ['drain', 'drop', 'keep'] as const
export type Pending = (typeof PENDING)[number]

export interface CommitOptions extends EditOptions {
  /** Taken back unless it is confirmed within so long. */
  readonly confirmMs?: number | undefined
  readonly pending?: Pending | undefined
  readonly comment?: string | undefined
}

/** What a commit would do. */
export interface Plan {
  readonly next: Configuration
  readonly files: Files
  readonly changes: Changes
  /** Pools that would be gone, and the events that wait for them, at most. */
  readonly waiting: ReadonlyMap<PoolId, number>
}

export interface Committed {
  readonly version: number
  readonly changes: Changes
  /** The pools that were connected anew. */
  readonly pools: readonly LaneStatus[]
}

export interface TransactionOptions extends Omit<RunningOptions, 'drains'> {
  readonly forward: Forward
  readonly journal: Pick<Journal, 'after' | 'lastSeq'>
  readonly clock: Clock
  readonly recovered: Recovered | undefined
}

interface PutOptions extends CommitOptions {
  /** Files to write: what was edited in others by hand stays. Absent: all that differ. */
  readonly names?: readonly string[]
}

/** How long a commit waits for news of the pools that it connects. */
const POOL_MS = 3000
const LOOK_MS = 50

export class ConfigTransaction {
  readonly editor: Editor
  readonly #o: TransactionOptions
  readonly #drains: Drains
  readonly #running: Running
  #confirmation: { readonly timer: NodeJS.Timeout; readonly until: number } | undefined
  /** One at a time. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: TransactionOptions) {
    const { etc, store, forward, clock, log, running } = options
    this.#o = options
    this.editor = new Editor(store, etc, () => clock.now())
    this.#drains = new Drains({
      ...{ store, forward, log },
      poolOf: ({ pool, version }) => poolsOf(this.#read(store.files(version))).get(pool),
      drained: () => this.#alone(() => this.#running.refresh()),
    })
    this.#drains.forget(poolsOf(running))
    this.#running = new Running({ ...options, drains: this.#drains })
  }

  get running(): Configuration {
    return this.#running.configuration
  }

  get runningFiles(): Files {
    return this.#running.files
  }

  /** Pools that are connected although they are not in the configuration. */
  get draining(): readonly LoadedPool[] {
    return this.#drains.pools
  }

  /** The commit that waits for its confirmation. */
  get toConfirm(): { readonly version: number; readonly back: number; readonly leftMs: number } | undefined {
    const { confirm } = this.#o.store.unfinished
    if (!confirm || !this.#confirmation) return undefined
    const { version, back } = confirm
    return { version, back, leftMs: Math.max(0, Math.round(this.#confirmation.until - performance.now())) }
  }

  versions(): readonly Version[] {
    return this.#o.store.versions()
  }

  /** @throws HoldfastError NO_SUCH_VERSION */
  filesOf(version: number): Files {
    return this.#o.store.files(version)
  }

  /** Users and rules were read again beside any commit. */
  accessIs(access: AccessRules): void {
    this.#running.accessIs(access)
  }

  /** Of one file of the candidate. */
  faultsOf(name: string): Fault[] {
    const { path } = this.#o.etc
    return this.#read(this.editor.files).faults.filter(({ file }) => file === join(path, name))
  }

  status() {
    const { candidate } = this.editor
    const newest = this.#o.store.newest()
    const isKept = newest !== undefined && differing(this.filesOf(newest), this.runningFiles).length === 0
    return {
      version: isKept ? newest : null,
      candidate: candidate
        ? {
            owner: candidate.owner,
            since: new Date(candidate.since).toISOString(),
            revision: candidate.revision,
            files: differing(candidate.files, this.runningFiles),
          }
        : null,
      toConfirm: this.toConfirm ?? null,
      editedByHand: differing(this.#o.etc.read(), this.runningFiles),
      draining: this.draining.map(({ id }) => id),
    }
  }

  /** Keeps what runs as a version, if the newest one is not like it: files were edited by hand. @returns its number */
  record(): number {
    const { store, recovered } = this.#o
    const newest = store.newest()
    if (newest !== undefined && differing(store.files(newest), this.runningFiles).length === 0) return newest
    const { instead, version } = recovered ?? {}
    const why =
      instead === undefined
        ? 'found in the files'
        : `as ${version}: ${instead} was not confirmed before the gateway ended`
    return this.#save(this.runningFiles, { who: '-', from: 'start' }, why)
  }

  /** At a start nothing hangs on it. */
  recordOrSay(): void {
    try {
      this.record()
    } catch (err) {
      this.#o.log.warn({ err }, 'config_version_not_kept')
    }
  }

  /** What a commit would do; with the faults of all files. */
  async plan(files: Files = this.editor.files): Promise<Plan> {
    const next = this.#read(files)
    const changes = changesBetween(this.running, next)
    const all = changes.removed.length === 0 ? new Map<PoolId, number>() : await this.#o.forward.waiting()
    const waiting = changes.removed.flatMap(({ id }): [PoolId, number][] => (all.has(id) ? [[id, all.get(id)!]] : []))
    return { next, files, changes, waiting: new Map(waiting) }
  }

  /** Errors that a commit is refused for: of files that are in use, or that it changes. */
  refusing({ next, files }: Pick<Plan, 'next' | 'files'>): Fault[] {
    const changed = new Set(differing(files, this.runningFiles).map((name) => join(next.etcDir, name)))
    const used = new Set(faultsInUse(next))
    return next.faults.filter((fault) => fault.severity === 'error' && (used.has(fault) || changed.has(fault.file)))
  }

  /** @throws ConfigFaults; HoldfastError NOTHING_TO_COMMIT, UNCONFIRMED, BASE_CHANGED, POOL_HAS_EVENTS, … */
  async commit(caller: Caller, options: CommitOptions): Promise<Committed> {
    const committed = await this.#alone(async () => {
      this.#assertConfirmed()
      this.editor.assertFree(caller, options)
      const { candidate } = this.editor
      const etc = this.#o.etc.read()
      if (candidate && candidate.base !== digestOf(etc)) throw this.#changedMeanwhile(etc)
      const plan = await this.plan()
      if (differing(plan.files, this.runningFiles).length === 0) {
        throw new HoldfastError('NOTHING_TO_COMMIT', 'it is what runs already')
      }
      const version = await this.#put(plan, caller, options)
      this.editor.clear()
      return { version, changes: plan.changes }
    })
    return { ...committed, pools: await this.#newsOf(committed.changes.connected) }
  }

  /** All files at once, without the candidate. @throws as `commit` */
  async replace(caller: Caller, files: Files, options: Pick<CommitOptions, 'pending' | 'comment'>): Promise<Committed> {
    const committed = await this.#alone(async () => {
      this.#assertConfirmed()
      const plan = await this.plan(files)
      return { version: await this.#put(plan, caller, options), changes: plan.changes }
    })
    return { ...committed, pools: await this.#newsOf(committed.changes.connected) }
  }

  /**
   * A change of plugins that needs no candidate. What was edited in their files by hand is taken up with it; what was in others is
   * not. Events that wait for pools that are gone by it are kept.
   */
  change(caller: Caller, comment: string, edit: (files: Map<string, Buffer>) => void): Promise<void> {
    return this.#alone(async () => {
      this.#assertConfirmed()
      const etc = this.#o.etc.read()
      const files = new Map([...this.runningFiles].filter(([name]) => !isOfPlugins(name)))
      for (const [name, content] of etc) if (isOfPlugins(name)) files.set(name, content)
      edit(files)
      const next = this.#read(files)
      const plan = { next, files, changes: changesBetween(this.running, next), waiting: new Map() }
      const names = differing(files, this.runningFiles)
      if (names.length > 0) await this.#put(plan, caller, { comment, names })
      else {
        this.#assertSound(plan)
        await this.#running.takeUp(next)
      }
      this.editor.follow(digestOf(etc), this.#o.etc.read(), edit)
    })
  }

  /** @returns the version that stays. @throws HoldfastError NOTHING_TO_CONFIRM */
  confirm({ who, from }: Caller): Promise<number> {
    return this.#alone(async () => {
      const { version, drop } = this.#endWaiting()
      const { confirm: _, ...rest } = this.#o.store.unfinished
      this.#o.store.unfinished = rest
      await this.#drop(drop)
      this.#o.log.info({ version, who, from }, 'config_confirmed')
      return version
    })
  }

  /** @returns the version that is back. @throws HoldfastError NOTHING_TO_CONFIRM */
  takeBack(caller: Caller, why: string): Promise<number> {
    return this.#alone(async () => {
      const { version, back } = this.#endWaiting()
      const { etc, store, log } = this.#o
      const found = etc.read()
      if (differing(found, this.runningFiles).length > 0) this.#save(found, caller, 'edited by hand, never in use')
      const files = store.files(back)
      const next = this.#read(files)
      const installing = this.#save(files, caller, `as ${back}: ${why}`)
      const { confirm: _, ...rest } = store.unfinished
      store.unfinished = { ...rest, installing }
      await this.#running.goBack({ files, next })
      log.warn({ version, back, why, who: caller.who }, 'config_taken_back')
      return back
    })
  }

  close(): void {
    clearTimeout(this.#confirmation?.timer)
    this.#drains.stop()
  }

  #assertSound(plan: Plan): void {
    const faults = this.refusing(plan)
    if (faults.length > 0) throw new ConfigFaults(faults).whileRunning()
  }

  async #put(plan: Plan, caller: Caller, { confirmMs, names, ...o }: PutOptions): Promise<number> {
    const { files, next, changes, waiting } = plan
    this.#assertSound(plan)
    if (waiting.size > 0 && o.pending === undefined) throw hasEvents(waiting)
    const back = this.record()
    const version = this.#save(files, caller, o.comment ?? '')
    const left = changes.removed.filter(({ id }) => waiting.has(id))
    const drop = o.pending === 'drop' ? left.map(({ id }) => id) : []
    const drained = o.pending === 'drain' ? left : []
    await this.#running.install({ files, next }, version, {
      confirm: confirmMs === undefined ? undefined : { version, back, drop },
      drained,
      names,
    })
    await new Promise<void>((resolve) => this.#o.journal.after(resolve)) // what was recorded by the former hooks is numbered
    this.#drains.add(drained.map(({ id }) => ({ pool: id, version: back, upTo: this.#o.journal.lastSeq })))
    if (confirmMs === undefined) await this.#drop(drop)
    else this.#awaitConfirmation(confirmMs)
    this.#o.log.info({ version, who: caller.who, from: caller.from }, 'config_committed')
    return version
  }

  #awaitConfirmation(ms: number): void {
    const caller = { who: '-', from: 'timer' }
    const expired = (): void => {
      this.takeBack(caller, 'it was not confirmed in time').catch((err: Error) => {
        this.#o.log.error({ err }, 'config_not_taken_back')
      })
    }
    this.#confirmation = { timer: setTimeout(expired, ms), until: performance.now() + ms }
  }

  #endWaiting(): ToConfirm {
    const { confirm } = this.#o.store.unfinished
    if (!confirm || !this.#confirmation) {
      throw new HoldfastError('NOTHING_TO_CONFIRM', 'no commit waits for its confirmation', {
        hint: '`config restore N` goes back to an earlier version, `config discard` drops what was not committed',
      })
    }
    clearTimeout(this.#confirmation.timer)
    this.#confirmation = undefined
    return confirm
  }

  #assertConfirmed(): void {
    const { toConfirm } = this
    if (!toConfirm) return
    throw new HoldfastError('UNCONFIRMED', `version ${toConfirm.version} waits for its confirmation`, {
      hint: '`config confirm` keeps it, `config rollback` takes it back',
    })
  }

  #changedMeanwhile(etc: Files): HoldfastError {
    const { store, clock } = this.#o
    const newest = store.versions()[0]
    const isCommit = newest && differing(store.files(newest.version), etc).length === 0
    const by = isCommit ? `by ${newest.who} (${newest.from})` : 'by hand'
    const since = new Date(this.editor.candidate?.since ?? clock.now()).toISOString()
    const hint = '`config diff` shows your change; note it, `config discard` it, and make it again'
    return new HoldfastError('BASE_CHANGED', `the configuration was changed ${by} since you began at ${since}`, {
      hint,
    })
  }

  async #drop(pools: readonly PoolId[]): Promise<void> {
    const { forward, journal, log } = this.#o
    for (const pool of pools) {
      await forward.skip(pool, journal.lastSeq)
      log.warn({ pool, to: journal.lastSeq }, 'pool_dropped')
    }
  }

  /** Of pools that connect: when they have, or say why not; or after a while as they are. */
  async #newsOf(pools: readonly PoolId[]): Promise<readonly LaneStatus[]> {
    const until = performance.now() + POOL_MS
    for (;;) {
      const lanes = this.#o.forward.lanes().filter(({ pool }) => pools.includes(pool))
      const known = lanes.length === pools.length && lanes.every(({ state, error }) => state === 'up' || error !== null)
      if (known || performance.now() > until) return lanes
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  #save(files: Files, { who, from }: Caller, comment: string): number {
    const { store, clock } = this.#o
    const meta = { at: clock.now(), trusted: clock.trusted(), who, from, comment }
    return store.save(files, meta, this.running.gateway['config.history'])
  }

  #read(files: Files): Configuration {
    const { path } = this.#o.etc
    return readConfiguration(path, sourceOf(path, files))
  }

  #alone<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#last.then(action)
    this.#last = result.catch(() => {})
    return result
  }
}

const isOfPlugins = (name: string): boolean => name === 'loaded_plugins' || name.startsWith('plugins/')

function hasEvents(waiting: ReadonlyMap<PoolId, number>): HoldfastError {
  const each = [...waiting].map(([pool, events]) => `${pool} (up to ${events})`).join(', ')
  return new HoldfastError('POOL_HAS_EVENTS', `events wait for what would be gone: ${each}`, {
    hint: 'say what becomes of them: --pending drain sends them first, drop gives them up, keep holds them until the pool is back',
  })
}
