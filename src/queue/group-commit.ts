// When does what waits become a commit? Each commit costs an fsync and a few whole pages, whatever it holds: alone it goes
// at once (nobody should wait for nothing), under load it waits a little for company (a card wears out by bytes written).
// Pure: times come from outside.

/** Commits that hold so many need no more company. */
const ENOUGH = 64
/** After so long without a newcomer all who wanted to come have come, ms. */
const QUIET_MS = 2
/** Below this rate, entries per second, waiting brings no company. */
const BUSY_RATE = 250
/** Memory of the rate, ms. */
const MEMORY_MS = 200

export class GroupCommit {
  readonly #windowMs: number
  /** Entries of late, forgotten exponentially; divided by MEMORY_MS it is the rate per ms. */
  #level = 0
  #levelAt = Number.NEGATIVE_INFINITY

  /** @param windowMs upper bound of the wait of the first entry */
  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** A commit of `entries` begins. */
  began(entries: number, now: number): void {
    this.#level = this.#levelNow(now) + entries
    this.#levelAt = now
  }

  /**
   * @param waiting entries that wait, the first since `firstAt`, the newest since `lastAt` (ms, any clock that never jumps)
   * @returns ms until the commit should begin (ask again then); 0: now
   */
  wait(waiting: number, firstAt: number, lastAt: number, now: number): number {
    if (waiting >= ENOUGH || !this.#busy(waiting, now)) return 0
    return Math.max(0, Math.min(lastAt + QUIET_MS, firstAt + this.#windowMs) - now)
  }

  /** Are there enough of them that none of the reasons to wait holds? Cheap, for every entry. */
  static enough(waiting: number): boolean {
    return waiting >= ENOUGH
  }

  #busy(waiting: number, now: number): boolean {
    return ((this.#levelNow(now) + waiting) / MEMORY_MS) * 1000 > BUSY_RATE
  }

  #levelNow(now: number): number {
    return this.#level * Math.exp((this.#levelAt - now) / MEMORY_MS)
  }
}
