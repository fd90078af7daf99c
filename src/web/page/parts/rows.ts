// Which rows of a long list are in the document, and the way through them by keys.

import { useLayoutEffect, useRef, useState } from 'preact/hooks'

export const ROW_PX = 48
/** Beyond what is in sight, so that nothing flashes. */
const MORE_ROWS = 8
const DEFAULT_BOX_PX = 640

/** @param count rows that there are */
export function useRows(count: number) {
  const box = useRef<HTMLDivElement>(null)
  const [from, setFrom] = useState(0)
  const wanted = useRef<number | null>(null)
  const boxPx = box.current?.clientHeight || DEFAULT_BOX_PX
  const inSight = Math.ceil(boxPx / ROW_PX) + 2 * MORE_ROWS
  const first = Math.max(0, Math.min(from, count - inSight))
  const look = (): void => setFrom(Math.max(0, Math.floor(box.current!.scrollTop / ROW_PX) - MORE_ROWS))
  const focus = (): void => {
    const row = wanted.current !== null && box.current?.querySelector(`[data-index="${wanted.current}"]`)
    if (!row) return
    wanted.current = null
    ;(row.querySelector<HTMLElement>('button, a') ?? box.current!).focus({ preventScroll: true })
  }
  useLayoutEffect(focus) // what the keys went to may have come with this rendering
  const goTo = (index: number): void => {
    const { clientHeight, scrollTop, firstElementChild } = box.current!
    const headPx = (firstElementChild as HTMLElement).offsetHeight
    const top = index * ROW_PX
    const bottom = top + ROW_PX + headPx - clientHeight
    wanted.current = index
    box.current!.scrollTop = Math.min(top, Math.max(bottom, scrollTop))
    look()
    focus()
  }
  const pressed = (event: KeyboardEvent): void => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-index]')
    const at = row ? Number(row.dataset.index) : Math.round(box.current!.scrollTop / ROW_PX) - 1
    const to = stepOf(event, at, { count, page: Math.floor(boxPx / ROW_PX) - 1 })
    if (to === null) return
    event.preventDefault()
    goTo(to)
  }
  return { box, first, end: first + inSight, look, pressed }
}

/** @returns the row to go to; null: the key is not ours */
function stepOf({ key, altKey, ctrlKey, metaKey }: KeyboardEvent, at: number, o: { count: number; page: number }) {
  const { count, page } = o
  if (altKey || ctrlKey || metaKey || count === 0) return null
  const steps: Readonly<Record<string, number>> = {
    ...{ ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page },
    ...{ Home: 0, End: count - 1 },
  }
  const to = steps[key]
  return to === undefined ? null : Math.max(0, Math.min(count - 1, to))
}
