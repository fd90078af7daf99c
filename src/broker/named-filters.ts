// Filters that a client has named itself since it came: a lookup of subscriptions that ends behind that does not overrule it.

/** Those named longest ago are forgotten beyond so many: a database may be away for days. */
const MOST = 4096

export class NamedFilters {
  readonly #filters = new Set<string>()

  add(filter: string): void {
    this.#filters.delete(filter)
    if (this.#filters.size === MOST) this.#filters.delete(this.#filters.values().next().value!)
    this.#filters.add(filter)
  }

  has(filter: string): boolean {
    return this.#filters.has(filter)
  }
}
