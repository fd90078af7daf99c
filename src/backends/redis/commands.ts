// Custom commands: split on single spaces first, then filled in, so that a value stays one argument whatever it holds.

import type { BoundStatement, ParameterValue } from '../../model/operation.ts'

export type Argument = string | Buffer

/** A word that stood before several commands: they are sent together anyway. */
const PIPELINE = 'pipeline'
/** It would send what follows to another database. */
const REFUSED = 'select'

/** The commands of one action, in order. @throws an error as the server would say it, for one that can't be run among others */
export function commandsOf(statements: readonly BoundStatement[]): Argument[][] {
  const commands = statements.map(argumentsOf)
  const [first] = commands
  if (first?.length === 1 && wordOf(first) === PIPELINE) commands.shift()
  if (commands.some((command) => wordOf(command) === REFUSED)) {
    throw new Error('ERR a pool has one database: bind the action to a pool of the other instead of SELECT')
  }
  return commands
}

export const wordOf = ([word]: readonly Argument[]): string => String(word).toLowerCase()

function argumentsOf({ texts, values }: BoundStatement): Argument[] {
  const words: Argument[][] = [[]]
  for (const [index, text] of texts.entries()) {
    const [first, ...others] = text.split(' ')
    if (index > 0) words.at(-1)!.push(argument(values[index - 1]!))
    words.at(-1)!.push(first!)
    for (const other of others) words.push([other])
  }
  return words.map(joined)
}

function argument(value: ParameterValue): Argument {
  if (value === null) return ''
  if (typeof value === 'boolean') return value ? '1' : '0'
  return Buffer.isBuffer(value) ? value : String(value)
}

function joined(pieces: Argument[]): Argument {
  if (pieces.every((piece) => typeof piece === 'string')) return pieces.join('')
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)))
}
