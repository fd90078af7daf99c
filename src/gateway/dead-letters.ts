// Dead letters as the commands show them.

import type { PoolId } from '../model/binding.ts'
import { HoldfastError } from '../model/errors.ts'
import type { DeadLetter, DeadLetters } from '../queue/journal.ts'
import { eventForEyes } from './event-for-eyes.ts'

export class DeadLetterCommands {
  readonly #letters: DeadLetters

  constructor(letters: DeadLetters) {
    this.#letters = letters
  }

  /** @param pool only this pool's; absent: all */
  list(pool?: PoolId): readonly Record<string, unknown>[] {
    return this.#letters
      .list(pool ? { pool } : {})
      .map(({ at, ...letter }) => ({ ...letter, at: new Date(at).toISOString() }))
  }

  /** @throws HoldfastError NOT_FOUND */
  show(id: number): Record<string, unknown> {
    const letter = this.#letters.show(id)
    if (!letter) throw new HoldfastError('NOT_FOUND', `there is no dead letter ${id}`)
    const { event, boundTo, at, ...rest } = letter
    return {
      ...rest,
      at: new Date(at).toISOString(),
      event: eventForEyes(event),
      action: JSON.stringify(boundTo.action),
    }
  }

  retry(ids: number | 'all'): Promise<{ retried: number }> {
    return this.#each(ids, (id) => this.#letters.retry(id)).then((retried) => ({ retried }))
  }

  drop(ids: number | 'all'): Promise<{ dropped: number }> {
    return this.#each(ids, (id) => this.#letters.drop(id)).then((dropped) => ({ dropped }))
  }

  /** One page after the other, so that any number of letters is gone through. */
  async #each(ids: number | 'all', act: (id: number) => Promise<void>): Promise<number> {
    if (ids !== 'all') {
      await act(ids)
      return 1
    }
    let done = 0
    let page: readonly DeadLetter[] = this.#letters.list()
    while (page.length > 0) {
      for (const { id } of page) await act(id)
      done += page.length
      page = this.#letters.list({ after: page.at(-1)!.id })
    }
    return done
  }
}
