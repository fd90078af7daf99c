// MQTT topic names and filters [MQTT-4.7]: validity, matching, and a trie from filters to values.

/** @returns why `filter` is no topic filter [MQTT-4.7.1-2, -3], or undefined when it is one. */
export function filterFault(filter: string): string | undefined {
  const fault = textFault(filter)
  if (fault) return fault
  const levels = filter.split('/')
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1)) {
      return "'#' stands alone and in the last level only"
    }
    if (level.includes('+') && level !== '+') return "'+' stands alone in its level"
  }
  return undefined
}

/** @returns why `topic` is no topic name [MQTT-3.3.2-2], or undefined when it is one. */
export function topicFault(topic: string): string | undefined {
  return textFault(topic) ?? (hasWildcard(topic) ? "'+' and '#' are for filters" : undefined)
}

// [MQTT-4.7.3-1, -2, -3], [MQTT-1.5.3-2]
function textFault(text: string): string | undefined {
  if (text === '') return 'must not be empty'
  if (text.includes('\0')) return 'must not hold the character NUL'
  return undefined
}

export function hasWildcard(filter: string): boolean {
  return filter.includes('+') || filter.includes('#')
}

/** [MQTT-4.7.2-1]: a filter that starts with a wildcard does not match a topic that starts with `$`. */
export function topicMatches(filter: string, topic: string): boolean {
  if (filter === topic) return true
  if (!hasWildcard(filter)) return false
  const wanted = filter.split('/')
  const levels = topic.split('/')
  if (levels[0]!.startsWith('$') && (wanted[0] === '+' || wanted[0] === '#')) return false
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true
    if (index >= levels.length) return false
    if (level !== '+' && level !== levels[index]) return false
  }
  return wanted.length === levels.length
}

interface FilterNode<T> {
  children: Map<string, FilterNode<T>>
  values: Set<T>
}

/** Filters with values; `match` finds the values of every filter that matches a topic, in time of the topic's levels. */
export class FilterTrie<T> {
  #root: FilterNode<T> = { children: new Map(), values: new Set() }

  add(filter: string, value: T): void {
    let node = this.#root
    for (const level of filter.split('/')) {
      let child = node.children.get(level)
      if (!child) {
        child = { children: new Map(), values: new Set() }
        node.children.set(level, child)
      }
      node = child
    }
    node.values.add(value)
  }

  remove(filter: string, value: T): void {
    const path: [FilterNode<T>, string][] = []
    let node = this.#root
    for (const level of filter.split('/')) {
      const child = node.children.get(level)
      if (!child) return
      path.push([node, level])
      node = child
    }
    node.values.delete(value)
    for (const [parent, level] of path.reverse()) {
      const child = parent.children.get(level)!
      if (child.values.size > 0 || child.children.size > 0) return
      parent.children.delete(level)
    }
  }

  match(topic: string): T[] {
    const found: T[] = []
    collect(this.#root, topic.split('/'), 0, topic.startsWith('$'), found)
    return found
  }
}

function collect<T>(node: FilterNode<T>, levels: string[], at: number, reserved: boolean, found: T[]): void {
  const wildcards = !(reserved && at === 0)
  const rest = wildcards ? node.children.get('#') : undefined
  if (rest) addAll(found, rest.values)
  if (at === levels.length) {
    addAll(found, node.values)
    return
  }
  const level = levels[at]!
  const same = level === '+' || level === '#' ? undefined : node.children.get(level)
  if (same) collect(same, levels, at + 1, reserved, found)
  const any = wildcards ? node.children.get('+') : undefined
  if (any) collect(any, levels, at + 1, reserved, found)
}

/** Not `push(...values)`: a hundred thousand arguments overflow the stack. */
function addAll<T>(found: T[], values: Iterable<T>): void {
  for (const value of values) found.push(value)
}

/** Topics with values; `match` finds the values of every topic that a filter matches (retained messages). */
export class TopicTrie<T> {
  #root: TopicNode<T> = { children: new Map(), value: undefined }
  #exact = new Map<string, T>()

  get size(): number {
    return this.#exact.size
  }

  get(topic: string): T | undefined {
    return this.#exact.get(topic)
  }

  set(topic: string, value: T): void {
    this.#exact.set(topic, value)
    let node = this.#root
    for (const level of topic.split('/')) {
      let child = node.children.get(level)
      if (!child) {
        child = { children: new Map(), value: undefined }
        node.children.set(level, child)
      }
      node = child
    }
    node.value = { value }
  }

  delete(topic: string): boolean {
    if (!this.#exact.delete(topic)) return false
    const path: [TopicNode<T>, string][] = []
    let node = this.#root
    for (const level of topic.split('/')) {
      path.push([node, level])
      node = node.children.get(level)!
    }
    node.value = undefined
    for (const [parent, level] of path.reverse()) {
      const child = parent.children.get(level)!
      if (child.value || child.children.size > 0) break
      parent.children.delete(level)
    }
    return true
  }

  match(filter: string): T[] {
    if (!hasWildcard(filter)) {
      const value = this.#exact.get(filter)
      return value === undefined ? [] : [value]
    }
    const found: T[] = []
    descend(this.#root, filter.split('/'), 0, found)
    return found
  }
}

interface TopicNode<T> {
  children: Map<string, TopicNode<T>>
  value: { value: T } | undefined
}

function descend<T>(node: TopicNode<T>, wanted: string[], at: number, found: T[]): void {
  const level = wanted[at]
  if (level === undefined) {
    if (node.value) found.push(node.value.value)
    return
  }
  if (level !== '+' && level !== '#') {
    const child = node.children.get(level)
    if (child) descend(child, wanted, at + 1, found)
    return
  }
  if (level === '#' && node.value) found.push(node.value.value) // 'a/#' matches 'a' [MQTT-4.7.1-2]
  for (const [name, child] of node.children) {
    if (at === 0 && name.startsWith('$')) continue // [MQTT-4.7.2-1]
    descend(child, wanted, level === '#' ? at : at + 1, found)
  }
}
