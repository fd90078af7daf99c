// How a room declares the keys it reads, and how entries of a conf are read against such a declaration.

import type { Faults, Place } from './fault.ts'
import { nearest } from './nearest.ts'
import type { Entry } from './text.ts'
import type { ReadContext, ValueType } from './values.ts'

/** One key. Without `default` and `required` its value may be undefined. */
export interface Setting<T = unknown> {
  readonly type: ValueType<T>
  /** A sentence without its full stop; it becomes the comment in the shipped conf. */
  readonly doc: string
  /** As one writes it in the conf. */
  readonly default?: string
  readonly required?: true
  /** Other names of the key, as EMQX had them elsewhere. */
  readonly alias?: readonly string[]
  /** A change counts from the next start on only. */
  readonly atStart?: true
}

/**
 * Several sections of the same shape, each with a name of the operator's choice: a key that ends in `.*` (or is `*`).
 * The key '' of `named` is the value of the name itself: `listener.tcp.<name> = …`.
 */
export interface Named<S extends SettingsSpec = SettingsSpec> {
  readonly named: S
}

/** Keys as in the conf, without the section's prefix. */
export interface SettingsSpec {
  readonly [key: string]: Setting | Named
}

/** The values of a section. Complete only when reading it gave no error. */
export type Settings<S extends SettingsSpec> = { readonly [K in keyof S]: ValueOf<S[K]> }

type ValueOf<E> =
  E extends Named<infer S>
    ? ReadonlyMap<string, Settings<S>>
    : E extends { type: ValueType<infer T> }
      ? E extends { default: string } | { required: true }
        ? T
        : T | undefined
      : never

export interface Section {
  /** The part of the keys before the spec's, with its dot: `backend.pgsql.pool1.`; '' for a whole file. */
  readonly prefix: string
  /** Where a missing key is reported. */
  readonly place: Place
  readonly entries: readonly SectionEntry[]
}

export interface SectionEntry {
  readonly entry: Entry
  /** The entry's key without the prefix. */
  readonly key: string
}

interface Reader extends ReadContext {
  readonly faults: Faults
}

export function readSettings<const S extends SettingsSpec>(spec: S, section: Section, reader: Reader): Settings<S> {
  const single = new Map<string, Entry>()
  const named = new Map<string, Map<string, SectionEntry[]>>()
  for (const item of section.entries) {
    const found = findKey(spec, item.key)
    if (!found) unknownKey(spec, section, item, reader.faults)
    else if (found.name === undefined) keepSingle(single, found.key, item.entry, reader.faults)
    else collect(named, found, item.entry)
  }
  const settings: Record<string, unknown> = {}
  for (const [key, declared] of Object.entries(spec)) {
    settings[key] =
      'named' in declared
        ? readNamed(declared, section, { key, sections: named.get(key) }, reader)
        : readSingle(declared, section, { key, entry: single.get(key) }, reader)
  }
  return settings as Settings<S>
}

/** @returns every entry whose key begins with one of the prefixes, for a section. */
export function entriesUnder(entries: readonly Entry[], prefixes: readonly string[]): SectionEntry[] {
  return entries.flatMap((entry) => {
    const prefix = prefixes.find((one) => entry.key.startsWith(one))
    return prefix === undefined ? [] : [{ entry, key: entry.key.slice(prefix.length) }]
  })
}

/** What is declared of a key, however it is spelled. @param typed without the section's prefix */
export function settingFor(spec: SettingsSpec, typed: string): Setting | undefined {
  const found = findKey(spec, typed)
  const declared = found && spec[found.key]
  if (!declared || !('named' in declared)) return declared
  return settingFor(declared.named, found.rest!)
}

interface FoundKey {
  readonly key: string
  /** Of a key with `*`: the operator's name, and what follows it. */
  readonly name?: string
  readonly rest?: string
}

/** An exact key goes before one with a name, so `backend.mongo.topology.…` is no pool called topology. */
function findKey(spec: SettingsSpec, typed: string): FoundKey | undefined {
  const own = Object.hasOwn(spec, typed) ? spec[typed] : undefined
  if (own && 'type' in own) return { key: typed }
  for (const [key, declared] of Object.entries(spec)) {
    if ('type' in declared && declared.alias?.includes(typed)) return { key }
  }
  for (const [key, declared] of Object.entries(spec)) {
    if (!('named' in declared)) continue
    const before = key.slice(0, -'*'.length)
    if (!typed.startsWith(before)) continue
    const [name, ...rest] = typed.slice(before.length).split('.')
    if (isTaken(spec, `${before}${name}`)) continue
    return { key, name: name!, rest: rest.join('.') }
  }
  return undefined
}

/** Is `name` the beginning of a key of the spec, so that no section can be called so? */
function isTaken(spec: SettingsSpec, name: string): boolean {
  return Object.entries(spec).some(([key, declared]) => 'type' in declared && `${key}.`.startsWith(`${name}.`))
}

/** Two spellings of one key may both be there; the text's own rule for duplicates holds. */
function keepSingle(single: Map<string, Entry>, key: string, entry: Entry, faults: Faults): void {
  const earlier = single.get(key)
  if (earlier) {
    faults.warning(entry, `${entry.key} is the same key as ${earlier.key}`, `line ${earlier.line} does not count`)
  }
  single.set(key, entry)
}

function collect(named: Map<string, Map<string, SectionEntry[]>>, found: FoundKey, entry: Entry): void {
  const sections = named.get(found.key) ?? new Map<string, SectionEntry[]>()
  named.set(found.key, sections)
  const items = sections.get(found.name!) ?? []
  sections.set(found.name!, items)
  items.push({ entry, key: found.rest! })
}

interface NamedKey {
  readonly key: string
  readonly sections: Map<string, SectionEntry[]> | undefined
}

function readNamed(
  { named }: Named,
  outer: Section,
  { key, sections }: NamedKey,
  reader: Reader,
): Map<string, unknown> {
  const values = new Map<string, unknown>()
  for (const [name, entries] of sections ?? []) {
    const prefix = `${outer.prefix}${key.slice(0, -'*'.length)}${name}.`
    const first = entries[0]!.entry
    values.set(name, readSettings(named, { prefix, place: first, entries }, reader))
  }
  return values
}

interface SingleKey {
  readonly key: string
  readonly entry: Entry | undefined
}

function readSingle(setting: Setting, section: Section, { key, entry }: SingleKey, reader: Reader): unknown {
  if (entry) {
    const reading = setting.type.read(entry.value, reader)
    if (!('fault' in reading)) return reading.value
    reader.faults.error({ ...entry, column: entry.valueColumn }, `${entry.key}: ${reading.fault}`)
  } else if (setting.required) {
    reader.faults.error(section.place, `${fullKey(section, key)} is missing`, `expected ${setting.type.expected}`)
  }
  if (setting.default === undefined) return undefined
  const reading = setting.type.read(setting.default, reader)
  if ('fault' in reading) throw new Error(`default of ${key}: ${reading.fault}`)
  return reading.value
}

function fullKey(section: Section, key: string): string {
  return key === '' ? section.prefix.slice(0, -'.'.length) : `${section.prefix}${key}`
}

function unknownKey(spec: SettingsSpec, section: Section, { entry, key }: SectionEntry, faults: Faults): void {
  const known = Object.keys(spec).map((one) => one.replace('*', '<name>'))
  const near = nearest(key, known)
  const list = listKeys(known, key)
  const keys = section.prefix === '' ? `keys: ${list}` : `keys below ${fullKey(section, '')}: ${list}`
  const hint = near === undefined ? keys : `did you mean ${fullKey(section, near)}? ${keys}`
  faults.error(entry, `unknown key ${entry.key}`, hint)
}

/** The keys with the same first part, or when there are none: the first parts. */
function listKeys(known: readonly string[], typed: string): string {
  const same = known.filter((key) => key.startsWith(`${typed.split('.')[0]}.`))
  if (same.length > 0) return same.join(', ')
  const dotted = known.length > 24
  return [...new Set(known.filter((key) => key !== '').map((key) => (dotted ? `${key.split('.')[0]}.…` : key)))].join(
    ', ',
  )
}
