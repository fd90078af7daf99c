// Plugins at run time: what is loaded is `etc/loaded_plugins`; a change is checked as a whole before it counts.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HoldfastError } from '../model/errors.ts'
import { replaceFile } from '../system/disk.ts'
import { ConfigFaults, type Configuration, loadConfiguration } from './load.ts'

export interface PluginRow {
  readonly name: string
  readonly loaded: boolean
  readonly pools: readonly string[]
  readonly hooks: number
  readonly file: string
}

export class Plugins {
  readonly #etcDir: string
  readonly #use: (configuration: Configuration) => Promise<void>
  #configuration: Configuration

  /** @param use makes the rooms run by the configuration */
  constructor(configuration: Configuration, use: (configuration: Configuration) => Promise<void>) {
    this.#etcDir = configuration.etcDir
    this.#configuration = configuration
    this.#use = use
  }

  list(): PluginRow[] {
    return rows(this.#configuration)
  }

  async load(name: string): Promise<PluginRow> {
    if (this.#row(name).loaded) return this.reload(name)
    await this.#rewrite((lines) => [...lines, name])
    return this.#row(name)
  }

  async unload(name: string): Promise<PluginRow> {
    this.#row(name)
    const named = new RegExp(`^\\s*\\{?\\s*${name}\\b`)
    await this.#rewrite((lines) => lines.filter((line) => !named.test(line)))
    return this.#row(name)
  }

  /** Reads all files again; the name is checked only. */
  async reload(name: string): Promise<PluginRow> {
    this.#row(name)
    await this.#apply()
    return this.#row(name)
  }

  /** The list is put back when the configuration with it has faults: the running one goes on. */
  async #rewrite(change: (lines: string[]) => string[]): Promise<void> {
    const file = join(this.#etcDir, 'loaded_plugins')
    const before = readFileSync(file, 'utf8')
    const lines = change(before.split('\n').filter((line) => line.trim() !== ''))
    replaceFile(file, lines.map((line) => `${line}\n`).join(''))
    try {
      await this.#apply()
    } catch (error) {
      replaceFile(file, before)
      throw error
    }
  }

  async #apply(): Promise<void> {
    try {
      const configuration = loadConfiguration(this.#etcDir)
      await this.#use(configuration)
      this.#configuration = configuration
    } catch (error) {
      if (!(error instanceof ConfigFaults)) throw error
      throw error.whileRunning()
    }
  }

  #row(name: string): PluginRow {
    const all = rows(this.#configuration)
    const row = all.find((one) => one.name === name)
    if (row) return row
    throw new HoldfastError('NO_SUCH_PLUGIN', `there is no plugin '${name}'`, {
      hint: `plugins with a file: ${all.map((one) => one.name).join(', ')}`,
    })
  }
}

function rows({ plugins }: Configuration): PluginRow[] {
  return plugins.map(({ name, loaded, pools, bindings, file }) => ({
    name,
    loaded,
    pools: pools.map((pool) => pool.name),
    hooks: bindings.length,
    file,
  }))
}
