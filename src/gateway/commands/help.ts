// Help, from what the commands declare.

import type { Spoken } from './command.ts'
import type { Parameter, Parameters } from './parameter.ts'
import { findCommand, optionName, usageOf } from './words.ts'

const WIDTH = 42

/** One line a command. */
export function helpIndex(commands: readonly Spoken[]): string {
  return commands.map((command) => `  ${usageOf(command).padEnd(WIDTH)} ${command.summary}\n`).join('')
}

/**
 * Everything about one command, or the lines of all that begin with these words.
 * @throws HoldfastError UNKNOWN_COMMAND
 */
export function helpFor(words: readonly string[], commands: readonly Spoken[]): string {
  const group = commands.filter(({ name }) => `${name} `.startsWith(`${words.join(' ')} `))
  const exact = group.find(({ name }) => name === words.join(' '))
  if (exact) return helpOf(exact)
  if (words.length === 0 || group.length > 0) return helpIndex(words.length === 0 ? commands : group)
  return helpOf(findCommand(words, commands))
}

function helpOf({ summary, help, parameters, asks, ...command }: Spoken): string {
  const parts = [
    usageOf({ summary, parameters, ...command }),
    sentence(summary),
    ...(help === undefined ? [] : [help]),
    ...(asks ? ["It can't be undone, so you are asked before."] : []),
    parameterLines(parameters),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** `  --to SEQ  The last event's number`, in columns. */
export function parameterLines(parameters: Parameters): string {
  const rows = Object.entries(parameters).map(([key, one]): [string, string] => [spelled(key, one), one.doc])
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, doc]) => `  ${name.padEnd(width)}  ${doc}`).join('\n')
}

function spelled(key: string, { kind, label, short }: Parameter): string {
  if (kind === 'positional') return label
  return `${short === undefined ? '' : `-${short}, `}--${optionName(key)} ${label}`.trimEnd()
}

const sentence = (summary: string): string => `${summary[0]!.toUpperCase()}${summary.slice(1)}.`
