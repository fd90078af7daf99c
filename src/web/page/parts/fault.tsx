// What went wrong, and what to do about it.

import type { Fault } from '../api.ts'
import { said } from '../said.ts'

export function FaultBox({ fault }: { fault: Fault | null | undefined }) {
  if (!fault) return null
  return (
    <div class="fault" role="alert">
      <p>
        {said(fault.message)} <code>{fault.code}</code>
      </p>
      {fault.hint && <p class="hint">{said(fault.hint)}</p>}
    </div>
  )
}
