// What comes, one after the other, for a reader that may be slow: what it does not take waits, but not without end.

const MOST_WAITING = 1000

/**
 * @param first what is there already; nothing comes between it and the rest
 * @param subscribe is given where what comes is to go; returns what ends it
 * @param signal ends it
 */
export async function* following<T>(
  first: () => readonly T[],
  subscribe: (take: (item: T) => void) => () => void,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const waiting: T[] = []
  let wake = (): void => {}
  const end = subscribe((item) => {
    if (waiting.push(item) > MOST_WAITING) waiting.shift()
    wake()
  })
  signal.addEventListener('abort', () => wake())
  try {
    yield* first()
    while (!signal.aborted) {
      while (waiting.length > 0) yield waiting.shift()!
      if (signal.aborted) return
      await new Promise<void>((resolve) => {
        wake = resolve
        if (waiting.length > 0) resolve()
      })
    }
  } finally {
    end()
  }
}
