// A command behind a button: says what it will do, does it, says what it did.

import { useEffect, useState } from 'preact/hooks'
import { type Fault, faultOf, preview, run, type Values } from '../api.ts'
import { cell, useCell } from '../cell.ts'
import { said } from '../said.ts'
import { t } from '../texts.ts'
import { Dialog } from './dialog.tsx'
import { FaultBox } from './fault.tsx'
import { tell } from './toast.tsx'

interface Asked {
  readonly command: string
  readonly values: Values
  readonly label: string
  /** In place of what the gateway says, when nobody is told by it. */
  readonly said?: string | undefined
  readonly done?: ((result: unknown) => void) | undefined
}

export interface ActionProps extends Asked {
  readonly name?: string
  readonly look?: 'primary' | 'danger' | 'quiet'
}

const asked = cell<Asked | null>(null)

/** @param name for readers that do not see where the button is */
export function Action({ look = 'quiet', name, ...action }: ActionProps) {
  return (
    <button type="button" class={look} aria-label={name} onClick={() => askFor(action)}>
      {action.label}
    </button>
  )
}

export function askFor(action: Asked): void {
  asked.value = action
}

/** Once in the page. */
export function ActionDialog() {
  const action = useCell(asked)
  return action && <Asking key={`${action.command} ${JSON.stringify(action.values)}`} action={action} />
}

function Asking({ action }: { action: Asked }) {
  const { command, values, label } = action
  const [will, setWill] = useState<{ will: string | null; asks: boolean }>()
  const [fault, setFault] = useState<Fault | null>(null)
  const [startedAt, setStartedAt] = useState<number | null>(null)
  const close = (): void => {
    asked.value = null
  }
  const act = async (): Promise<void> => {
    setStartedAt(Date.now())
    setFault(null)
    try {
      const { result, did } = await run(command, values)
      close()
      tell(did === null ? (action.said ?? t('action.done', { label })) : said(did))
      action.done?.(result)
    } catch (error) {
      setFault(faultOf(error))
    }
    setStartedAt(null)
  }
  // asked once for each dialog
  useEffect(() => {
    preview(command, values).then(
      (found) => (found.will === null ? void act() : setWill(found)),
      (error) => setFault(faultOf(error)),
    )
  }, [])
  return (
    <Dialog title={label} close={close}>
      {will?.will?.split('\n').map((line) => (
        <p key={line}>{said(line)}</p>
      ))}
      {will?.asks && <p class="hint">{t('action.final')}</p>}
      {!will && !fault && <p class="hint">…</p>}
      {startedAt !== null && <Progress since={startedAt} />}
      <FaultBox fault={fault} />
      <div class="buttons">
        <button type="button" class="quiet" onClick={close}>
          {t('action.cancel')}
        </button>
        {will && (
          <button type="button" class={will.asks ? 'danger' : 'primary'} disabled={startedAt !== null} onClick={act}>
            {label}
          </button>
        )}
      </div>
    </Dialog>
  )
}

/** That it goes on, and for how long already. */
export function Progress({ since }: { since: number }) {
  const [, render] = useState<object>()
  useEffect(() => {
    const timer = setInterval(() => render({}), 1000)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.round((Date.now() - since) / 1000)
  return (
    <p class="progress" role="status">
      <progress aria-label={t('action.running')} /> {t('action.running')} {seconds > 1 && `${seconds} s`}
    </p>
  )
}
