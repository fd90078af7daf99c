// A form that does something by its button, and says what went wrong.

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { type Fault, faultOf } from '../api.ts'
import { Progress } from './action.tsx'
import { FaultBox } from './fault.tsx'

interface FormProps {
  readonly submit: string
  readonly act: () => Promise<unknown>
  readonly children: ComponentChildren
  /** More buttons. */
  readonly beside?: ComponentChildren
}

export function Form({ submit, act, children, beside }: FormProps) {
  const [fault, setFault] = useState<Fault | null>(null)
  const [startedAt, setStartedAt] = useState<number | null>(null)
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setFault(null)
    setStartedAt(Date.now())
    try {
      await act()
    } catch (error) {
      setFault(faultOf(error))
    }
    setStartedAt(null)
  }
  return (
    <form onSubmit={onSubmit}>
      {children}
      <FaultBox fault={fault} />
      {startedAt !== null && <Progress since={startedAt} />}
      <div class="buttons">
        {beside}
        <button type="submit" class="primary" disabled={startedAt !== null}>
          {submit}
        </button>
      </div>
    </form>
  )
}
