// What may stand in the place of the word that is being written.

import type { Gateway } from '../gateway.ts'
import type { Spoken } from './command.ts'
import { type Candidate, isOption, type Parameter, type Parameters } from './parameter.ts'
import { optionName } from './words.ts'

/** Nobody types them, and a terminal would obey them: a client chooses its id itself. */
const CONTROL = /[\x00-\x1f\x7f-\x9f]/

/** @param gateway absent: only what is known without a running one. @param face options of the face itself */
export function completionOf(
  words: readonly string[],
  commands: readonly Spoken[],
  { gateway, face = {} }: { readonly gateway?: Gateway; readonly face?: Parameters } = {},
): Candidate[] {
  const before = words.slice(0, -1)
  const partial = words.at(-1) ?? ''
  const begun = commands.filter(({ name }) => name === before.slice(0, name.split(' ').length).join(' '))
  const command = begun.toSorted((a, b) => b.name.length - a.name.length)[0]
  const known = { ...command?.parameters, ...face }
  const asked = valueAskedFor(before.at(-1), known)
  const all = asked
    ? valuesOf(asked, gateway)
    : [...commandWords(before, commands), ...next(before, partial, command, gateway), ...options(known)]
  return all.filter(
    ({ word }) => word.startsWith(partial) && (partial !== '' || !word.startsWith('-')) && !CONTROL.test(word),
  )
}

/** The option that the word before wants a value for. */
function valueAskedFor(word: string | undefined, known: Parameters): Parameter | undefined {
  const found = Object.entries(known).find(
    ([key, { kind, short }]) =>
      kind === 'option' && (word === `--${optionName(key)}` || (short && word === `-${short}`)),
  )
  return found?.[1]
}

function next(
  before: readonly string[],
  partial: string,
  command: Spoken | undefined,
  gateway: Gateway | undefined,
): Candidate[] {
  if (!command) return []
  const given = before.slice(command.name.split(' ').length)
  const written = given.filter((word, i) => !word.startsWith('-') && !valueAskedFor(given[i - 1], command.parameters))
  const parameter = Object.values(command.parameters).filter(({ kind }) => kind === 'positional')[written.length]
  return parameter && !partial.startsWith('-') ? valuesOf(parameter, gateway) : []
}

/** The words that go on from `before`, each once; with its summary where it ends a command. */
function commandWords(before: readonly string[], commands: readonly Spoken[]): Candidate[] {
  const prefix = before.map((word) => `${word} `).join('')
  const found = new Map<string, Candidate>()
  for (const { name, summary } of commands) {
    if (!name.startsWith(prefix)) continue
    const [word, ...more] = name.slice(prefix.length).split(' ')
    if (more.length === 0) found.set(word!, { word: word!, doc: summary })
    else if (!found.has(word!)) found.set(word!, { word: word! })
  }
  return [...found.values()]
}

function valuesOf({ type, candidates }: Parameter, gateway: Gateway | undefined): Candidate[] {
  const fixed = (type.schema.enum ?? []).map((value): Candidate => ({ word: String(value) }))
  return gateway && candidates ? [...fixed, ...candidates(gateway)] : fixed
}

function options(known: Parameters): Candidate[] {
  return Object.entries(known).flatMap(([key, one]) =>
    isOption(one) ? [{ word: `--${optionName(key)}`, doc: one.doc }] : [],
  )
}
