// Which combinations of bindings (sets) concern a pool, and with which bindings. Read from the tables, where definitions of
// earlier configurations are as long as rows name them.

import type { Binding, PoolId } from '../model/binding.ts'
import type { Database } from '../sqlite/open.ts'
import type { Entry } from './lanes.ts'

type Bound = Entry['bindings']

const MEMBERS = `
  select binding_set.id, binding.id, binding.definition
  from binding_set, json_each(binding_set.bindings) member join binding on binding.id = member.value
  where binding_set.id > ? and binding.pool = ?`

export class PoolBindings {
  readonly #db: Database
  readonly #pool: PoolId
  readonly #sets = new Map<number, Bound>()
  #upTo = 0

  constructor(db: Database, pool: PoolId) {
    this.#db = db
    this.#pool = pool
  }

  /** Reads sets up to `lastSet` that are new. @returns whether one of them concerns the pool */
  refresh(lastSet: number): boolean {
    if (lastSet <= this.#upTo) return false
    const before = this.#sets.size
    const members = this.#db
      .prepare<[number, PoolId], [number, number, string]>(MEMBERS)
      .raw()
      .all(this.#upTo, this.#pool)
    const found = Map.groupBy(members, ([set]) => set)
    for (const [set, rows] of found) {
      const bindings = rows.map(([, id, definition]) => ({ id, binding: JSON.parse(definition) as Binding }))
      this.#sets.set(
        set,
        bindings.sort((a, b) => a.binding.order - b.binding.order || a.id - b.id),
      )
    }
    this.#upTo = lastSet
    return this.#sets.size > before
  }

  /** Numbers of the sets that concern the pool. */
  sets(): number[] {
    return [...this.#sets.keys()]
  }

  of(set: number): Bound {
    return this.#sets.get(set)!
  }
}
