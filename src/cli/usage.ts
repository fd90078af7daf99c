import { type ParseArgsConfig, parseArgs } from 'node:util'
import { usualDataDir, usualEtcDir } from '../gateway/folders.ts'

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

/** Where the data are: the option, else the environment, else the usual place. */
export const dataDir = (option: string | undefined): string => folder('data', option) ?? usualDataDir()

/** Where the configuration is, likewise. @param data what --data says */
export const etcDir = (option: string | undefined, data?: string): string =>
  folder('etc', option) ?? usualEtcDir(dataDir(data))

function folder(name: 'etc' | 'data', option: string | undefined): string | undefined {
  if (option === '') throw new UsageError(`expected a folder behind --${name}`)
  return option ?? (process.env[`HOLDFAST_${name.toUpperCase()}`] || undefined)
}
