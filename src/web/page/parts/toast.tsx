// What was done, for some seconds.

import { useEffect } from 'preact/hooks'
import { cell, useCell } from '../cell.ts'
import { t } from '../texts.ts'

const SHOWN_MS = 8000

const told = cell<{ text: string } | null>(null)

export function tell(text: string): void {
  told.value = { text }
}

/** Once in the page. */
export function Toast() {
  const now = useCell(told)
  const close = (): void => {
    told.value = null
  }
  // anew for each
  useEffect(() => {
    const timer = setTimeout(close, SHOWN_MS)
    return () => clearTimeout(timer)
  }, [now])
  return (
    <div class="toast" role="status">
      {now && (
        <>
          <span>{now.text}</span>
          <button type="button" class="quiet" aria-label={t('action.close')} onClick={close}>
            ✕
          </button>
        </>
      )}
    </div>
  )
}
