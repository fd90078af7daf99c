// What a commit would change, its faults, and the commit.

import { useState } from 'preact/hooks'
import { Action, askFor } from '../parts/action.tsx'
import { Empty } from '../parts/empty.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { Choice, Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { useRead } from '../parts/use-read.ts'
import { linkTo } from '../place.ts'
import { said } from '../said.ts'
import { t } from '../texts.ts'
import type { ConfigFault, PartProps } from './configuration.tsx'
import { FaultList } from './configuration-faults.tsx'

interface Checked {
  readonly faults: readonly ConfigFault[]
  readonly errors: number
  readonly changes: readonly string[]
  readonly atStart: readonly string[]
  readonly waiting: Readonly<Record<string, number>>
}

const MINUTES = ['5', '1', '30', ''] as const
const PENDING = ['', 'drain', 'drop', 'keep'] as const

export function Changes({ status, take, changed }: PartProps) {
  if (!status.candidate && status.editedByHand.length === 0) {
    return (
      <section class="card">
        <Empty title={t('config.noChanges')}>
          <p>
            {t('config.noChanges.next')} <a href={linkTo('configuration', 'keys')}>{t('config.keys')}</a>
          </p>
        </Empty>
      </section>
    )
  }
  const revision = status.candidate?.revision ?? 0
  return <Candidate key={revision} {...{ revision, take, changed }} />
}

/** @param revision what is looked at: what somebody has put in since is not committed unseen */
function Candidate({ revision, take, changed }: Omit<PartProps, 'status'> & { revision: number }) {
  const diff = useRead<{ diff: string }>('config diff')
  const check = useRead<Checked>('config check')
  const again = (): void => {
    diff.again()
    check.again()
    changed()
  }
  return (
    <>
      <section class="card">
        <h2>{t('config.diff')}</h2>
        <FaultBox fault={diff.fault} />
        {diff.result && <Diff text={diff.result.diff} />}
      </section>
      <section class="card">
        <h2>{t('config.commit')}</h2>
        <FaultBox fault={check.fault} />
        {check.result && <Commit checked={check.result} take={{ ...take, revision }} done={again} />}
      </section>
    </>
  )
}

export function Diff({ text }: { text: string }) {
  const looks = { '+': 'added', '-': 'gone', '@': 'dim' } as Readonly<Record<string, string>>
  const lines = text.split('\n').map((line, i) => ({ line, at: i }))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <pre class="diff" tabIndex={0}>
      {lines.map(({ line, at }) => (
        <span key={at} class={looks[line[0] ?? ''] ?? ''}>
          {line}
          {'\n'}
        </span>
      ))}
    </pre>
  )
}

interface CommitProps {
  readonly checked: Checked
  readonly take: PartProps['take'] & { readonly revision: number }
  readonly done: () => void
}

function Commit({ checked, take, done }: CommitProps) {
  const { faults, errors, changes, atStart, waiting } = checked
  const [confirm, setConfirm] = useState<(typeof MINUTES)[number]>('5')
  const [pending, setPending] = useState<(typeof PENDING)[number]>('')
  const [comment, setComment] = useState('')
  const values = { ...(confirm && { confirm }), ...(pending && { pending }), ...(comment && { comment }), ...take }
  const act = async (): Promise<void> => askFor({ command: 'config commit', values, label: t('config.commit'), done })
  return (
    <>
      <FaultList faults={faults} />
      <ul>
        {changes.map((sentence) => (
          <li key={sentence}>{said(sentence)}</li>
        ))}
      </ul>
      {atStart.length > 0 && <p class="warning">{t('config.atStart', { keys: atStart.join(', ') })}</p>}
      {errors > 0 && <p class="hint">{t('config.refused', { count: errors })}</p>}
      <Form
        submit={t('config.commit')}
        act={act}
        beside={<Action command="config discard" values={take} label={t('config.discard')} look="danger" done={done} />}
      >
        <div class="row">
          <Choice
            {...{ label: t('config.confirmIn'), value: confirm, change: setConfirm }}
            options={MINUTES.map(
              (one) => [one, one ? t('config.minutes', { count: one }) : t('config.noConfirm')] as const,
            )}
          />
          {Object.keys(waiting).length > 0 && (
            <Choice
              {...{ label: t('config.pending'), value: pending, change: setPending }}
              options={PENDING.map((one) => [one, one ? t(`config.pending.${one}`) : '–'] as const)}
            />
          )}
          <Field label={t('config.comment')} value={comment} change={setComment} />
        </div>
      </Form>
      <p class="hint">{t('config.confirm.hint')}</p>
    </>
  )
}
