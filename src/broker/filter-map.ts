// Values by topic filter, and what the filters weigh together: `mqtt.max_subscriptions` bounds that. One counts for each 16 of its
// levels and 256 of its characters, so nearly every filter that is meant well counts once; a client that invents long ones has the
// fewer of them. They cost memory, and time with each message that they nearly match.

const LEVELS = 16
const CHARACTERS = 256

export class FilterMap<V> extends Map<string, V> {
  #weight = 0

  get weight(): number {
    return this.#weight
  }

  override set(filter: string, value: V): this {
    if (!this.has(filter)) this.#weight += weightOf(filter)
    return super.set(filter, value)
  }

  override delete(filter: string): boolean {
    if (!super.delete(filter)) return false
    this.#weight -= weightOf(filter)
    return true
  }
}

export function weightOf(filter: string): number {
  let levels = 1
  for (let at = filter.indexOf('/'); at >= 0; at = filter.indexOf('/', at + 1)) levels++
  return Math.max(Math.ceil(levels / LEVELS), Math.ceil(filter.length / CHARACTERS))
}
