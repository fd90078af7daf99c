// Bindings and their combinations, by number. A row names the combination that it matched; a definition keeps its number for
// as long as a row or a dead letter names it, so that no change of configuration alters what waits.

import assert from 'node:assert/strict'
import type { Binding, PoolId } from '../model/binding.ts'
import type { Seq } from '../model/event.ts'
import type { Database } from '../sqlite/open.ts'
import type { LocalWrite } from './journal.ts'

/** Number and JSON list of bindings, as the table holds it. */
export type SetRow = readonly [set: number, bindings: string]

interface Stored {
  id: number
  pool: PoolId
  definition: string
}

export class BindingTable {
  readonly #post: (write: LocalWrite) => void
  readonly #ids = new Map<string, number>()
  readonly #pools: Set<string>
  readonly #sets = new Map<string, number>()
  /** Sets and bindings of earlier runs that this run has not asked for, with the newest row that may name them. */
  #oldSets = new Map<number, string>()
  #oldBindings = new Map<number, string>()
  readonly #oldUpTo: Seq
  #unconfirmed: SetRow[] = []
  #lastBinding = 0
  #lastSet: number

  constructor(db: Database, lastSeq: Seq, post: (write: LocalWrite) => void) {
    this.#post = post
    this.#oldUpTo = lastSeq
    for (const { id, definition } of db.prepare<[], Stored>('select id, definition from binding order by id').all()) {
      this.#ids.set(definition, id)
      this.#oldBindings.set(id, definition)
      this.#lastBinding = Math.max(this.#lastBinding, id)
    }
    for (const [set, bindings] of db
      .prepare<[], [number, string]>('select id, bindings from binding_set')
      .raw()
      .all()) {
      this.#sets.set(bindings, set)
      this.#oldSets.set(set, bindings)
    }
    this.#lastSet = Math.max(0, ...this.#sets.values())
    this.#pools = new Set(db.prepare<[], string>('select pool from lane').pluck().all())
  }

  /** @param tail where the lane of a pool that was never seen begins */
  intern(binding: Binding, tail: Seq): number {
    const definition = canonical(binding)
    const known = this.#ids.get(definition)
    if (known !== undefined) {
      this.#oldBindings.delete(known)
      return known
    }
    const id = ++this.#lastBinding
    this.#ids.set(definition, id)
    this.#post({ statement: 'queue.binding.put', values: [id, binding.pool, definition] })
    if (!this.#pools.has(binding.pool)) {
      this.#pools.add(binding.pool)
      this.#post({ statement: 'queue.lane.add', values: [binding.pool, tail] })
    }
    return id
  }

  set(bindings: readonly number[]): number {
    if (bindings.length === 0) return 0
    const text = JSON.stringify([...bindings].sort((a, b) => a - b))
    const known = this.#sets.get(text)
    if (known !== undefined) {
      this.#oldSets.delete(known)
      return known
    }
    assert(
      bindings.every((id) => id > 0 && id <= this.#lastBinding),
      `a set of bindings that were not interned: ${text}`,
    )
    const set = ++this.#lastSet
    this.#sets.set(text, set)
    this.#unconfirmed.push([set, text])
    return set
  }

  /** Sets that go with the next commit. */
  get unconfirmed(): readonly SetRow[] {
    return this.#unconfirmed
  }

  confirm(sets: readonly SetRow[]): void {
    if (sets.length > 0) this.#unconfirmed = this.#unconfirmed.filter((set) => !sets.includes(set))
  }

  /** Forgets what only earlier runs used, once their rows are gone. @param firstSeq the oldest row */
  dropUnused(firstSeq: Seq): void {
    if (firstSeq <= this.#oldUpTo || this.#oldSets.size + this.#oldBindings.size === 0) return
    for (const [set, text] of this.#oldSets) {
      this.#sets.delete(text)
      this.#post({ statement: 'queue.set.drop', values: [set] })
    }
    const used = new Set([...this.#sets.keys()].flatMap((text) => JSON.parse(text) as number[]))
    for (const [id, definition] of this.#oldBindings) {
      if (used.has(id)) continue
      this.#ids.delete(definition)
      this.#post({ statement: 'queue.binding.drop', values: [id] })
    }
    this.#oldSets = new Map()
    this.#oldBindings = new Map()
  }
}

/** JSON with sorted keys: the same binding has the same text, however it was made. */
function canonical(binding: Binding): string {
  return JSON.stringify(binding, (_key, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}
