// All of `etc/` at once: the gateway's settings, every plugin's pools and bindings, and every fault.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BACKEND_KINDS, type BackendKind, type Binding, type PoolId } from '../model/binding.ts'
import { HOOKS } from '../model/event.ts'
import { type BoundLine, warnDoubleStore } from './double-store.ts'
import { type Fault, Faults, type Place, sortFaults } from './fault.ts'
import { FETCH_LIMITS, type HookRules, readHook } from './hooks.ts'
import { parseLoadedPlugins, pluginName } from './plugins.ts'
import { entriesUnder, readSettings, type Settings, type SettingsSpec } from './spec.ts'
import { type Entry, parseText } from './text.ts'

/** What a kind of backend declares. */
export interface KindSchema {
  readonly pool: SettingsSpec
  /** Keys without a pool: `backend.redis.msg.expired_after`. The pools get them in their settings as `plugin`. */
  readonly plugin?: SettingsSpec
  /** What pools' keys begin with beside `backend.<kind>.`: Cassandra's `backend.ecql.` */
  readonly prefixes?: readonly string[]
  /** Bindings that a pool's settings stand for, before those of its hooks. */
  readonly implied?: (pool: LoadedPool) => readonly Binding[]
  /** False for a kind whose conf can be read, and no more, in this version. */
  readonly built: boolean
}

/** Everything that this room has to know of the others. */
export interface ConfigSchema<G extends SettingsSpec = SettingsSpec> {
  readonly gateway: G
  readonly kinds: Readonly<Record<BackendKind, KindSchema>>
  readonly rules: HookRules
}

export interface LoadedPool {
  readonly id: PoolId
  readonly kind: BackendKind
  readonly name: string
  /** By the kind's `pool` spec, and `plugin` by its `plugin` spec where it has one. Secrets still hidden. */
  readonly settings: Readonly<Record<string, unknown>>
}

/** A plugin whose file is there, loaded or not. */
export interface LoadedPlugin {
  /** `emqx_backend_<kind>` */
  readonly name: string
  readonly kind: BackendKind
  readonly file: string
  readonly loaded: boolean
  readonly pools: readonly LoadedPool[]
  /** By hook, then by order. */
  readonly bindings: readonly Binding[]
}

export interface LoadedConfig<G extends SettingsSpec = SettingsSpec> {
  readonly etcDir: string
  /** Complete only when there is no error in `faults`. */
  readonly gateway: Settings<G>
  readonly plugins: readonly LoadedPlugin[]
  /** Of all files, also of plugins that are not loaded; sorted by file and line. */
  readonly faults: readonly Fault[]
}

/** Reads a file, or throws as `readFileSync` does. Another one than the disk has what files would be like. */
export type Source = (file: string) => Buffer

/** Never throws for what is, or is not, in the files. */
export function loadConfig<const G extends SettingsSpec>(
  etcDir: string,
  schema: ConfigSchema<G>,
  source: Source = readFileSync,
): LoadedConfig<G> {
  const faults = new Faults()
  const read = (file: string): Buffer | undefined => readFile(join(etcDir, file), faults, source)
  const gateway = loadGateway(etcDir, read('holdfast.conf'), schema.gateway, faults)
  const listed = loadList(etcDir, read('loaded_plugins'), faults)
  const plugins: LoadedPlugin[] = []
  for (const kind of BACKEND_KINDS) {
    const place = listed.get(kind)
    const file = join(etcDir, 'plugins', `${pluginName(kind)}.conf`)
    const content = readFile(file, faults, source)
    if (content) plugins.push(readPlugin({ etcDir, file, kind, loaded: place !== undefined }, content, schema, faults))
    else if (place) faults.error(place, `${pluginName(kind)} is loaded, but ${file} is not there`)
    if (place && !schema.kinds[kind].built) notBuilt(kind, place, schema, faults)
  }
  return { etcDir, gateway, plugins, faults: sortFaults(faults.list) }
}

/** Of the files in use: those of plugins that are not loaded are not, but for the one of `asked`. */
export function faultsInUse({ faults, plugins }: LoadedConfig, asked?: BackendKind): Fault[] {
  const unused = new Set(plugins.filter(({ loaded, kind }) => !loaded && kind !== asked).map(({ file }) => file))
  return faults.filter(({ file }) => !unused.has(file))
}

function loadGateway<G extends SettingsSpec>(
  etcDir: string,
  content: Buffer | undefined,
  spec: G,
  faults: Faults,
): Settings<G> {
  const file = join(etcDir, 'holdfast.conf')
  const place = { file, line: 1, column: 1 }
  if (!content) faults.error(place, 'the file is not there', 'is --etc the right folder?')
  const entries = entriesUnder(content ? parseText(file, content, faults) : [], [''])
  return readSettings(spec, { prefix: '', place, entries }, { etcDir, faults })
}

function loadList(etcDir: string, content: Buffer | undefined, faults: Faults): Map<BackendKind, Place> {
  const file = join(etcDir, 'loaded_plugins')
  if (content) return parseLoadedPlugins(file, content, faults)
  faults.warning({ file, line: 1, column: 1 }, 'the file is not there', 'no plugin is loaded')
  return new Map()
}

/** @returns undefined when there is no such file. */
export function readFile(file: string, faults: Faults, source: Source = readFileSync): Buffer | undefined {
  try {
    return source(file)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      faults.error({ file, line: 1, column: 1 }, `the file can't be read: ${message}`)
      return Buffer.alloc(0)
    }
    return undefined
  }
}

function notBuilt(kind: BackendKind, place: Place, { kinds }: ConfigSchema, faults: Faults): void {
  const built = BACKEND_KINDS.filter((one) => kinds[one].built).map(pluginName)
  faults.error(place, `the ${kind} backend is not built into this version`, `these are: ${built.join(', ')}`)
}

interface PluginFile {
  readonly etcDir: string
  readonly file: string
  readonly kind: BackendKind
  readonly loaded: boolean
}

function readPlugin(plugin: PluginFile, content: Buffer, schema: ConfigSchema, faults: Faults): LoadedPlugin {
  const { file, kind, loaded } = plugin
  const entries = parseText(file, content, faults)
  const hooks = entries.filter(({ key }) => key.startsWith(`backend.${kind}.hook.`))
  const others = entries.filter((entry) => !hooks.includes(entry))
  const { pools, limits } = readPools(others, plugin, schema.kinds[kind], faults)
  const names = new Set(pools.map(({ name }) => name))
  const context = { kind, pools: names, limits, rules: schema.rules, faults }
  const lines = hooks.flatMap((entry): BoundLine[] => {
    const binding = readHook(entry, context)
    return binding ? [{ entry, binding }] : []
  })
  warnDoubleStore(lines, faults)
  const implied = pools.flatMap((pool) => schema.kinds[kind].implied?.(pool) ?? [])
  const bindings = [...implied, ...lines.map(({ binding }) => binding)].sort(byHookAndOrder)
  return { name: pluginName(kind), kind, file, loaded, pools, bindings }
}

function byHookAndOrder(a: Binding, b: Binding): number {
  return HOOKS.indexOf(a.hook) - HOOKS.indexOf(b.hook) || a.order - b.order
}

/** What the keys of a plugin's file begin with. */
export function prefixesOf(kind: BackendKind, { prefixes = [] }: KindSchema): readonly [string, ...string[]] {
  return [`backend.${kind}.`, ...prefixes]
}

/** The keys of a plugin's file, without the prefix; hooks are none. */
export function specOf({ plugin, pool }: KindSchema) {
  return { ...FETCH_LIMITS, ...plugin, '*': { named: pool } } satisfies SettingsSpec
}

interface Pools {
  readonly pools: LoadedPool[]
  readonly limits: Settings<typeof FETCH_LIMITS>
}

function readPools(
  entries: readonly Entry[],
  { etcDir, file, kind }: PluginFile,
  schema: KindSchema,
  faults: Faults,
): Pools {
  const prefixes = prefixesOf(kind, schema)
  const own = entriesUnder(entries, prefixes)
  for (const entry of entries.filter((one) => !own.some((item) => item.entry === one))) {
    faults.error(entry, `unknown key ${entry.key}`, `keys in this file begin with ${prefixes.join(' or ')}`)
  }
  const spec = specOf(schema)
  const section = { prefix: prefixes[0], place: { file, line: 1, column: 1 }, entries: own }
  const { '*': named, max_returned_count, time_range, ...plugin } = readSettings(spec, section, { etcDir, faults })
  const pools = [...named].map(([name, settings]): LoadedPool => {
    const id: PoolId = `${kind}.${name}`
    return { id, kind, name, settings: schema.plugin ? { ...settings, plugin } : settings }
  })
  return { pools, limits: { max_returned_count, time_range } }
}
