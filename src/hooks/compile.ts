// Bindings, compiled once: what an event of a topic is for is found by a look-up, or by one walk through a trie.

import { type Binding, type FunctionName, LOOKUPS } from '../model/binding.ts'
import type { HookName } from '../model/event.ts'
import { FilterTrie } from '../model/topic-tries.ts'

/** What an event of one hook and topic is for. */
export interface Match {
  /** The journal's number for the combination of bindings; 0: none, nothing is journalled on their behalf. */
  readonly set: number
  /** Lookup functions, in hook order: they run when the event happens and put nothing on a lane. */
  readonly lookups: readonly Binding[]
  /** Number of those among them that move a position; 0: none. */
  readonly moves: number
  readonly consumes: boolean
  readonly forgetsPosition: boolean
}

export interface Interned {
  readonly id: number
  readonly binding: Binding
}

const NOTHING: Match = { set: 0, lookups: [], moves: 0, consumes: false, forgetsPosition: false }
/** Topics remembered a hook; then it forgets them all, which costs a walk each. */
const REMEMBERED = 10_000
/** Longer ones are not: a topic may have 65,535 characters. */
const REMEMBERED_LENGTH = 256
const MOVES: ReadonlySet<FunctionName | undefined> = new Set<FunctionName>([
  'on_message_acked',
  'on_message_acked_for_pubsub',
  'on_message_acked_for_keep_latest',
])

export function functionOf({ action }: Binding): FunctionName | undefined {
  return 'function' in action ? action.function : undefined
}

export function isLookup(binding: Binding): boolean {
  const name = functionOf(binding)
  return name !== undefined && LOOKUPS.has(name)
}

/** The bindings of all hooks. `writing` are interned, `lookups` need not be; `set` gives a combination its number. */
export class Compiled {
  readonly #hooks = new Map<HookName, CompiledHook>()

  constructor(o: {
    writing: readonly Interned[]
    lookups: readonly Binding[]
    set: (bindings: readonly number[]) => number
  }) {
    const hook = (name: HookName): CompiledHook => {
      const known = this.#hooks.get(name) ?? new CompiledHook(o.set)
      this.#hooks.set(name, known)
      return known
    }
    for (const interned of o.writing) hook(interned.binding.hook).add(interned.binding, interned.id)
    for (const binding of o.lookups) hook(binding.hook).add(binding, null)
  }

  match(hook: HookName, topic: string): Match {
    return this.#hooks.get(hook)?.match(topic) ?? NOTHING
  }
}

interface Bound {
  readonly binding: Binding
  /** Null: a lookup. */
  readonly id: number | null
}

class CompiledHook {
  readonly #set: (bindings: readonly number[]) => number
  readonly #byTopic = new FilterTrie<Bound>()
  readonly #everywhere: Bound[] = []
  readonly #matches = new Map<string, Match>()

  constructor(set: (bindings: readonly number[]) => number) {
    this.#set = set
  }

  add(binding: Binding, id: number | null): void {
    if (binding.topic === undefined) this.#everywhere.push({ binding, id })
    else this.#byTopic.add(binding.topic, { binding, id })
  }

  match(topic: string): Match {
    const known = this.#matches.get(topic)
    if (known) return known
    const match = this.#find(topic)
    if (topic.length > REMEMBERED_LENGTH) return match
    if (this.#matches.size >= REMEMBERED) this.#matches.clear()
    this.#matches.set(topic, match)
    return match
  }

  #find(topic: string): Match {
    const bound = [...this.#everywhere, ...this.#byTopic.match(topic)]
    bound.sort((a, b) => a.binding.order - b.binding.order)
    const writing = withoutDoubleStore(bound.filter(({ id }) => id !== null))
    const does = (wanted: (name: FunctionName | undefined) => boolean): boolean =>
      writing.some(({ binding }) => wanted(functionOf(binding)))
    return {
      set: this.#set(writing.map(({ id }) => id!)),
      lookups: bound.filter(({ id }) => id === null).map(({ binding }) => binding),
      moves: this.#set(writing.filter(({ binding }) => MOVES.has(functionOf(binding))).map(({ id }) => id!)),
      consumes: does((name) => name === 'on_message_acked_for_queue'),
      forgetsPosition: does((name) => name === 'on_acked_delete'),
    }
  }
}

/** on_message_store takes every QoS: beside it on_message_publish would only make the same row again. */
function withoutDoubleStore(bound: readonly Bound[]): Bound[] {
  const storing = bound.filter(({ binding }) => functionOf(binding) === 'on_message_store')
  return bound.filter(
    ({ binding }) =>
      functionOf(binding) !== 'on_message_publish' || !storing.some((store) => store.binding.pool === binding.pool),
  )
}
