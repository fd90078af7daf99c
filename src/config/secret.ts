// A password or key. It prints as `***` wherever it is printed by mistake.

import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { inspect } from 'node:util'
import type { Reading, ValueType } from './values.ts'

const HIDDEN = '***'

export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}

/** The text itself, `file:/path` (its content without the last line end), or `env:NAME`. */
export const secret: ValueType<Secret> = {
  expected: 'a secret: its text, file:/path or env:NAME',
  read(text) {
    if (text.startsWith('file:')) return secretFile(text.slice('file:'.length))
    if (text.startsWith('env:')) return secretVariable(text.slice('env:'.length))
    return { value: new Secret(text) }
  },
}

function secretFile(path: string): Reading<Secret> {
  if (!isAbsolute(path)) return { fault: `expected an absolute path after 'file:', not '${path}'` }
  try {
    return { value: new Secret(readFileSync(path, 'utf8').replace(/\r?\n$/, '')) }
  } catch (error) {
    return { fault: `the secret's file can't be read: ${(error as Error).message}` }
  }
}

function secretVariable(name: string): Reading<Secret> {
  const value = process.env[name]
  if (value === undefined) return { fault: `the secret's environment variable '${name}' is not set` }
  return { value: new Secret(value) }
}

/** What `revealSecrets` makes of `T`: the same with texts in place of secrets. */
export type Revealed<T> = T extends Secret
  ? string
  : T extends ReadonlyMap<infer K, infer V>
    ? Map<K, Revealed<V>>
    : T extends object
      ? { [K in keyof T]: Revealed<T[K]> }
      : T

/** A copy for the thread that talks to the server (a Secret does not survive the way between threads). */
export function revealSecrets<T>(value: T): Revealed<T> {
  return revealed(value) as Revealed<T>
}

function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal()
  if (Array.isArray(value)) return value.map(revealed)
  if (value instanceof Map) return new Map([...value].map(([key, held]) => [key, revealed(held)]))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, revealed(held)]))
}
