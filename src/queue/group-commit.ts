// When does what waits become a commit? Each commit costs an fsync and a few whole pages, whatever it holds: alone it goes
// at once (nobody should wait for nothing), under load it waits a little for company (a card wears out by bytes written).
// A disk that takes long for a sync takes several at a time in hardly more: there the next commit does not wait for the last.
// Pure: times come from outside.

/** Commits that hold so many need no more company. */
const ENOUGH = 64
/** After so long without a newcomer all who wanted to come have come, ms. */
const QUIET_MS = 2
/** Below this rate, entries per second, waiting brings no company. */
const BUSY_RATE = 250
/** Memory of the rate, ms. */
const MEMORY_MS = 200
/** From here on a commit is slow, ms. Below it an overlap costs more commits than it saves time. */
const SLOW_MS = 3
/** Part of the newest commit in the average. */
const NEWEST_PART = 0.2

export class GroupCommit {
  #windowMs: number
  /** Entries of late, forgotten exponentially; divided by MEMORY_MS it is the rate per ms. */
  #level = 0
  #levelAt = Number.NEGATIVE_INFINITY
  /** Duration of a commit, on average. */
  #commitMs = 0

  /** @param windowMs upper bound of the wait of the first entry */
  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  set windowMs(ms: number) {
    this.#windowMs = ms
  }

  /** A commit of `entries` begins. */
  began(entries: number, now: number): void {
    this.#level = this.#levelNow(now) + entries
    this.#levelAt = now
  }

  /** A commit took `commitMs` until it was on disk. */
  ended(commitMs: number): void {
    this.#commitMs += NEWEST_PART * (commitMs - this.#commitMs)
  }

  /** Should a commit begin before the last has ended? */
  get overlaps(): boolean {
    return this.#commitMs > SLOW_MS
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
