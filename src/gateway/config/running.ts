// What the gateway goes by: the configuration, and the files that it was read from. Both change together, or neither does.

import type { AccessRules } from '../../access/access.ts'
import type { LoadedPool } from '../../config/load.ts'
import type { Logger } from '../../log/logger.ts'
import type { Configuration } from '../load.ts'
import { poolsOf } from './changes.ts'
import type { Drains } from './draining.ts'
import type { EtcFolder, Files } from './files.ts'
import type { ConfigStore, ToConfirm } from './store.ts'

export interface RunningOptions {
  readonly etc: EtcFolder
  readonly store: ConfigStore
  readonly drains: Drains
  readonly log: Logger
  /** What the rooms go by at the start. */
  readonly running: Configuration
  /**
   * Makes the rooms go by it; rejects when one of them can't.
   * @param kept pools to be connected beside those of `next`
   * @param anyway what can't is logged, and all others do
   */
  apply(next: Configuration, kept: readonly LoadedPool[], anyway?: boolean): Promise<void>
}

/** The files, and what they say. */
export interface Edition {
  readonly files: Files
  readonly next: Configuration
}

export interface InstallOptions {
  readonly confirm: ToConfirm | undefined
  /** Pools that are kept beside those of the configuration. */
  readonly drained: readonly LoadedPool[]
  /** Files to write; absent: all that differ. */
  readonly names?: readonly string[] | undefined
}

export class Running {
  readonly #o: RunningOptions
  #configuration: Configuration
  #files: Files

  constructor(options: RunningOptions) {
    this.#o = options
    this.#configuration = options.running
    this.#files = options.etc.read()
  }

  get configuration(): Configuration {
    return this.#configuration
  }

  get files(): Files {
    return this.#files
  }

  /**
   * Onto the disk and into the rooms; if that fails, neither.
   * @param version these files are kept as
   */
  async install({ files, next }: Edition, version: number, { confirm, drained, names }: InstallOptions): Promise<void> {
    const { etc, store, drains, apply } = this.#o
    const before = etc.read()
    const { draining } = store.unfinished
    const after = { ...(draining && { draining }), ...(confirm && { confirm }) }
    store.unfinished = { ...after, installing: version }
    try {
      etc.install(files, names)
      await apply(next, [...drains.pools, ...drained])
    } catch (error) {
      await this.#putBack(before)
      store.forget(version)
      throw error
    }
    store.unfinished = after
    this.#become({ files, next })
  }

  /** Whatever the rooms say: with these files on the disk, a start is the way back when all else fails. */
  async goBack({ files, next }: Edition): Promise<void> {
    const { etc, store, drains, apply } = this.#o
    etc.install(files)
    const { installing: _, ...rest } = store.unfinished
    store.unfinished = rest
    drains.forget(poolsOf(next))
    await apply(next, drains.pools, true)
    this.#become({ files, next })
  }

  /** Users and rules were read again beside any commit: what is put back later goes by them. */
  accessIs(access: AccessRules): void {
    this.#configuration = { ...this.#configuration, access }
  }

  /** Files are as they were; what they name may have changed: certificates, files with secrets. */
  async takeUp(next: Configuration): Promise<void> {
    await this.#o.apply(next, this.#o.drains.pools)
    this.#become({ files: this.#files, next })
  }

  /** Pools beside those of the configuration have changed. */
  async refresh(): Promise<void> {
    await this.#o.apply(this.#configuration, this.#o.drains.pools)
  }

  #become({ files, next }: Edition): void {
    this.#configuration = next
    this.#files = files
  }

  async #putBack(before: Files): Promise<void> {
    const { etc, store, drains, log, apply } = this.#o
    const { draining } = store.unfinished
    try {
      etc.install(before)
      await apply(this.#configuration, drains.pools)
    } catch (err) {
      log.error({ err }, 'config_not_put_back')
    }
    store.unfinished = draining ? { draining } : {}
  }
}
