// What a command declares. Every face lives from it: words and their help, completion, the page's forms, the API and its
// description, tables for people.

import type { Gateway } from '../gateway.ts'
import type { Input, Parameters } from './parameter.ts'
import type { Schema } from './schema.ts'

/** Who gives a command, for the history. */
export interface Caller {
  /** The account, where there are accounts: of the page, of the console, of the operating system for `ctl`. */
  readonly who: string
  /** Such as `ctl`, `console /dev/ttyGS0` or `http 192.0.2.7`. */
  readonly from: string
}

/** A column of the table that people see; without `columns` every property is one. */
export interface Column {
  readonly key: string
  readonly title?: string
  /** bytes; duration in ms; ago: since an ISO time. */
  readonly as?: 'bytes' | 'duration' | 'ago'
}

export interface Declaration<P extends Parameters, R> {
  /** One line, beginning with a small letter, without a full stop. */
  readonly summary: string
  /** More, for who asks: whole sentences. */
  readonly help?: string
  readonly parameters?: P
  readonly result: Schema<R>
  readonly columns?: readonly (string | Column)[]
  /** Of a command that changes something: what it will do, as a whole sentence. Without it a command only reads. */
  will?(gateway: Gateway, input: Input<P>, caller: Caller): string | Promise<string>
  /** What it will do can't be undone: a person is asked before. */
  readonly asks?: true
  /** It is about who may command the gateway: who is logged in to the page must have been so lately. */
  readonly recentLogin?: true
  /** What it did, as a whole sentence; else people see the result itself. */
  did?(result: R, input: Input<P>): string
  /** The answer is a bad one, though it was given: a script is to know by the exit code. */
  isBad?(result: R): boolean
  /** @throws HoldfastError */
  run(gateway: Gateway, input: Input<P>, caller: Caller): R | Promise<R>
  /** For faces that can go on: the items of the result, and those that come after. */
  readonly follow?: Follow<P>
  /** What it begins goes on behind it: the command that follows that to its end, and is refused what went wrong. */
  readonly goesOn?: string
}

export interface Follow<P extends Parameters> {
  /** Ends when the signal says so. */
  items(gateway: Gateway, input: Input<P>, signal: AbortSignal): AsyncIterable<unknown>
  /** As people see it. */
  line(item: never): string
}

export interface Command {
  /** Its words: `lane pause`. */
  readonly name: string
  readonly summary: string
  readonly help?: string
  readonly parameters: Parameters
  readonly result: Schema
  readonly columns?: readonly (string | Column)[]
  readonly asks?: true
  readonly recentLogin?: true
  /** Does it change something? Then `will` says what. */
  readonly changes: boolean
  will?(gateway: Gateway, input: Input<Parameters>, caller: Caller): string | Promise<string>
  did?(result: unknown, input: Input<Parameters>): string
  isBad?(result: unknown): boolean
  run(gateway: Gateway, input: Input<Parameters>, caller: Caller): unknown
  readonly follow?: Follow<Parameters>
  readonly goesOn?: string
}

/** What words, help and completion go by: also of commands that a face has for itself. */
export type Spoken = Pick<Command, 'name' | 'summary' | 'help' | 'parameters' | 'asks'>

/** Binds the types of a declaration's parts to each other, and then forgets them. */
export function command<const P extends Parameters, R>(name: string, declaration: Declaration<P, R>): Command {
  const { parameters = {}, ...rest } = declaration
  return { name, parameters, changes: declaration.will !== undefined, ...rest } as unknown as Command
}
