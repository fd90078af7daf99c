// What went wrong, and what to do about it.

import { Fault } from '../api.ts'
import type { Pool } from '../live.ts'
import { said } from '../said.ts'

export const faultOfPool = (error: Pool['error']): Fault | null =>
  error && new Fault(error.code, error.message, error.hint ?? undefined)

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
