// Many filters against a topic, and many topics against a filter [MQTT-4.7], without looking at each.

import { type LevelNode, LevelTree } from './level-tree.ts'
import { hasWildcard } from './topic.ts'

/** Filters with values; `match` finds the values of every filter that matches a topic. */
export class FilterTrie<T> {
  readonly #tree = new LevelTree<Set<T>>()

  add(filter: string, value: T): void {
    const node = this.#tree.at(filter)
    node.value ??= new Set()
    node.value.add(value)
  }

  remove(filter: string, value: T): void {
    const node = this.#tree.find(filter)
    if (!node?.value?.delete(value) || node.value.size > 0) return
    node.value = undefined
    this.#tree.prune(filter)
  }

  match(topic: string): T[] {
    const found: T[] = []
    filtersBelow(this.#tree.root, topic.split('/'), 0, found)
    return found
  }
}

type Filters<T> = LevelNode<Set<T>>

/** Those whose levels up to and with `node` match the topic's before `at`. */
function filtersBelow<T>(node: Filters<T>, levels: readonly string[], at: number, found: T[]): void {
  if (at === levels.length) addAll(found, node.value)
  const { children } = node
  if (!children) return
  const level = levels[at]
  if (level !== undefined && level !== '+' && level !== '#') filtersOf(children.get(level), levels, at, found)
  if (at === 0 && level!.startsWith('$')) return // [MQTT-4.7.2-1]
  filtersOf(children.get('+'), levels, at, found)
  filtersOf(children.get('#'), levels, at, found)
}

function filtersOf<T>(node: Filters<T> | undefined, levels: readonly string[], at: number, found: T[]): void {
  if (!node) return
  const wanted = node.levels
  for (let i = 0; i < wanted.length; i++) {
    const level = wanted[i]
    if (level === '#') {
      addAll(found, node.value) // 'a/#' matches 'a', too [MQTT-4.7.1-2]
      return
    }
    if (at + i >= levels.length || (level !== '+' && level !== levels[at + i])) return
  }
  filtersBelow(node, levels, at + wanted.length, found)
}

/** Not `push(...values)`: a hundred thousand arguments overflow the stack. */
function addAll<T>(found: T[], values: Iterable<T> = []): void {
  for (const value of values) found.push(value)
}

/** Topics with values; `match` finds the values of every topic that a filter matches (retained messages). */
export class TopicTrie<T> {
  readonly #tree = new LevelTree<{ readonly value: T }>()
  readonly #exact = new Map<string, T>()

  get size(): number {
    return this.#exact.size
  }

  get(topic: string): T | undefined {
    return this.#exact.get(topic)
  }

  set(topic: string, value: T): void {
    this.#exact.set(topic, value)
    this.#tree.at(topic).value = { value }
  }

  delete(topic: string): boolean {
    if (!this.#exact.delete(topic)) return false
    this.#tree.find(topic)!.value = undefined
    this.#tree.prune(topic)
    return true
  }

  match(filter: string): T[] {
    if (!hasWildcard(filter)) {
      const value = this.#exact.get(filter)
      return value === undefined ? [] : [value]
    }
    const found: T[] = []
    topicsBelow(this.#tree.root, filter.split('/'), 0, found)
    return found
  }
}

type Topics<T> = LevelNode<{ readonly value: T }>

/** Those that the filter's levels from `at` on match, where those before match the levels up to and with `node`. */
function topicsBelow<T>(node: Topics<T>, wanted: readonly string[], at: number, found: T[]): void {
  const level = wanted[at]
  if ((level === undefined || level === '#') && node.value) found.push(node.value.value)
  if (level === undefined || !node.children) return
  if (level !== '+' && level !== '#') {
    topicsOf(node.children.get(level), wanted, at, found)
    return
  }
  for (const [name, child] of node.children) {
    if (node.levels.length > 0 || !name.startsWith('$')) topicsOf(child, wanted, at, found) // [MQTT-4.7.2-1]
  }
}

function topicsOf<T>(node: Topics<T> | undefined, wanted: readonly string[], at: number, found: T[]): void {
  if (!node) return
  const { levels } = node
  const end = at + levels.length
  let next = at
  for (; next < end && wanted[next] !== '#'; next++) {
    if (wanted[next] !== '+' && wanted[next] !== levels[next - at]) return
  }
  topicsBelow(node, wanted, next, found)
}
