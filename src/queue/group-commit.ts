// When does what waits become a commit? Each commit costs an fsync and a few whole pages, whatever it holds: alone it goes
// at once (nobody should wait for nothing), under load it waits a little for company (a card wears out by bytes written).
// On a slow disk a full one waits too: publishers with a limited window send again only when they were acknowledged, so a
// commit that leaves at once takes half of them, and the other half waits for the next; one that waits takes all.
// Pure: times come from outside.

/** Commits that hold so many need no more company on a quick disk. */
const ENOUGH = 64
/** After so long without a newcomer all who wanted to come have come, ms. */
const QUIET_MS = 2
/** Below this rate, entries per second, waiting brings no company. */
const BUSY_RATE = 250
/** Memory of the rate, ms. */
const MEMORY_MS = 200
/** A disk that takes longer for a commit is slow, ms. */
const SLOW_COMMIT_MS = 4
/** Those who answer an acknowledgement come closer together than this, ms. */
const SLOW_QUIET_MS = 1
/** Part of the newest commit in the average. */
const NEWEST_PART = 0.2

export class GroupCommit {
  readonly #windowMs: number
  /** Entries of late, forgotten exponentially; divided by MEMORY_MS it is the rate per ms. */
  #level = 0
  #levelAt = Number.NEGATIVE_INFINITY
  /** Duration of a commit, on average, and when the last one ended. */
  #commitMs = 0
  #endedAt = 0

  /** @param windowMs upper bound of the wait of the first entry */
  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** A commit of `entries` begins. */
  began(entries: number, now: number): void {
    this.#level = this.#levelNow(now) + entries
    this.#levelAt = now
  }

  /** A commit that took `commitMs` has ended. */
  ended(commitMs: number, now: number): void {
    this.#commitMs += NEWEST_PART * (commitMs - this.#commitMs)
    this.#endedAt = now
  }

  /**
   * @param waiting entries that wait, the first since `firstAt`, the newest since `lastAt` (ms, any clock that never jumps)
   * @returns ms until the commit should begin (ask again then); 0: now
   */
  wait(waiting: number, firstAt: number, lastAt: number, now: number): number {
    if (!this.#busy(waiting, now)) return 0
    if (waiting >= ENOUGH) return this.#waitOfMany(lastAt, now)
    return Math.max(0, Math.min(lastAt + QUIET_MS, firstAt + this.#windowMs) - now)
  }

  /** Are there enough of them that none of the reasons to wait holds? Cheap, for every entry. */
  static enough(waiting: number): boolean {
    return waiting >= ENOUGH
  }

  /** Not longer than a commit takes: what is lost by waiting in vain is then no more than what can be won. */
  #waitOfMany(lastAt: number, now: number): number {
    if (this.#commitMs < SLOW_COMMIT_MS) return 0
    const most = Math.min(this.#commitMs, this.#windowMs)
    return Math.max(0, Math.min(lastAt + SLOW_QUIET_MS, this.#endedAt + most) - now)
  }

  #busy(waiting: number, now: number): boolean {
    return ((this.#levelNow(now) + waiting) / MEMORY_MS) * 1000 > BUSY_RATE
  }

  #levelNow(now: number): number {
    return this.#level * Math.exp((this.#levelAt - now) / MEMORY_MS)
  }
}
