// Positions in the pools that stayed behind the client's acknowledgements, since a pool owed it older rows.

export class HeldPositions {
  /** By client. */
  readonly #topics = new Map<string, Set<string>>()

  add(clientid: string, topic: string): void {
    const topics = this.#topics.get(clientid) ?? new Set()
    this.#topics.set(clientid, topics.add(topic))
  }

  has(clientid: string, topic: string): boolean {
    return this.#topics.get(clientid)?.has(topic) ?? false
  }

  of(clientid: string): string[] {
    return [...(this.#topics.get(clientid) ?? [])]
  }

  delete(clientid: string, topic: string): void {
    const topics = this.#topics.get(clientid)
    topics?.delete(topic)
    if (topics?.size === 0) this.#topics.delete(clientid)
  }
}
