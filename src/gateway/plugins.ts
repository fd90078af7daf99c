// Plugins at run time: what is loaded is `etc/loaded_plugins`.

import { HoldfastError } from '../model/errors.ts'
import type { Caller } from './commands/command.ts'
import type { ConfigTransaction } from './config/transaction.ts'
import type { Configuration } from './load.ts'

export interface PluginRow {
  readonly name: string
  readonly loaded: boolean
  readonly pools: readonly string[]
  readonly hooks: number
  readonly file: string
}

const LIST = 'loaded_plugins'

export class Plugins {
  readonly #config: ConfigTransaction

  constructor(config: ConfigTransaction) {
    this.#config = config
  }

  list(): PluginRow[] {
    return rows(this.#config.running)
  }

  /** @throws ConfigFaults */
  async load(name: string, caller: Caller): Promise<PluginRow> {
    if (this.#row(name).loaded) return this.reload(name, caller)
    await this.#rewrite(caller, `${name} loaded`, (lines) => [...lines, name])
    return this.#row(name)
  }

  async unload(name: string, caller: Caller): Promise<PluginRow> {
    this.#row(name)
    const named = new RegExp(`^\\s*\\{?\\s*${name}\\b`)
    await this.#rewrite(caller, `${name} unloaded`, (lines) => lines.filter((line) => !named.test(line)))
    return this.#row(name)
  }

  /** Reads all files again; the name is checked only. */
  async reload(name: string, caller: Caller): Promise<PluginRow> {
    this.#row(name)
    await this.#config.change(caller, 'edited by hand', () => {})
    return this.#row(name)
  }

  #rewrite(caller: Caller, comment: string, change: (lines: string[]) => string[]): Promise<void> {
    return this.#config.change(caller, comment, (files) => {
      const lines = (files.get(LIST) ?? '').toString().split('\n')
      const changed = change(lines.filter((line) => line.trim() !== ''))
      files.set(LIST, Buffer.from(changed.map((line) => `${line}\n`).join('')))
    })
  }

  #row(name: string): PluginRow {
    const all = this.list()
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
