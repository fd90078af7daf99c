// The parameters of commands: what a person writes as a word, a program as JSON; read and refused in one place.

import { duration } from '../../config/values.ts'
import { filterFault } from '../../model/topic.ts'
import type { Gateway } from '../gateway.ts'
import { flag, integer, oneOf, type Schema, text } from './schema.ts'

type Reading<T> = { readonly value: T } | { readonly fault: string }

export interface ParameterType<T> {
  /** Of the value in JSON. */
  readonly schema: Schema<T>
  /** Completes "expected …". */
  readonly expected: string
  /** @param written the word, or a JSON value's text */
  read(written: string): Reading<T>
}

/** One more word that may be meant, and what it is. */
export interface Candidate {
  readonly word: string
  readonly doc?: string
}

export interface Parameter<T = unknown, Required extends boolean = boolean> {
  readonly type: ParameterType<T>
  /** A sentence without its full stop. */
  readonly doc: string
  /** How usage lines call it: `POOL`; of a switch ''. */
  readonly label: string
  /** Words in their order, or behind `--name`; asked: it has no place on a line, and faces with words ask for it, unseen. */
  readonly kind: 'positional' | 'option' | 'switch' | 'asked'
  readonly required: Required
  /** `n`: also `-n`. */
  readonly short?: string
  /** Takes all words that are left, with spaces between. */
  readonly rest?: true
  /** A face with words is told where the text is: a file's path, `-` for what is typed; it gives the text itself. JSON is the text. */
  readonly fromFile?: true
  /** A path on the gateway's machine: `ctl` makes it absolute. */
  readonly isPath?: true
  /** What the running gateway has to offer, for completion. */
  candidates?(gateway: Gateway): Iterable<Candidate>
}

export type Parameters = Readonly<Record<string, Parameter>>

export type Input<P extends Parameters> = {
  readonly [K in keyof P as P[K] extends Parameter<unknown, true> ? K : never]: ValueOf<P[K]>
} & {
  readonly [K in keyof P as P[K] extends Parameter<unknown, true> ? never : K]?: ValueOf<P[K]>
}
type ValueOf<P> = P extends Parameter<infer T> ? T : never

type More = Pick<Parameter, 'short' | 'rest' | 'fromFile' | 'isPath' | 'candidates'>

export const required = <T>(type: ParameterType<T>, label: string, doc: string, more?: More): Parameter<T, true> => ({
  ...{ type, label, doc, kind: 'positional', required: true, ...more },
})
export const optional = <T>(type: ParameterType<T>, label: string, doc: string, more?: More): Parameter<T, false> => ({
  ...{ type, label, doc, kind: 'positional', required: false, ...more },
})
export const option = <T>(type: ParameterType<T>, label: string, doc: string, more?: More): Parameter<T, false> => ({
  ...{ type, label, doc, kind: 'option', required: false, ...more },
})
export const requiredOption = <T>(type: ParameterType<T>, label: string, doc: string): Parameter<T, true> => ({
  ...{ type, label, doc, kind: 'option', required: true },
})
export const onOff = (doc: string, short?: string): Parameter<boolean, false> => ({
  ...{ type: yes, label: '', doc, kind: 'switch', required: false, ...(short !== undefined && { short }) },
})
/** What is typed on a line stays on the screen, in histories and in lists of processes. */
export const secret = (label: string, doc: string): Parameter<string, true> => ({
  ...{ type: secretText, label, doc, kind: 'asked', required: true },
})

/** A word that is a text, where a file may be named. */
export const isJson = (word: unknown): boolean => typeof word === 'string' && word.trimStart().startsWith('{')

export const isOption = ({ kind }: Parameter): boolean => kind === 'option' || kind === 'switch'

function parameterType<T>(
  expected: string,
  schema: Schema<T>,
  parse: (written: string) => T | undefined,
): ParameterType<T> {
  return {
    expected,
    schema,
    read(written) {
      const value = parse(written)
      return value === undefined ? { fault: `expected ${expected}, not '${written}'` } : { value }
    },
  }
}

const yes = parameterType('true or false', flag(), (word) =>
  word === 'true' ? true : word === 'false' ? false : undefined,
)

/** Some text, not empty. @param expected as in `a pool's name` */
export const word = (expected: string): ParameterType<string> =>
  parameterType(expected, text(undefined, { minLength: 1 }), (written) => written || undefined)

/** May be empty. */
export const anyText = (expected: string): ParameterType<string> =>
  parameterType(expected, text(), (written) => written)

/** Is repeated nowhere, not in faults either. */
const secretText: ParameterType<string> = {
  expected: 'a secret',
  schema: text(undefined, { minLength: 1, format: 'password' }),
  read: (written) => (written === '' ? { fault: 'expected a secret' } : { value: written }),
}

export function wholeNumber({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}): ParameterType<number> {
  const upTo = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`
  const from = min === 0 && upTo === '' ? '' : ` from ${min}${upTo || ' on'}`
  const limits = { minimum: min, ...(upTo && { maximum: max }) }
  return parameterType(`a whole number${from}`, integer(undefined, limits), (written) => {
    const value = /^\d{1,16}$/.test(written) ? Number(written) : Number.NaN
    return value >= min && value <= max ? value : undefined
  })
}

export const choiceOf = <const W extends string>(...words: readonly W[]): ParameterType<W> =>
  parameterType(`one of ${words.join(', ')}`, oneOf(words), (written) => words.find((one) => one === written))

/** The numbers of one type, or this word. */
export function orWord<T, const W extends string>(type: ParameterType<T>, other: W): ParameterType<T | W> {
  return parameterType<T | W>(
    `${type.expected}, or ${other}`,
    { anyOf: [type.schema, { type: 'string', enum: [other] }] },
    (written) => {
      if (written === other) return other
      const reading = type.read(written)
      return 'value' in reading ? reading.value : undefined
    },
  )
}

export const topicFilter: ParameterType<string> = {
  expected: 'a topic or topic filter',
  schema: text(undefined, { minLength: 1 }),
  read(written) {
    const fault = filterFault(written)
    return fault ? { fault: `'${written}' is no topic filter: ${fault}` } : { value: written }
  },
}

/** A moment: so long ago, or a date. Wall time, ms, is `momentOf` of it. */
export const moment = parameterType('a time such as 2h (ago) or 2026-11-21T10:00', text(), (written) =>
  Number.isNaN(momentOf(written)) ? undefined : written,
)

export function momentOf(written: string): number {
  const ago = duration.read(written, { etcDir: '' })
  return 'fault' in ago ? Date.parse(written) : Date.now() - ago.value
}
