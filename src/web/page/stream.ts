// Server-sent events. A stream that breaks opens again by itself; one that is refused is tried again here.

const RETRY_MS = 3000

export interface Listener {
  /** It comes from its beginning. */
  opened(): void
  /** @param data JSON */
  came(data: string): void
  /** @param refused the gateway does not give it; it does not say why */
  broke(refused: boolean): void
}

/** @param name of the events. @returns closes it */
export function openStream(path: string, name: string, { opened, came, broke }: Listener): () => void {
  let source: EventSource
  let retry: ReturnType<typeof setTimeout> | undefined
  const open = (): void => {
    source = new EventSource(path)
    source.onopen = opened
    source.addEventListener(name, ({ data }) => came(data))
    source.onerror = () => {
      const isRefused = source.readyState === EventSource.CLOSED
      if (isRefused) retry = setTimeout(open, RETRY_MS)
      broke(isRefused)
    }
  }
  open()
  return () => {
    source.close()
    clearTimeout(retry)
  }
}
