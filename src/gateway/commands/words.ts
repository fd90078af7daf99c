// Words ↔ commands: `lane skip pgsql.pool1 --to 17` is read against what `lane skip` declares, or refused with what was expected.

import { type ParseArgsConfig, parseArgs } from 'node:util'
import { nearest } from '../../config/nearest.ts'
import { HoldfastError } from '../../model/errors.ts'
import type { Spoken } from './command.ts'
import { isOption, onOff, type Parameter, type Parameters } from './parameter.ts'
import type { Schema } from './schema.ts'

/** Values by parameter, as written: texts, and true for a switch. */
export type Written = Readonly<Record<string, string | boolean>>

export interface Call<C extends Spoken> {
  readonly command: C
  readonly input: Written
  /** What the face asked for with options of its own. */
  readonly face: Written
}

/** Options of every face with words, wherever they stand. */
export const FLAGS = {
  json: onOff('The result as JSON'),
  dryRun: onOff('Only say what the command would do'),
  follow: onOff('Go on with what comes, where something does: messages, log tail', 'f'),
  yes: onOff("Do not ask before what can't be undone"),
} as const

/** `lane skip POOL --to SEQ` @param short without options that may be left out */
export function usageOf({ name, parameters }: Spoken, { short = false } = {}): string {
  const shown = Object.entries(parameters).filter(
    ([, { kind, required }]) => kind !== 'asked' && (!short || required || kind === 'positional'),
  )
  return [name, ...shown.map(([key, parameter]) => usageOfOne(key, parameter))].join(' ')
}

function usageOfOne(key: string, { kind, label, required, rest, short }: Parameter): string {
  if (kind === 'asked') return label
  const option = short === undefined ? `--${optionName(key)}` : `-${short}`
  const shown = kind === 'positional' ? `${label}${rest ? '…' : ''}` : `${option} ${label}`.trimEnd()
  return required ? shown : `[${shown}]`
}

/** `keepLatest` is written `--keep-latest`. */
export const optionName = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** @param code USAGE: the words make no sense. @param command whose usage is the hint */
export function usageError(message: string, command?: Spoken): HoldfastError {
  return new HoldfastError('USAGE', message, command ? { hint: usageOf(command) } : {})
}

/**
 * @param face options that the face takes for itself, wherever they stand
 * @throws HoldfastError USAGE, UNKNOWN_COMMAND
 */
export function parseWords<C extends Spoken>(
  words: readonly string[],
  commands: readonly C[],
  face: Parameters = {},
): Call<C> {
  const command = findCommand(positionalsOf(words, face), commands)
  const known = { ...command.parameters, ...face }
  const { positionals, options } = readOptions(words, known, command)
  const input = { ...only(options, command.parameters) }
  const values = positionals.slice(command.name.split(' ').length)
  for (const [key, { kind, rest }] of Object.entries(command.parameters)) {
    if (kind !== 'positional' || values.length === 0) continue
    input[key] = rest ? values.splice(0).join(' ') : values.shift()!
  }
  if (values.length > 0) throw tooMany(command, values[0]!)
  return { command, input, face: only(options, face) }
}

/** What stands before the first option that is not the face's. */
function positionalsOf(words: readonly string[], face: Parameters): string[] {
  const options = specOf(face)
  const { tokens } = parseArgs({ args: [...words], options, strict: false, tokens: true })
  const end = tokens.findIndex(
    ({ kind, ...token }) => kind === 'option' && !Object.hasOwn(options, (token as { name: string }).name),
  )
  return tokens.slice(0, end < 0 ? undefined : end).flatMap((token) => (token.kind === 'positional' ? token.value : []))
}

/** The command that the words begin with. @throws HoldfastError UNKNOWN_COMMAND */
export function findCommand<C extends Spoken>(words: readonly string[], commands: readonly C[]): C {
  if (words.length === 0) throw usageError('which command?')
  for (let length = Math.min(words.length, 3); length > 0; length--) {
    const name = words.slice(0, length).join(' ')
    const found = commands.find((command) => command.name === name)
    if (found) return found
  }
  const names = commands.map(({ name }) => name)
  const group = names.filter((name) => name.startsWith(`${words[0]} `))
  const known = group.length > 0 ? group : names
  const typed = group.length > 0 ? words.slice(0, group[0]!.split(' ').length) : words.slice(0, 1)
  const near = nearest(typed.join(' '), known)
  const list = `commands: ${known.join(', ')}`
  throw new HoldfastError('UNKNOWN_COMMAND', `there is no command '${words.join(' ')}'`, {
    hint: near === undefined ? list : `did you mean '${near}'? ${list}`,
  })
}

interface Options {
  readonly positionals: string[]
  readonly options: Record<string, string | boolean>
}

function readOptions(words: readonly string[], known: Parameters, command: Spoken): Options {
  const { tokens, positionals } = parseArgs({
    ...{ args: [...words], options: specOf(known), strict: false, tokens: true, allowPositionals: true },
  })
  const options: Record<string, string | boolean> = {}
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const key = Object.keys(known).find((one) => optionName(one) === token.name)
    if (key !== undefined && known[key]!.kind === 'asked') throw typedSecret(command, known[key]!)
    if (key === undefined || !isOption(known[key]!)) throw usageError(unknownOption(token.rawName, known), command)
    options[key] = valueBehind(token, known[key]!, command)
  }
  return { positionals, options }
}

function valueBehind(
  { rawName, value }: { rawName: string; value?: string | undefined },
  { kind, type }: Parameter,
  command: Spoken,
): string | boolean {
  if (kind !== 'switch') {
    if (value === undefined) throw usageError(`expected ${type.expected} behind ${rawName}`, command)
    return value
  }
  if (value !== undefined) throw usageError(`${rawName} takes no value`, command)
  return true
}

function unknownOption(typed: string, known: Parameters): string {
  const options = Object.entries(known).flatMap(([key, one]) => (isOption(one) ? `--${optionName(key)}` : []))
  const near = nearest(typed, options)
  return `unknown option ${typed}${near === undefined ? '' : `; did you mean ${near}?`}`
}

function typedSecret(command: Spoken, { label }: Parameter): HoldfastError {
  const hint = `${usageOf(command)}; its first line of input, where there is no terminal`
  return new HoldfastError('SECRET_TYPED', `${label} is asked for, and does not stand on the line`, { hint })
}

function tooMany(command: Spoken, word: string): HoldfastError {
  const { name, parameters } = command
  const asked = Object.values(parameters).find(({ kind }) => kind === 'asked')
  if (asked) return typedSecret(command, asked)
  const none = Object.keys(parameters).length === 0
  return usageError(none ? `'${name}' takes no arguments` : `one word too many: '${word}'`, command)
}

function specOf(parameters: Parameters): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    Object.entries(parameters)
      .filter(([, parameter]) => isOption(parameter))
      .map(([key, { kind, short }]) => [
        optionName(key),
        { type: kind === 'switch' ? 'boolean' : 'string', ...(short && { short }) },
      ]),
  )
}

const only = (options: Written, parameters: Parameters): Written =>
  Object.fromEntries(Object.entries(options).filter(([key]) => Object.hasOwn(parameters, key)))

/** The JSON Schema of a command's input, as an object by parameter. */
export function inputSchema({ parameters }: Spoken): Schema<object> {
  const properties = Object.entries(parameters).map(([key, { type, doc }]) => [
    key,
    { ...type.schema, description: doc },
  ])
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: Object.keys(parameters).filter((key) => parameters[key]!.required),
    additionalProperties: false,
  }
}

/**
 * What a command is run with, of what was written, or of JSON.
 * @param isPreview what is asked for need not be there yet
 * @throws HoldfastError USAGE that names the parameter and what was expected
 */
export function readInput(
  command: Spoken,
  written: Readonly<Record<string, unknown>>,
  isPreview = false,
): Record<string, unknown> {
  const { parameters } = command
  for (const key of Object.keys(written)) {
    if (!Object.hasOwn(parameters, key)) throw usageError(unknownParameter(key, command), command)
  }
  const input: Record<string, unknown> = {}
  for (const [key, parameter] of Object.entries(parameters)) {
    const given = written[key]
    if (given !== undefined) input[key] = readOne(given, nameOf(key, parameter), parameter, command)
    else if (parameter.required && !(isPreview && parameter.kind === 'asked')) {
      throw usageError(`expected ${usageOfOne(key, parameter)}: ${parameter.type.expected}`, command)
    }
  }
  return input
}

function readOne(given: unknown, name: string, { type }: Parameter, command: Spoken): unknown {
  if (!['string', 'number', 'boolean'].includes(typeof given))
    throw usageError(`${name}: expected ${type.expected}`, command)
  const reading = type.read(String(given))
  if ('fault' in reading) throw usageError(`${name}: ${reading.fault}`, command)
  return reading.value
}

const nameOf = (key: string, parameter: Parameter): string =>
  isOption(parameter) ? `--${optionName(key)}` : parameter.label

function unknownParameter(key: string, { name, parameters }: Spoken): string {
  return `'${name}' has no parameter '${key}'; it has ${Object.keys(parameters).join(', ') || 'none'}`
}
