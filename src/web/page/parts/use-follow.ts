// What a command that follows has, and what comes, while it is on the screen and looked at.

import { useEffect, useState } from 'preact/hooks'
import { type Fault, faultOf, pathTo, read, type Values } from '../api.ts'
import { whileSeen } from '../seen.ts'
import { openStream } from '../stream.ts'

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
      byFrames<T>(path, {
        begin: () => setState({ items: [], fault: null }),
        take: (came) => setState(({ items = [], fault }) => ({ items: [...items, ...came].slice(-most), fault })),
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
function byFrames<T>(path: string, { begin, take, refused }: Reader<T>): () => void {
  let frame: number | undefined
  let came: T[] = []
  const flush = (): void => {
    frame = undefined
    take(came)
    came = []
  }
  const close = openStream(path, 'item', {
    opened() {
      came = []
      begin()
    },
    came(data) {
      came.push(JSON.parse(data))
      frame ??= requestAnimationFrame(flush)
    },
    broke: (isRefused) => isRefused && refused(),
  })
  return () => {
    close()
    if (frame !== undefined) cancelAnimationFrame(frame)
  }
}
