// The configuration, with everything that the rooms know of it put together: config itself knows none of them.

import { join } from 'node:path'
import type { AccessRules } from '../access/access.ts'
import { unknownParameters } from '../actions/parameters.ts'
import { parseStatement } from '../actions/statement.ts'
import { PREFIXES as CASSA_PREFIXES, SETTINGS as cassa } from '../backends/cassa/settings.ts'
import { SETTINGS as dynamo, PLUGIN_SETTINGS as dynamoPlugin } from '../backends/dynamo/settings.ts'
import { BACKENDS } from '../backends/index.ts'
import { SETTINGS as mongo, PLUGIN_SETTINGS as mongoPlugin } from '../backends/mongo/settings.ts'
import { SETTINGS as mysql } from '../backends/mysql/settings.ts'
import { SETTINGS as pgsql } from '../backends/pgsql/settings.ts'
import {
  SETTINGS as redis,
  impliedBindings as redisImplied,
  PLUGIN_SETTINGS as redisPlugin,
} from '../backends/redis/settings.ts'
import { SETTINGS as sqlite } from '../backends/sqlite/settings.ts'
import { type Fault, Faults, formatFault, sortFaults } from '../config/fault.ts'
import type { HookRules, StatementKey } from '../config/hooks.ts'
import {
  type ConfigSchema,
  faultsInUse,
  type KindSchema,
  type LoadedConfig,
  loadConfig,
  type Source,
} from '../config/load.ts'
import type { SettingsSpec } from '../config/spec.ts'
import { type BackendKind, FUNCTIONS, type FunctionName } from '../model/binding.ts'
import { HoldfastError } from '../model/errors.ts'
import { readAccess } from './access.ts'
import { checkListeners } from './check-listeners.ts'
import { GATEWAY_SETTINGS, type GatewaySettings } from './settings.ts'
import { checkWebTls } from './web-tls.ts'

export type { Fault } from '../config/fault.ts'

export type Configuration = LoadedConfig & { readonly gateway: GatewaySettings; readonly access: AccessRules }

/** The configuration can't be started with. `text` lists its faults, a line each. */
export class ConfigFaults extends HoldfastError {
  readonly text: string
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[], message = `the configuration has ${countOf(faults)}`) {
    super('CONFIG', message, { hint: 'mend them; `holdfast check` lists them again' })
    this.faults = faults
    this.text = lines(faults)
  }

  /** For who asked a running gateway to take the configuration up. */
  whileRunning(): ConfigFaults {
    return new ConfigFaults(this.faults, `${this.message}; the running one goes on\n${this.text.trimEnd()}`)
  }
}

function countOf(faults: readonly Fault[]): string {
  const errors = faults.filter(({ severity }) => severity === 'error').length
  return `${errors} ${errors === 1 ? 'fault' : 'faults'}`
}

/**
 * @param asked a kind whose file is in use although its plugin is not loaded
 * @throws ConfigFaults when a file that is in use has a fault; those of plugins that are not loaded do not count.
 */
export function loadConfiguration(etcDir: string, asked?: BackendKind): Configuration {
  const loaded = readConfiguration(etcDir)
  const faults = faultsInUse(loaded, asked)
  if (faults.some(({ severity }) => severity === 'error')) throw new ConfigFaults(faults)
  return loaded
}

/**
 * Who is let in and may do what, alone: faults of plugins do not count, nor do certificates.
 * @throws ConfigFaults when one of its files or holdfast.conf has a fault
 */
export function loadAccess(etcDir: string): AccessRules {
  const { gateway, access, faults } = readRules(etcDir)
  const files = new Set([join(etcDir, 'holdfast.conf'), gateway['auth.file'], gateway['acl.file']])
  const own = faults.list.filter(({ file }) => files.has(file))
  if (own.some(({ severity }) => severity === 'error')) throw new ConfigFaults(own)
  return access
}

/** Where the users are. @throws ConfigFaults when holdfast.conf has a fault */
export function usersFile(etcDir: string): string {
  const { gateway, faults } = loadConfig(etcDir, SCHEMA)
  const own = faults.filter(({ file, severity }) => severity === 'error' && file === join(etcDir, 'holdfast.conf'))
  if (own.length > 0) throw new ConfigFaults(own)
  return gateway['auth.file']
}

/** With all faults of all files; complete only when there is no error in those that are in use. */
export function readConfiguration(etcDir: string, source?: Source): Configuration {
  const loaded = readRules(etcDir, source)
  checkListeners(loaded, loaded.faults)
  checkWebTls(loaded, loaded.faults)
  return { ...loaded, faults: sortFaults(loaded.faults.list) }
}

function readRules(etcDir: string, source?: Source): Omit<Configuration, 'faults'> & { readonly faults: Faults } {
  const loaded = loadConfig(etcDir, SCHEMA, source)
  const faults = new Faults()
  faults.list.push(...loaded.faults)
  return { ...loaded, access: readAccess(loaded, faults, source), faults }
}

/** All faults of all files, as `holdfast check` shows them. */
export function checkConfig(etcDir: string): { text: string; errors: number; warnings: number } {
  const { faults } = readConfiguration(etcDir)
  const errors = faults.filter(({ severity }) => severity === 'error').length
  return { text: lines(faults), errors, warnings: faults.length - errors }
}

const lines = (faults: readonly Fault[]): string => faults.map((fault) => `${formatFault(fault)}\n`).join('')

const STATEMENT_KEYS: Readonly<Record<BackendKind, readonly StatementKey[]>> = {
  redis: ['commands'],
  mysql: ['sql'],
  pgsql: ['sql'],
  mongo: ['mongo'],
  cassa: ['cql'],
  dynamo: [],
  sqlite: ['sql'],
}

/** Functions for which only Redis has a place, and the one for which it has none. */
const REDIS_ALONE = /_for_keep_latest$|^on_subscription_publish$/
const NOT_REDIS = /^on_message_delivered$/

const rules: HookRules = {
  parseStatement,
  unknownParameters,
  actionKeys: (kind) => STATEMENT_KEYS[kind],
  // every function is taken on every kind that has a place for its row
  functions: (kind) => {
    const without = kind === 'redis' ? NOT_REDIS : REDIS_ALONE
    return new Set((Object.keys(FUNCTIONS) as FunctionName[]).filter((name) => !without.test(name)))
  },
}

interface Keys {
  readonly pool: SettingsSpec
  readonly plugin?: SettingsSpec
  readonly prefixes?: readonly string[]
  readonly implied?: KindSchema['implied']
}

const KEYS: Readonly<Record<BackendKind, Keys>> = {
  redis: { pool: redis, plugin: redisPlugin, implied: redisImplied },
  mysql: { pool: mysql },
  pgsql: { pool: pgsql },
  mongo: { pool: mongo, plugin: mongoPlugin },
  cassa: { pool: cassa, prefixes: CASSA_PREFIXES },
  dynamo: { pool: dynamo, plugin: dynamoPlugin },
  sqlite: { pool: sqlite },
}

export const SCHEMA: ConfigSchema<typeof GATEWAY_SETTINGS> = {
  gateway: GATEWAY_SETTINGS,
  rules,
  kinds: Object.fromEntries(
    Object.entries(KEYS).map(([kind, keys]) => [kind, { ...keys, built: kind in BACKENDS }]),
  ) as unknown as Readonly<Record<BackendKind, KindSchema>>,
}
