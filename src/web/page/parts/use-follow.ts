// What a command that follows has, and what comes, while it is on the screen and looked at.

import { useEffect, useState } from 'preact/hooks'
import { type Fault, faultOf, pathTo, read, type Values } from '../api.ts'
import { whileSeen } from '../seen.ts'

const RETRY_MS = 3000

export interface Following<T> {
  /** Oldest first. */
  readonly items: readonly T[] | undefined
  readonly fault: Fault | null
}

/** @param most items that are kept. @param goesOn false: what is there stays, and nothing comes */
export function useFollow<T>(command: string, values: Values, { most, goesOn }: { most: number; goesOn: boolean }) {
  const [state, setState] = useState<Following<T>>({ items: undefined, fault: null })
  const path = pathTo(command, { ...values, follow: 1 })
  useEffect(() => {
    if (!goesOn) return
    return whileSeen(() =>
      stream<T>(path, {
        begin: () => setState({ items: [], fault: null }),
        take: (came) => setState(({ items = [], fault }) => ({ items: [...items, ...came].slice(-most), fault })),
        // an event source does not say why
        refused: () => void read(command, values).catch((error) => setState({ items: [], fault: faultOf(error) })),
      }),
    )
  }, [path, most, goesOn])
  return state
}

interface Reader<T> {
  /** All of it comes anew. */
  begin(): void
  take(came: readonly T[]): void
  refused(): void
}

/** What comes between two frames is taken at once. @returns ends it */
function stream<T>(path: string, { begin, take, refused }: Reader<T>): () => void {
  let source: EventSource
  let retry: ReturnType<typeof setTimeout> | undefined
  let frame: number | undefined
  let came: T[] = []
  const flush = (): void => {
    frame = undefined
    take(came)
    came = []
  }
  const open = (): void => {
    source = new EventSource(path)
    source.onopen = () => {
      came = []
      begin()
    }
    source.addEventListener('item', ({ data }) => {
      came.push(JSON.parse(data))
      frame ??= requestAnimationFrame(flush)
    })
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return // it tries again by itself
      refused()
      retry = setTimeout(open, RETRY_MS)
    }
  }
  open()
  return () => {
    source.close()
    clearTimeout(retry)
    if (frame !== undefined) cancelAnimationFrame(frame)
  }
}
