// The runs of one session, worked off one after the other. What it costs to find one does not depend on their number:
// a client may subscribe to thousands of filters in one packet, and keep its window shut.

import { FilterTrie } from '../model/topic-tries.ts'
import type { Run } from './run.ts'

export class Runs {
  readonly #runs: Run[] = []
  readonly #byFilter = new FilterTrie<Run>()
  /** By filter: the last SUBSCRIBE's. */
  readonly #subscribed = new Map<string, Run>()
  /** That of a resumed session, behind which every message waits. */
  #resumed: Run | undefined
  #added = 0

  get length(): number {
    return this.#runs.length
  }

  /** The current one; those that are finished are forgotten. */
  current(): Run | undefined {
    while (this.#runs[0]?.finished) this.#forget(this.#runs.shift()!)
    return this.#runs[0]
  }

  add(run: Run): void {
    run.number = ++this.#added
    this.#runs.push(run)
    this.#remember(run)
  }

  /** The last one that messages of this topic wait behind. */
  lastOf(topic: string): Run | undefined {
    let last = this.#resumed?.finished ? undefined : this.#resumed
    for (const run of this.#byFilter.match(topic)) {
      if (!run.finished && run.number > (last?.number ?? 0)) last = run
    }
    return last
  }

  /** The filter's, if it has not begun: when it is subscribed anew, or no more, that one is not needed. */
  unbegun(filter: string): Run | undefined {
    const run = this.#subscribed.get(filter)
    return run?.begun ? undefined : run
  }

  /** `by` takes what waits behind `run`, and its place: else that would come behind what was published later. */
  replace(run: Run, by: Run): void {
    by.number = run.number
    this.#runs[this.#runs.indexOf(run)] = by
    this.#forget(run)
    run.callOff()
    this.#remember(by)
  }

  remove(run: Run): void {
    this.#runs.splice(this.#runs.indexOf(run), 1)
    this.#forget(run)
    run.callOff()
  }

  /** Lets all go. */
  clear(): Run[] {
    const runs = this.#runs.splice(0)
    for (const run of runs) {
      this.#forget(run)
      run.callOff()
    }
    return runs
  }

  [Symbol.iterator](): Iterator<Run> {
    return this.#runs.values()
  }

  #remember(run: Run): void {
    const { filter } = run
    if (filter === undefined) this.#resumed = run
    else {
      this.#byFilter.add(filter, run)
      if (run.owed.has(filter)) this.#subscribed.set(filter, run)
    }
  }

  #forget(run: Run): void {
    const { filter } = run
    if (filter === undefined) this.#resumed = undefined
    else {
      this.#byFilter.remove(filter, run)
      if (this.#subscribed.get(filter) === run) this.#subscribed.delete(filter)
    }
  }
}
