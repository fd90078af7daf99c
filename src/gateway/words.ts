// The words behind a command: read, or refused with how it is called.

import { type ParseArgsConfig, parseArgs } from 'node:util'
import { HoldfastError } from '../model/errors.ts'
import { filterFault } from '../model/topic.ts'

/** The command's usage is added where it is run. */
export const usage = (message: string): HoldfastError => new HoldfastError('USAGE', message)

type Parsed<O extends ParseArgsConfig['options']> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>
>

/** @throws HoldfastError USAGE */
export function parseWords<const O extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: O,
): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw usage((error as Error).message)
  }
}

export function one(args: readonly string[]): string {
  if (args.length !== 1) throw usage(`expected one argument, got ${args.length}`)
  return args[0]!
}

/** One topic filter, or `otherwise` where there is none. */
export function filterIn(positionals: readonly string[], otherwise?: string): string {
  const [filter = otherwise, ...more] = positionals
  if (filter === undefined || more.length > 0) throw usage('expected one topic or filter')
  const fault = filterFault(filter)
  if (fault) throw usage(`${filter} is no topic filter: ${fault}`)
  return filter
}

export function integer(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) throw usage(`expected a whole number, got '${text ?? ''}'`)
  return Number(text)
}

/** Of `--limit`. */
export function atLeastOne(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw usage(`expected a number behind --limit, not '${text}'`)
  return Number(text)
}
