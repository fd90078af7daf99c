// What a command answers, again and again while it is on the screen.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type Fault, faultOf, read, type Values } from '../api.ts'

export const LIST_MS = 5000
/** Of the time at most; ten thousand rows are megabytes. */
const SHARE = 0.05

export interface Reading<T> {
  readonly result: T | undefined
  readonly fault: Fault | null
  readonly again: () => void
}

/** @param everyMs 0: once; what takes long is asked for less often. @param command null: nothing is asked */
export function useRead<T>(command: string | null, values: Values = {}, everyMs = 0): Reading<T> {
  const [result, setResult] = useState<T>()
  const [fault, setFault] = useState<Fault | null>(null)
  const [turn, setTurn] = useState(0)
  const written = JSON.stringify(values)
  const asked = useRef(written)
  useEffect(() => {
    if (command === null) return
    let over = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async (): Promise<void> => {
      const begun = performance.now()
      try {
        const found = await read<T>(command, JSON.parse(written))
        if (over) return
        setResult(found)
        setFault(null)
      } catch (error) {
        if (!over) setFault(faultOf(error))
      }
      const tookMs = performance.now() - begun
      if (!over && everyMs > 0) timer = setTimeout(next, Math.max(everyMs, tookMs / SHARE))
    }
    const next = (): void => {
      if (document.hidden) timer = setTimeout(next, everyMs)
      else void look()
    }
    if (asked.current !== written) setResult(undefined)
    asked.current = written
    void look()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [command, written, everyMs, turn])
  return { result, fault, again: useCallback(() => setTurn((before) => before + 1), []) }
}
