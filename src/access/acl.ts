// The rules file, in mosquitto's syntax:
//
//   topic [read|write|readwrite|deny] FILTER      for clients without a user name, before the first `user`
//   user NAME                                     the topic lines behind it are for this user
//   pattern [read|write|readwrite|deny] FILTER    for everybody, wherever it stands; %c is the client id, %u the user name

import type { Faults, Place } from '../config/fault.ts'
import { nearest } from '../config/nearest.ts'
import { textLines } from '../config/text.ts'
import { filterFault } from '../model/topic.ts'

export interface AclLine {
  readonly filter: string
  readonly access: 'read' | 'write' | 'readwrite' | 'deny'
}

export interface Acl {
  /** For clients without a user name. */
  readonly anonymous: readonly AclLine[]
  /** By user. A user who is not in here has the patterns only. */
  readonly users: ReadonlyMap<string, readonly AclLine[]>
  /** Where each of them is named first. */
  readonly places: ReadonlyMap<string, Place>
  readonly patterns: readonly AclLine[]
  readonly length: number
}

export const NO_LINES: Acl = { anonymous: [], users: new Map(), places: new Map(), patterns: [], length: 0 }

const ACCESS = ['read', 'write', 'readwrite', 'deny'] as const
const WORDS = ['topic', 'pattern', 'user']
/** Indent, word, what follows. */
const LINE = /^(\s*)(\S+)\s*(.*?)\s*$/

export function parseAcl(file: string, content: Buffer, faults: Faults): Acl {
  const anonymous: AclLine[] = []
  const users = new Map<string, AclLine[]>()
  const places = new Map<string, Place>()
  const patterns: AclLine[] = []
  let length = 0
  for (const { word, user, place, rule } of aclLines(file, content, faults)) {
    if (word !== 'user') length++
    else {
      if (!users.has(user)) users.set(user, [])
      if (!places.has(user)) places.set(user, place)
    }
    if (rule) (word === 'pattern' ? patterns : user === null ? anonymous : users.get(user)!).push(rule)
  }
  return { anonymous, users, places, patterns, length }
}

/** A line of the file as it is written. */
export type WrittenLine =
  | { readonly word: 'user'; readonly user: string; readonly place: Place; readonly rule?: undefined }
  | {
      readonly word: 'topic' | 'pattern'
      /** Whose section it stands in; null: before the first. */
      readonly user: string | null
      /** Of what follows the word. */
      readonly place: Place
      /** Absent: it has a fault. */
      readonly rule: AclLine | undefined
    }

/** But for comments, and lines that begin with another word. */
export function* aclLines(file: string, content: Buffer, faults: Faults): Iterable<WrittenLine> {
  let user: string | null = null
  for (const { line, text } of textLines(file, content, faults)) {
    const [, indent = '', word = '', rest = ''] = LINE.exec(text) ?? []
    const start = { file, line, column: indent.length + 1 }
    const place = { ...start, column: text.length - text.slice(indent.length + word.length).trimStart().length + 1 }
    if (word === 'user') {
      if (rest === '') faults.error(place, "expected a user's name behind 'user'")
      user = rest
      yield { word, user, place }
    } else if (word === 'topic' || word === 'pattern') {
      yield { word, user, place, rule: parseRule({ word, rest, place }, faults) }
    } else {
      const near = nearest(word, WORDS)
      faults.error(start, `expected topic, pattern or user, not '${word}'`, near && `did you mean ${near}?`)
    }
  }
}

interface RuleText {
  readonly word: 'topic' | 'pattern'
  readonly rest: string
  /** Of `rest`. */
  readonly place: Place
}

/** A filter with a space in it needs its access before it, as in mosquitto. */
function parseRule({ word, rest, place }: RuleText, faults: Faults): AclLine | undefined {
  const [, first = '', gap = '', others = ''] = /^(\S*)(\s*)(.*)$/.exec(rest) ?? []
  const access = ACCESS.find((one) => one === first)
  if (rest === '' || (access && others === '')) {
    faults.error(place, `expected a topic filter behind '${access ?? word}'`)
    return undefined
  }
  if (!access && others !== '') {
    faults.error(
      place,
      `expected read, write, readwrite or deny, not '${first}'`,
      'a filter with a space needs it, too',
    )
    return undefined
  }
  const filter = access ? others : first
  const filterPlace = access ? { ...place, column: place.column + first.length + gap.length } : place
  const fault = filterFault(filter)
  if (fault !== undefined) {
    faults.error(filterPlace, `no topic filter: ${fault}`)
    return undefined
  }
  const placeholder = /%[cu]/.exec(filter)?.[0]
  if (word === 'topic' && placeholder) {
    faults.warning(
      filterPlace,
      `${placeholder} stands for itself in a topic line`,
      "'pattern' puts the name in its place",
    )
  }
  return { filter, access: access ?? 'readwrite' }
}
