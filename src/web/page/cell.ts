// A value that parts of the page follow.

import { useEffect, useState } from 'preact/hooks'

export interface Cell<T> {
  value: T
  /** @returns ends it */
  follow(told: (value: T) => void): () => void
}

export function cell<T>(first: T): Cell<T> {
  const followers = new Set<(value: T) => void>()
  let now = first
  return {
    get value() {
      return now
    },
    set value(next: T) {
      now = next
      for (const told of followers) told(next)
    },
    follow(told) {
      followers.add(told)
      return () => void followers.delete(told)
    },
  }
}

/** The value, and a new rendering when it changes. */
export function useCell<T>(followed: Cell<T>): T {
  const [, render] = useState<object>()
  useEffect(() => followed.follow(() => render({})), [followed])
  return followed.value
}
