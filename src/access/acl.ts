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
  let current = anonymous
  let length = 0
  for (const { line, text } of textLines(file, content, faults)) {
    const [, indent = '', word = '', rest = ''] = LINE.exec(text) ?? []
    const place = { file, line, column: indent.length + 1 }
    const restPlace = { ...place, column: text.length - text.slice(indent.length + word.length).trimStart().length + 1 }
    if (word === 'user') {
      if (rest === '') faults.error(restPlace, "expected a user's name behind 'user'")
      current = users.get(rest) ?? []
      users.set(rest, current)
      if (!places.has(rest)) places.set(rest, restPlace)
    } else if (word === 'topic' || word === 'pattern') {
      const found = parseRule({ word, rest, place: restPlace }, faults)
      if (found) (word === 'topic' ? current : patterns).push(found)
      length++
    } else {
      const near = nearest(word, WORDS)
      faults.error(place, `expected topic, pattern or user, not '${word}'`, near && `did you mean ${near}?`)
    }
  }
  return { anonymous, users, places, patterns, length }
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
