// The rules as they are asked: what one client may publish, read and subscribe to. A line that denies wins over all that
// allow, wherever they stand. What no line names is for `nomatch` to decide.

import { FilterTrie } from '../model/topic-tries.ts'
import type { Acl, AclLine } from './acl.ts'

export interface Subject {
  /** Proven; null for an anonymous client. */
  readonly username: string | null
  readonly clientid: string
}

export type Verdict = 'allowed' | 'denied' | 'unnamed'

/** What is asked for: to publish, or to be sent a message. */
export type Action = 'write' | 'read'

export class RuleBook {
  readonly #acl: Acl
  readonly #own = new Map<string | null, Rules>()
  readonly #general: Rules
  readonly #personal: readonly AclLine[]

  constructor(acl: Acl) {
    this.#acl = acl
    this.#personal = acl.patterns.filter(({ filter }) => /%[cu]/.test(filter))
    this.#general = new Rules(acl.patterns.filter((line) => !this.#personal.includes(line)))
  }

  of(subject: Subject): ClientRules {
    const parts = [this.#ownOf(subject.username), this.#general]
    if (this.#personal.length > 0) parts.push(new Rules(this.#personal.flatMap((line) => personal(line, subject))))
    return new ClientRules(parts.filter(({ lines }) => lines.length > 0))
  }

  #ownOf(username: string | null): Rules {
    let rules = this.#own.get(username)
    if (!rules) {
      const { anonymous, users } = this.#acl
      rules = new Rules((username === null ? anonymous : users.get(username)) ?? [])
      if (username === null || users.has(username)) this.#own.set(username, rules)
    }
    return rules
  }
}

/** Several parts, since most are shared by many clients. */
export class ClientRules {
  readonly #parts: readonly Rules[]

  constructor(parts: readonly Rules[]) {
    this.#parts = parts
  }

  judge(action: Action, topic: string): Verdict {
    let verdict: Verdict = 'unnamed'
    for (const { trie } of this.#parts) {
      for (const { access } of trie.match(topic)) {
        if (access === 'deny') return 'denied'
        if (access === action || access === 'readwrite') verdict = 'allowed'
      }
    }
    return verdict
  }

  /** denied: nothing that the filter can match may be read. allowed: some of it is named by a line that allows it. */
  judgeFilter(filter: string): Verdict {
    const levels = filter.split('/')
    let verdict: Verdict = 'unnamed'
    for (const { lines } of this.#parts) {
      for (const line of lines) {
        if (line.access === 'deny') {
          if (covers(line.levels, levels)) return 'denied'
        } else if (line.access !== 'write' && overlap(line.levels, levels)) verdict = 'allowed'
      }
    }
    return verdict
  }
}

class Rules {
  readonly lines: readonly (AclLine & { readonly levels: readonly string[] })[]
  readonly trie = new FilterTrie<AclLine>()

  constructor(lines: readonly AclLine[]) {
    this.lines = lines.map((line) => ({ ...line, levels: line.filter.split('/') }))
    for (const line of lines) this.trie.add(line.filter, line)
  }
}

/**
 * The pattern with this client's names in it. A name with a wildcard would make the filter wider, one with '/' would
 * reach below another client's: such a name is allowed nothing by a pattern, and denied what it says literally.
 */
function personal(line: AclLine, { username, clientid }: Subject): AclLine[] {
  const names = [...(line.filter.includes('%c') ? [clientid] : []), ...(line.filter.includes('%u') ? [username] : [])]
  const dangerous = line.access === 'deny' ? /[+#]/ : /[+#/]/
  if (names.some((name) => name === null || dangerous.test(name))) return []
  const filter = line.filter.replace(/%[cu]/g, (placeholder) => (placeholder === '%c' ? clientid : username!))
  return [{ ...line, filter }]
}

/** Is every topic that `filter` matches also matched by `wide`? */
function covers(wide: readonly string[], filter: readonly string[]): boolean {
  if (reservedApart(wide[0]!, filter[0]!)) return false
  for (const [index, level] of wide.entries()) {
    if (level === '#') return true
    const asked = filter[index]
    if (asked === undefined || asked === '#') return false
    if (level !== '+' && level !== asked) return false
  }
  return wide.length === filter.length
}

/** Is there a topic that both filters match? */
function overlap(a: readonly string[], b: readonly string[]): boolean {
  if (reservedApart(a[0]!, b[0]!) || reservedApart(b[0]!, a[0]!)) return false
  for (let index = 0; ; index++) {
    const [one, other] = [a[index], b[index]]
    if (one === '#' || other === '#') return true // 'a/#' matches 'a', too
    if (one === undefined || other === undefined) return one === other
    if (one !== '+' && other !== '+' && one !== other) return false
  }
}

/** [MQTT-4.7.2-1]: a wildcard in the first level matches no topic that begins with `$`. */
const reservedApart = (wildcard: string, level: string): boolean =>
  (wildcard === '+' || wildcard === '#') && level.startsWith('$')
