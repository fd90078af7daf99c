// The configuration as a transaction: what is edited is a candidate, until it is committed.

import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useCell } from '../cell.ts'
import { duration } from '../format.ts'
import { Action } from '../parts/action.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { Check } from '../parts/field.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { useRead } from '../parts/use-read.ts'
import { place } from '../place.ts'
import { session } from '../session.ts'
import { type TextKey, t } from '../texts.ts'
import { Changes } from './configuration-changes.tsx'
import { ConfigFile, Files } from './configuration-files.tsx'
import { History } from './configuration-history.tsx'
import { Keys } from './configuration-keys.tsx'

export interface ConfigStatus {
  readonly version: number | null
  readonly candidate: { owner: { who: string; from: string }; revision: number; files: string[] } | null
  readonly toConfirm: { version: number; back: number; leftMs: number } | null
  readonly editedByHand: readonly string[]
  readonly draining: readonly string[]
}

export interface ConfigFault {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint?: string
}

export interface PartProps {
  readonly status: ConfigStatus
  /** Goes on with what another one began. */
  readonly take: { take?: true }
  /** The candidate is another now. */
  readonly changed: () => void
}

const PARTS: readonly { name: string; title: TextKey; Body: ComponentType<PartProps> }[] = [
  { name: 'keys', title: 'config.keys', Body: Keys },
  { name: 'files', title: 'config.files', Body: Files },
  { name: 'changes', title: 'config.changes', Body: Changes },
  { name: 'history', title: 'config.history', Body: History },
]
const EVERY_MS = 3000

export function Configuration() {
  const [, second = 'keys'] = useCell(place)
  const { result: status, fault, again } = useRead<ConfigStatus>('config status', {}, EVERY_MS)
  const [isTaking, setTaking] = useState(false)
  const part = PARTS.find(({ name }) => name === second)
  const isOthers = status?.candidate && status.candidate.owner.who !== session.value?.name
  const props = status && { status, take: isOthers && isTaking ? { take: true as const } : {}, changed: again }
  return (
    <>
      <FaultBox fault={fault} />
      {status?.toConfirm && <ToConfirm {...status.toConfirm} changed={again} />}
      {status && isOthers && (
        <p class="warning">
          {t('config.others', { who: status.candidate!.owner.who, from: status.candidate!.owner.from })}
          <Check label={t('config.take')} value={isTaking} change={setTaking} />
        </p>
      )}
      {(status?.editedByHand.length ?? 0) > 0 && (
        <p class="warning">{t('config.byHand', { files: status!.editedByHand.join(', ') })}</p>
      )}
      <Tabs
        {...{ label: t('configuration'), page: 'configuration', at: part?.name ?? 'files' }}
        tabs={PARTS.map(({ name, title }) => ({
          name,
          title: `${t(title)}${name === 'changes' && status?.candidate ? ` (${status.candidate.files.length})` : ''}`,
        }))}
      />
      {props && (part ? <part.Body {...props} /> : <ConfigFile key={second} file={second} {...props} />)}
    </>
  )
}

/** What was committed with a deadline: the seconds run. */
function ToConfirm({ version, leftMs, changed }: { version: number; leftMs: number; changed: () => void }) {
  const [endsAt, setEndsAt] = useState(Date.now() + leftMs)
  const [, render] = useState<object>()
  useEffect(() => setEndsAt(Date.now() + leftMs), [leftMs])
  useEffect(() => {
    const timer = setInterval(() => render({}), 500)
    return () => clearInterval(timer)
  }, [])
  return (
    <div class="warning">
      <p>{t('config.toConfirm', { version, time: duration(Math.max(0, endsAt - Date.now())) })}</p>
      <div class="buttons">
        <Action command="config confirm" values={{}} label={t('config.confirm')} look="primary" done={changed} />
        <Action command="config rollback" values={{}} label={t('config.rollback')} look="danger" done={changed} />
      </div>
    </div>
  )
}
