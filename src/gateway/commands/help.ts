// Help, from what the commands declare.

import type { Spoken } from './command.ts'
import type { Parameter, Parameters } from './parameter.ts'
import { findCommand, optionName, usageOf } from './words.ts'

/** Of the usage in an index. */
const WIDTH = 30
const COLUMNS = 100

/** One line a command, without what may be left out behind `--`. @param columns of the terminal */
export function helpIndex(commands: readonly Spoken[], columns = COLUMNS): string {
  return commands.map((command) => entry(usageOf(command, { short: true }), command.summary, columns)).join('')
}

function entry(usage: string, summary: string, columns: number): string {
  const lines = wrapped(summary, Math.max(20, columns - WIDTH - 4))
  const head = usage.length > WIDTH ? `${usage}\n  ${' '.repeat(WIDTH)}` : usage.padEnd(WIDTH)
  return `  ${head} ${lines.join(`\n   ${' '.repeat(WIDTH)}`)}\n`
}

/** @param room columns */
function wrapped(text: string, room: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`
    if (lines.length > 0 && longer.length <= room) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

/**
 * Everything about one command, or the lines of all that begin with these words.
 * @throws HoldfastError UNKNOWN_COMMAND
 */
export function helpFor(words: readonly string[], commands: readonly Spoken[], columns = COLUMNS): string {
  const group = commands.filter(({ name }) => `${name} `.startsWith(`${words.join(' ')} `))
  const exact = group.find(({ name }) => name === words.join(' '))
  if (exact) return helpOf(exact, columns)
  if (words.length === 0 || group.length > 0) return helpIndex(words.length === 0 ? commands : group, columns)
  return helpOf(findCommand(words, commands), columns)
}

function helpOf({ summary, help, parameters, asks, ...command }: Spoken, columns: number): string {
  const parts = [
    usageOf({ summary, parameters, ...command }),
    sentence(summary),
    ...(help === undefined ? [] : [wrapped(help.replaceAll('\n', ' '), columns).join('\n')]),
    ...(asks ? ["It can't be undone, so you are asked before."] : []),
    parameterLines(parameters),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** `  --to SEQ  The last event's number`, in columns. */
export function parameterLines(parameters: Parameters): string {
  const rows = Object.entries(parameters).map(([key, one]): [string, string] => [
    spelled(key, one),
    one.kind === 'asked' ? `${one.doc}; it is asked for` : one.doc,
  ])
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, doc]) => `  ${name.padEnd(width)}  ${doc}`).join('\n')
}

function spelled(key: string, { kind, label, short }: Parameter): string {
  if (kind === 'positional' || kind === 'asked') return label
  return `${short === undefined ? '' : `-${short}, `}--${optionName(key)} ${label}`.trimEnd()
}

const sentence = (summary: string): string => `${summary[0]!.toUpperCase()}${summary.slice(1)}.`
