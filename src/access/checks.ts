// Password checks, one after the other: each takes tens of milliseconds and megabytes, and a thousand clients may come
// at once. Two run at a time, fewer when they are large; so many wait. The same check asked for twice runs once.
// A check that was right is remembered in memory, as a keyed digest: the key is this process's own, and the digest holds
// the stored hash, too, so that a changed password is checked anew.

import { createHmac, randomBytes } from 'node:crypto'
import { MAX_CHECK_BYTES, type PasswordHash } from './password-hash.ts'

/** busy: too many wait. off: when its turn came, nobody wanted it any more. */
export type Outcome = 'right' | 'wrong' | 'busy' | 'off'

const RUNNING = 2 // of the four threads in which names are resolved, too
const WAITING = 1000
const REMEMBERED = 10_000

interface Job {
  readonly digest: string
  readonly password: Buffer
  readonly hash: PasswordHash
  /** Of each who asked for it. */
  readonly wanted: (() => boolean)[]
  readonly outcome: PromiseWithResolvers<Outcome>
}

export class Checks {
  readonly #key = randomBytes(32)
  /** Digests of right ones, the least lately used first. */
  readonly #right = new Set<string>()
  /** Waiting or running, by digest. */
  readonly #jobs = new Map<string, Job>()
  readonly #queue: Job[] = []
  #running = 0
  #memoryBytes = 0

  get waiting(): number {
    return this.#queue.length
  }

  /** What `remembers` and `check` go by. Of the password it tells nothing to who has not the key. */
  digest(name: string, password: Buffer, hash: PasswordHash): string {
    const head = JSON.stringify([name, hash.text])
    return createHmac('sha256', this.#key).update(head).update(password).digest('base64')
  }

  remembers(digest: string): boolean {
    if (!this.#right.delete(digest)) return false
    this.#right.add(digest)
    return true
  }

  remember(digest: string): void {
    this.#right.add(digest)
    if (this.#right.size > REMEMBERED) this.#right.delete(this.#right.values().next().value!)
  }

  /** @param wanted asked when its turn comes: is it still worth it? */
  check(digest: string, password: Buffer, hash: PasswordHash, wanted: () => boolean): Promise<Outcome> {
    const known = this.#jobs.get(digest)
    if (known) {
      known.wanted.push(wanted)
      return known.outcome.promise
    }
    if (this.#queue.length >= WAITING) return Promise.resolve('busy')
    const job: Job = { digest, password, hash, wanted: [wanted], outcome: Promise.withResolvers() }
    this.#jobs.set(digest, job)
    this.#queue.push(job)
    this.#work()
    return job.outcome.promise
  }

  #work(): void {
    for (let job = this.#queue[0]; job && this.#hasRoom(job); job = this.#queue[0]) {
      this.#queue.shift()
      if (job.wanted.some((wanted) => wanted())) void this.#run(job)
      else this.#settle(job, 'off')
    }
  }

  #hasRoom({ hash }: Job): boolean {
    if (this.#running === 0) return true
    return this.#running < RUNNING && this.#memoryBytes + hash.memoryBytes <= MAX_CHECK_BYTES
  }

  async #run(job: Job): Promise<void> {
    this.#running++
    this.#memoryBytes += job.hash.memoryBytes
    try {
      this.#settle(job, (await job.hash.verify(job.password)) ? 'right' : 'wrong')
    } catch (error) {
      this.#jobs.delete(job.digest)
      job.outcome.reject(error)
    } finally {
      this.#running--
      this.#memoryBytes -= job.hash.memoryBytes
      this.#work()
    }
  }

  #settle(job: Job, outcome: Outcome): void {
    this.#jobs.delete(job.digest)
    job.outcome.resolve(outcome)
  }
}
