// The types of the values that a conf may hold. Each tells in words what it expects, for faults and documentation.

import { accessSync, constants } from 'node:fs'
import { resolve } from 'node:path'

export type Reading<T> = { readonly value: T } | { readonly fault: string }

export interface ReadContext {
  /** Relative paths begin here. */
  readonly etcDir: string
}

export interface ValueType<T> {
  /** Completes "expected …": `a duration such as 1h30m`. */
  readonly expected: string
  read(text: string, context: ReadContext): Reading<T>
}

/** A type that either makes a value of the text or not; the fault is then what it expected. */
function valueType<T>(expected: string, parse: (text: string) => T | undefined): ValueType<T> {
  return {
    expected,
    read(text) {
      const value = parse(text)
      return value === undefined ? { fault: notExpected(expected, text) } : { value }
    },
  }
}

/** A URI is not repeated with the password in it: faults are logged. */
export function notExpected(expected: string, text: string): string {
  return text === '' ? `expected ${expected}` : `expected ${expected}, not '${text.replace(/\/\/.*@/, '//***@')}'`
}

/** May be empty. */
export const text = valueType('a text', (value) => value)

export function matching(pattern: RegExp, expected: string): ValueType<string> {
  return valueType(expected, (value) => (pattern.test(value) ? value : undefined))
}

const FLAGS: Readonly<Record<string, boolean>> = { on: true, true: true, 1: true, off: false, false: false, 0: false }

export const flag = valueType('on or off (also true/false, 1/0)', (value) =>
  Object.hasOwn(FLAGS, value) ? FLAGS[value] : undefined,
)

/** A flag that also takes EMQX's words. */
export const verification = valueType('on or off (also verify_peer/verify_none)', (value) => {
  if (value === 'verify_peer') return true
  if (value === 'verify_none') return false
  return Object.hasOwn(FLAGS, value) ? FLAGS[value] : undefined
})

export function choice<const W extends string>(...words: readonly W[]): ValueType<W> {
  const expected = words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
  return valueType(expected, (value) => words.find((word) => word === value))
}

export function integer({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = {}): ValueType<number> {
  return valueType(`a whole number${range(min, max)}`, (value) => {
    if (!/^[-+]?\d+$/.test(value)) return undefined
    const number = Number(value)
    return number >= min && number <= max ? number : undefined
  })
}

function range(min: number, max: number): string {
  if (min > Number.MIN_SAFE_INTEGER && max < Number.MAX_SAFE_INTEGER) return ` from ${min} to ${max}`
  if (min > Number.MIN_SAFE_INTEGER) return ` of at least ${min}`
  return max < Number.MAX_SAFE_INTEGER ? ` of at most ${max}` : ''
}

const SECOND = 1000
const HOUR = 3600 * SECOND
const DAY = 24 * HOUR
const DURATION_UNITS = { f: 14 * DAY, w: 7 * DAY, d: DAY, h: HOUR, m: 60 * SECOND, s: SECOND, ms: 1 } as const

/** In milliseconds. A number without a unit counts seconds, as EMQX's times do. */
export const duration = valueType('a duration such as 30s, 1h30m or 0.5d (units f w d h m s ms)', milliseconds)

/** @param shortest, longest both allowed. A timer of Node takes 24 days; a longer one is no timer at all, it fires at once. */
export function durationBetween(shortest: string, longest: string): ValueType<number> {
  const [least, most] = [milliseconds(shortest)!, milliseconds(longest)!]
  return valueType(`a duration from ${shortest} to ${longest}`, (value) => {
    const ms = milliseconds(value)
    return ms !== undefined && ms >= least && ms <= most ? ms : undefined
  })
}

function milliseconds(value: string): number | undefined {
  if (/^\d+$/.test(value)) return safe(Number(value) * SECOND)
  if (!/^(\d+(\.\d+)?(ms|[fwdhms]))+$/.test(value)) return undefined
  let total = 0
  for (const [, number, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|[fwdhms])/g)) {
    total += Number(number) * DURATION_UNITS[unit as keyof typeof DURATION_UNITS]
  }
  return safe(Math.round(total))
}

const BYTE_UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 }

/** In bytes; KB is 1024, as in EMQX. */
export const bytes = valueType('a size such as 64MB (units B KB MB GB TB)', (value) => {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([KMGT]?B)?$/i.exec(value) ?? []
  return number === undefined ? undefined : safe(Math.round(Number(number) * BYTE_UNITS[unit.toUpperCase()]!))
})

function safe(number: number): number | undefined {
  return number <= Number.MAX_SAFE_INTEGER ? number : undefined
}

/** The word `infinity` is a number, too. */
export function orInfinity(type: ValueType<number>): ValueType<number> {
  return either(type, 'infinity', Number.POSITIVE_INFINITY)
}

/** One more word beside the type's values; it stands for itself. */
export function orWord<T, const W extends string>(type: ValueType<T>, word: W): ValueType<T | W> {
  return either<T | W>(type, word, word)
}

function either<T>(type: ValueType<T>, word: string, meaning: T): ValueType<T> {
  const expected = `${type.expected}, or ${word}`
  return {
    expected,
    read(value, context) {
      if (value === word) return { value: meaning }
      const reading = type.read(value, context)
      return 'fault' in reading ? { fault: notExpected(expected, value) } : reading
    },
  }
}

export interface Address {
  /** A name, or an IP address without brackets. */
  readonly host: string
  readonly port: number
}

/** `host:port`, `host`, `[::1]:port`. */
export function address(defaultPort: number): ValueType<Address> {
  return valueType(`an address such as 127.0.0.1:${defaultPort}`, (value) => parseAddress(value, defaultPort))
}

/** Addresses by comma, at least one. */
export function addresses(defaultPort: number): ValueType<readonly Address[]> {
  return valueType(`addresses by comma such as 127.0.0.1:${defaultPort}`, (value) => {
    const all = value.split(',').map((one) => parseAddress(one.trim(), defaultPort))
    return all.every((one) => one !== undefined) ? all : undefined
  })
}

/** Where to listen: an address, or a port alone for all of the machine's addresses. */
export function listenAddress(defaultPort: number): ValueType<Address> {
  return valueType(`an address such as 127.0.0.1:${defaultPort}, or a port`, (value) => {
    const port = /^\d+$/.test(value) ? parsePort(value) : undefined
    return port === undefined ? parseAddress(value, defaultPort) : { host: '0.0.0.0', port }
  })
}

function parseAddress(value: string, defaultPort: number): Address | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([\w.-]+))(?::(\d+))?$/.exec(value) ?? []
  const host = bracketed ?? plain
  if (host === undefined || (plain !== undefined && /^\d+$/.test(plain))) return undefined
  const port = digits === undefined ? defaultPort : parsePort(digits)
  return port === undefined ? undefined : { host, port }
}

function parsePort(digits: string): number | undefined {
  const port = Number(digits)
  return port <= 65535 ? port : undefined
}

/** `http://host:port` or `https://host:port`, kept as text. */
export const httpUrl = valueType('a URL such as http://localhost:8000', (value) => {
  const { protocol } = URL.parse(value) ?? {}
  return protocol === 'http:' || protocol === 'https:' ? value : undefined
})

/** A file's absolute path; the file need not be there. */
export const path: ValueType<string> = {
  expected: 'a path',
  read(value, { etcDir }) {
    return value === '' ? { fault: 'expected a path' } : { value: resolve(etcDir, value) }
  },
}

/** A file's absolute path; the file must be there. */
export const readableFile: ValueType<string> = {
  expected: 'the path of a file',
  read(value, context) {
    const reading = path.read(value, context)
    if ('fault' in reading) return reading
    try {
      accessSync(reading.value, constants.R_OK)
      return reading
    } catch (error) {
      return { fault: `the file can't be read: ${(error as Error).message}` }
    }
  },
}
