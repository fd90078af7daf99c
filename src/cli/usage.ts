import { type ParseArgsConfig, parseArgs } from 'node:util'

/** The words on the command line make no sense; exit code 2. */
export class UsageError extends Error {}

/** node:util's parseArgs, strict, with its complaints as UsageError. */
export function parse<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** Where configuration and data are: the option, else the environment, else the clone's own folders. */
export const etcDir = (option: string | undefined): string => folder('etc', option) ?? `${ROOT}/etc`
export const dataDir = (option: string | undefined): string => folder('data', option) ?? `${ROOT}/var`

function folder(name: 'etc' | 'data', option: string | undefined): string | undefined {
  if (option === '') throw new UsageError(`expected a folder behind --${name}`)
  return option ?? (process.env[`HOLDFAST_${name.toUpperCase()}`] || undefined)
}

const ROOT = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')
