// A hook's line, `backend.<kind>.hook.<hook>.<n> = {…}`, compiled to a binding.

import {
  type Action,
  type BackendKind,
  type Binding,
  type BindingOptions,
  FUNCTION_ALIASES,
  FUNCTIONS,
  type FunctionName,
  type Statement,
} from '../model/binding.ts'
import { HOOKS, type HookName } from '../model/event.ts'
import { filterFault } from '../model/topic.ts'
import type { Faults, Place } from './fault.ts'
import { type JsonMember, type JsonNode, type JsonObject, parseJson } from './json.ts'
import { nearest } from './nearest.ts'
import type { Settings, SettingsSpec } from './spec.ts'
import type { Entry } from './text.ts'
import { choice, duration, integer, notExpected, orInfinity, type ValueType } from './values.ts'

/** Keys of an action beside `function`: the languages of custom statements. */
export type StatementKey = 'sql' | 'cql' | 'commands' | 'mongo'

export interface ParsedStatement {
  readonly statement: Statement
  readonly warnings: readonly string[]
  readonly faults: readonly string[]
}

/** What the rooms that run the actions know; handed in, since this room knows none of them. */
export interface HookRules {
  parseStatement(text: string, language: StatementKey): ParsedStatement
  /** Names in the statement that the hook does not have. */
  unknownParameters(hook: HookName, statement: Statement): readonly string[]
  actionKeys(kind: BackendKind): readonly StatementKey[]
  functions(kind: BackendKind): ReadonlySet<FunctionName>
}

const maxReturnedCount = orInfinity(integer({ min: 1 }))
const timeRange = orInfinity(duration)

/** Keys of a plugin for those of its fetches that have no such `offline_opts`. */
export const FETCH_LIMITS = {
  max_returned_count: { type: maxReturnedCount, default: 'infinity', doc: 'Newest messages that a fetch returns' },
  time_range: { type: timeRange, default: 'infinity', doc: 'Age up to which messages are fetched' },
} as const satisfies SettingsSpec

export interface HookContext {
  readonly kind: BackendKind
  readonly pools: ReadonlySet<string>
  readonly limits: Settings<typeof FETCH_LIMITS>
  readonly rules: HookRules
  readonly faults: Faults
}

/** @returns undefined when the line has a fault; all of the line's faults are in the context then. */
export function readHook(entry: Entry, context: HookContext): Binding | undefined {
  const before = context.faults.list.length
  const binding = new HookLine(entry, context).binding()
  const faulty = context.faults.list.slice(before).some((fault) => fault.severity === 'error')
  return faulty ? undefined : binding
}

const HOOK_ALIASES = new Map<string, HookName>([['message.deliver', 'message.delivered']])
const LINE_KEYS = ['topic', 'action', 'pool', 'offline_opts', 'expired_time', 'payload_format']
const OFFLINE_KEYS = ['max_returned_count', 'time_range', 'start']
const start = choice('earliest', 'latest')
const payloadFormat = choice('mongo_json', 'plain_text')

type Members = ReadonlyMap<string, JsonMember>

class HookLine {
  readonly #entry: Entry
  readonly #context: HookContext
  readonly #faults: Faults

  constructor(entry: Entry, context: HookContext) {
    this.#entry = entry
    this.#context = context
    this.#faults = context.faults
  }

  binding(): Binding | undefined {
    const key = this.#readKey()
    const parsed = parseJson(this.#entry.value)
    if ('fault' in parsed) {
      const { offset, message, hint } = parsed.fault
      this.#faults.error(this.#at(offset), message, hint)
      return undefined
    }
    const line = this.#members(parsed.node, LINE_KEYS)
    if (!line || !key) return undefined
    const pool = this.#readPool(line)
    const topic = this.#readTopic(line, key.hook)
    const action = this.#readAction(line, key.hook)
    const options = this.#readOptions(line, action)
    if (!action || pool === undefined) return undefined
    return { pool: `${this.#context.kind}.${pool}`, ...key, ...(topic === undefined ? {} : { topic }), action, options }
  }

  #readKey(): { hook: HookName; order: number } | undefined {
    const prefix = `backend.${this.#context.kind}.hook.`
    const [, name, order] = /^(.*)\.(\d+)$/.exec(this.#entry.key.slice(prefix.length)) ?? []
    const place = { ...this.#entry, column: this.#entry.column + prefix.length }
    if (name === undefined) {
      this.#faults.error(place, 'expected <hook>.<number>', `such as ${prefix}message.publish.1`)
      return undefined
    }
    const hook = HOOKS.find((one) => one === name) ?? HOOK_ALIASES.get(name)
    if (!hook) this.#faults.error(place, `unknown hook ${name}`, didYouMean(name, HOOKS))
    return hook && { hook, order: Number(order) }
  }

  #readPool(line: Members): string | undefined {
    const name = this.#text(line, 'pool')
    if (name === undefined) {
      if (!line.has('pool')) this.#faults.error(this.#at(0), 'expected a "pool"', `pools: ${this.#poolNames()}`)
    } else if (!this.#context.pools.has(name)) {
      const hint = `pools: ${this.#poolNames()}`
      this.#faults.error(this.#at(line.get('pool')!.value.start), `pool ${name} is not defined`, hint)
    }
    return name
  }

  #poolNames(): string {
    return [...this.#context.pools].join(', ') || 'none in this file'
  }

  #readTopic(line: Members, hook: HookName): string | undefined {
    const topic = this.#text(line, 'topic')
    if (topic === undefined) return undefined
    const place = this.#at(line.get('topic')!.value.start)
    const fault = filterFault(topic)
    if (fault) this.#faults.error(place, `expected a topic filter, not '${topic}': ${fault}`)
    if (hook.startsWith('client.') || hook === 'session.created') {
      this.#faults.warning(place, `${hook} has no topic`, 'it runs for every client')
      return undefined
    }
    return topic
  }

  #readAction(line: Members, hook: HookName): Action | undefined {
    const member = line.get('action')
    if (!member) {
      this.#faults.error(this.#at(0), 'expected an "action"')
      return undefined
    }
    const keys = ['function', ...this.#context.rules.actionKeys(this.#context.kind)]
    const action = this.#members(member.value, keys)
    if (!action) return undefined
    const [first, ...more] = [...action.values()].filter(({ key }) => keys.includes(key))
    if (!first) {
      if (action.size === 0)
        this.#faults.error(this.#at(member.value.start), `expected ${keys.map(quoted).join(' or ')}`)
      return undefined
    }
    for (const { key, keyStart } of more) {
      this.#faults.error(this.#at(keyStart), `expected one of ${keys.map(quoted).join(' and ')}, not "${key}" too`)
    }
    return first.key === 'function' ? this.#readFunction(action, hook) : this.#readStatements(first, hook)
  }

  #readFunction(action: Members, hook: HookName): Action | undefined {
    const typed = this.#text(action, 'function')
    if (typed === undefined) return undefined
    const place = this.#at(action.get('function')!.value.start)
    const name = functionNamed(typed)
    if (!name) {
      this.#faults.error(place, `unknown function ${typed}`, didYouMean(typed, functionsOn(hook)))
      return undefined
    }
    const hooks: readonly HookName[] = FUNCTIONS[name]
    if (!hooks.includes(hook)) {
      this.#faults.error(place, `${name} does not run on ${hook}`, `it runs on ${hooks.join(' and ')}`)
    } else if (!this.#context.rules.functions(this.#context.kind).has(name)) {
      this.#faults.error(place, `the ${this.#context.kind} backend has no ${name}`)
    }
    return { function: name }
  }

  /** One statement or a list of them; a Mongo statement is an object and kept as its text. */
  #readStatements({ key, value }: JsonMember, hook: HookName): Action {
    const nodes = value.kind === 'array' ? value.items : [value]
    if (nodes.length === 0) this.#faults.error(this.#at(value.start), `expected a statement in "${key}"`)
    const language = key as StatementKey
    const statements = nodes.flatMap((node) => this.#readStatement(language, node, hook) ?? [])
    return { statements }
  }

  #readStatement(key: StatementKey, node: JsonNode, hook: HookName): Statement | undefined {
    const raw = this.#entry.value.slice(node.start, node.end)
    const statementText = key === 'mongo' ? (node.kind === 'object' ? raw : undefined) : scalarText(node)
    if (statementText === undefined || statementText.trim() === '') {
      const expected = key === 'mongo' ? 'an object {"collection": …}' : 'a statement as a "text"'
      this.#faults.error(this.#at(node.start), `expected ${expected}`)
      return undefined
    }
    const { statement, warnings, faults } = this.#context.rules.parseStatement(statementText, key)
    for (const warning of warnings) this.#faults.warning(this.#at(node.start), warning)
    for (const fault of faults) this.#faults.error(this.#at(node.start), fault)
    for (const name of this.#context.rules.unknownParameters(hook, statement)) {
      const offset = node.start + Math.max(0, raw.indexOf(`\${${name}}`))
      this.#faults.error(this.#at(offset), `${hook} has no parameter \${${name}}`)
    }
    return statement
  }

  #readOptions(line: Members, action: Action | undefined): BindingOptions {
    const member = line.get('offline_opts')
    const offline: Members = (member && this.#members(member.value, OFFLINE_KEYS)) ?? new Map()
    const fetches = action && 'function' in action && action.function.startsWith('on_message_fetch')
    const { limits } = this.#context
    const options = {
      maxReturnedCount: this.#value(offline, 'max_returned_count', maxReturnedCount) ?? limits.max_returned_count,
      timeRangeMs: this.#value(offline, 'time_range', timeRange) ?? limits.time_range,
      start: this.#value(offline, 'start', start),
    }
    const others = {
      expiredTime: this.#value(line, 'expired_time', integer()),
      payloadFormat: this.#value(line, 'payload_format', payloadFormat),
    }
    return present({ ...(fetches ? options : {}), ...others })
  }

  #text(members: Members, key: string): string | undefined {
    const member = members.get(key)
    if (!member) return undefined
    const value = scalarText(member.value)
    if (value === undefined) this.#faults.error(this.#at(member.value.start), `expected a "text" for "${key}"`)
    return value
  }

  /** A number or a text, read as the value of a conf line would be. */
  #value<T>(members: Members, key: string, type: ValueType<T>): T | undefined {
    const node = members.get(key)?.value
    if (!node) return undefined
    const typed = node.kind === 'scalar' ? String(node.value) : this.#entry.value.slice(node.start, node.end)
    const reading =
      node.kind === 'scalar' ? type.read(typed, { etcDir: '' }) : { fault: notExpected(type.expected, typed) }
    if ('value' in reading) return reading.value
    this.#faults.error(this.#at(node.start), `${key}: ${reading.fault}`)
    return undefined
  }

  /** The object's members by key; reports keys that are unknown or stand twice. */
  #members(node: JsonNode, known: readonly string[]): Members | undefined {
    if (node.kind !== 'object') {
      this.#faults.error(this.#at(node.start), `expected an object with ${known.map(quoted).join(', ')}`)
      return undefined
    }
    return this.#checked(node, known)
  }

  #checked(node: JsonObject, known: readonly string[]): Members {
    const members = new Map<string, JsonMember>()
    for (const member of node.members) {
      const place = this.#at(member.keyStart)
      if (!known.includes(member.key)) {
        this.#faults.error(place, `unknown key "${member.key}"`, didYouMean(member.key, known))
      } else if (members.has(member.key)) {
        this.#faults.warning(place, `"${member.key}" is there twice`, 'the last one wins')
      }
      members.set(member.key, member)
    }
    return members
  }

  #at(offset: number): Place {
    return { ...this.#entry, column: this.#entry.valueColumn + offset }
  }
}

function scalarText(node: JsonNode): string | undefined {
  return node.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined
}

function functionNamed(typed: string): FunctionName | undefined {
  if (Object.hasOwn(FUNCTIONS, typed)) return typed as FunctionName
  return Object.hasOwn(FUNCTION_ALIASES, typed) ? FUNCTION_ALIASES[typed] : undefined
}

function functionsOn(hook: HookName): string[] {
  return Object.entries(FUNCTIONS).flatMap(([name, hooks]) =>
    (hooks as readonly HookName[]).includes(hook) ? [name] : [],
  )
}

function didYouMean(typed: string, words: readonly string[]): string {
  const near = nearest(typed, words)
  return near === undefined ? `one of ${words.join(', ')}` : `did you mean ${near}?`
}

function quoted(word: string): string {
  return `"${word}"`
}

/** Without what is undefined or without a limit. */
function present<T extends Record<string, unknown>>(options: T): BindingOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== Number.POSITIVE_INFINITY),
  )
}
