// Who may publish and read what: the rules of the candidate, and what they would allow.

import { useState } from 'preact/hooks'
import { read } from '../api.ts'
import { Action, askFor } from '../parts/action.tsx'
import { Empty } from '../parts/empty.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { Choice, Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { useRead } from '../parts/use-read.ts'
import { linkTo } from '../place.ts'
import { t } from '../texts.ts'

interface Rule {
  readonly line: number
  readonly for: (typeof WHOM)[number]
  readonly user: string | null
  readonly access: (typeof ACCESS)[number]
  readonly filter: string
}

const WHOM = ['everybody', 'anonymous', 'user'] as const
const ACCESS = ['readwrite', 'read', 'write', 'deny'] as const
const ACTIONS = ['publish', 'subscribe', 'read'] as const

const whomOf = (rule: Rule): string => rule.user ?? t(`rule.for.${rule.for}`)

export function Rules() {
  const { result, fault, again } = useRead<Rule[]>('acl')
  return (
    <>
      <section class="card">
        <p class="hint">
          {t('rules.hint')} <a href={linkTo('configuration', 'changes')}>{t('config.changes')}</a> ·{' '}
          <a href={linkTo('configuration', 'acl.conf')}>{t('access.rules.edit')}</a>
        </p>
        <FaultBox fault={fault} />
        {result && (
          <Table<Rule>
            {...{ label: t('rules'), rows: result, columns: columnsOf(again), filter: result.length > 10 }}
            keyOf={({ line }) => String(line)}
            empty={
              <Empty title={t('rules.none')}>
                <p>{t('rules.none.next')}</p>
              </Empty>
            }
          />
        )}
        <NewRule done={again} />
      </section>
      <TryRules />
    </>
  )
}

const columnsOf = (done: () => void): Column<Rule>[] => [
  { title: t('rule.for'), text: whomOf, cell: whomOf },
  { title: t('rule.access'), text: ({ access }) => t(`rule.${access}`), cell: ({ access }) => t(`rule.${access}`) },
  {
    title: t('topic.filter'),
    width: 'minmax(0, 1.5fr)',
    text: ({ filter }) => filter,
    cell: ({ filter }) => <code>{filter}</code>,
  },
  {
    title: '',
    width: '7.5rem',
    cell: ({ line, filter }) => (
      <Action
        {...{ command: 'acl remove', values: { line }, label: t('remove'), name: `${t('remove')} ${filter}`, done }}
      />
    ),
  },
]

function NewRule({ done }: { done: () => void }) {
  const [whom, setWhom] = useState<Rule['for']>('everybody')
  const [user, setUser] = useState('')
  const [access, setAccess] = useState<Rule['access']>('readwrite')
  const [filter, setFilter] = useState('')
  const who = whom === 'user' ? { user } : whom === 'anonymous' ? { anonymous: true } : {}
  const act = async (): Promise<void> =>
    askFor({ command: 'acl add', values: { access, filter, ...who }, label: t('rule.add'), done })
  return (
    <Form submit={t('rule.add')} act={act}>
      <div class="row">
        <Choice
          {...{ label: t('rule.for'), value: whom, change: setWhom }}
          options={WHOM.map((one) => [one, t(`rule.for.${one}`)] as const)}
        />
        {whom === 'user' && (
          <Field label={t('client.user')} value={user} change={setUser} autocomplete="off" required />
        )}
        <Choice
          {...{ label: t('rule.access'), value: access, change: setAccess }}
          options={ACCESS.map((one) => [one, t(`rule.${one}`)] as const)}
        />
        <Field label={t('topic.filter')} value={filter} change={setFilter} autocomplete="off" required />
      </div>
      {whom === 'everybody' && <p class="hint">{t('rule.everybody.hint')}</p>}
    </Form>
  )
}

function TryRules() {
  const [action, setAction] = useState<(typeof ACTIONS)[number]>('publish')
  const [topic, setTopic] = useState('')
  const [user, setUser] = useState('')
  const [client, setClient] = useState('')
  const [allowed, setAllowed] = useState<boolean | null>(null)
  const act = async (): Promise<void> => {
    const { allowed } = await read<{ allowed: boolean }>('acl try', { action, topic, user, client })
    setAllowed(allowed)
  }
  return (
    <section class="card">
      <h2>{t('rules.try')}</h2>
      <Form submit={t('try.do')} act={act}>
        <div class="row">
          <Choice
            {...{ label: t('rule.action'), value: action, change: setAction }}
            options={ACTIONS.map((one) => [one, t(`rule.action.${one}`)] as const)}
          />
          <Field label={t('message.topic')} value={topic} change={setTopic} autocomplete="off" required />
          <Field label={t('client.user')} value={user} change={setUser} autocomplete="off" />
          <Field label={t('client')} value={client} change={setClient} autocomplete="off" />
        </div>
      </Form>
      <p role="status">
        {allowed !== null && (
          <span class={`badge ${allowed ? 'good' : 'bad'}`}>{t(allowed ? 'rules.may' : 'rules.mayNot')}</span>
        )}
      </p>
    </section>
  )
}
