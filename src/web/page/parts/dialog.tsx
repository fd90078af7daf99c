// A dialog, over everything else; Escape closes it. Behind it the focus is where it was.

import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'

interface DialogProps {
  readonly title: string
  readonly close: () => void
  /** Nothing of the page is seen behind it. */
  readonly covers?: boolean
  readonly children: ComponentChildren
}

export function Dialog({ title, close, covers = false, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    element.current?.showModal()
    return () => before?.focus({ preventScroll: true })
  }, [])
  return (
    <dialog ref={element} class={covers ? 'covers' : undefined} aria-labelledby={id} onClose={close}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  )
}
