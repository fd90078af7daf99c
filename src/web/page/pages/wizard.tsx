// The first run, step by step: an account, the gateway's name and time, a database.

import { useState } from 'preact/hooks'
import type { ShownEntry } from '../../../gateway/config/text.ts'
import { Wishes } from '../app.tsx'
import { useCell } from '../cell.ts'
import { has } from '../declared.ts'
import { moment } from '../format.ts'
import { live } from '../live.ts'
import { Choice, Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { useRead } from '../parts/use-read.ts'
import { inWizard, LEAST_PASSWORD, session, setUp } from '../session.ts'
import { t } from '../texts.ts'
import { commitKeys } from './wizard-commit.ts'
import { FirstDatabase } from './wizard-database.tsx'

const STEPS = ['wizard.account', 'wizard.gateway', 'wizard.database'] as const

export function Wizard() {
  const [step, setStep] = useState(session.value?.state === 'in' ? 1 : 0)
  const end = (): void => {
    inWizard.value = false
  }
  const next = (): void => (has('config set') && step + 1 < STEPS.length ? setStep(step + 1) : end())
  return (
    <main class="door">
      <h1>
        <img src="/icon.svg" alt="" width="40" height="40" /> {t('wizard')}
      </h1>
      <ol class="steps">
        {STEPS.map((title, i) => (
          <li key={title} aria-current={i === step ? 'step' : undefined}>
            {t(title)}
          </li>
        ))}
      </ol>
      {step === 0 && <Account next={next} />}
      {step === 1 && <GatewayItself next={next} />}
      {step === 2 && <FirstDatabase end={end} />}
      <Wishes />
    </main>
  )
}

function Account({ next }: { next: () => void }) {
  const [code, setCode] = useState('')
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const act = async (): Promise<void> => {
    await setUp({ code, name, password })
    next()
  }
  return (
    <Form submit={t('wizard.account.submit')} act={act}>
      <h2>{t('wizard.account')}</h2>
      <Field
        {...{ label: t('wizard.code'), hint: t('wizard.code.hint'), value: code, change: setCode }}
        autocomplete="one-time-code"
        required
        autofocus
      />
      <Field label={t('name')} value={name} change={setName} autocomplete="username" required />
      <Field
        {...{ label: t('password'), hint: t('password.hint', { least: LEAST_PASSWORD }), type: 'password' }}
        {...{ value: password, change: setPassword, minLength: LEAST_PASSWORD }}
        autocomplete="new-password"
        required
      />
    </Form>
  )
}

const MQTT = 'listener.tcp.default'

/** Its name, who reaches it, and whether its clock is right. */
function GatewayItself({ next }: { next: () => void }) {
  const now = useCell(live)
  const { result: entries } = useRead<ShownEntry[]>('config show', { all: true })
  const [written, setName] = useState<string | null>(null)
  const [chosen, setListens] = useState<string | null>(null)
  if (!now || !entries) return <p class="loading">{t('loading')}</p>
  const { node, clock, access } = now.status
  const before = entries.find(({ key }) => key === MQTT)?.value ?? ''
  const [, host, port] = /^(127\.0\.0\.1|0\.0\.0\.0):(\d+)$/.exec(before) ?? []
  const name = written ?? node
  const listens = chosen ?? before
  const act = async (): Promise<void> => {
    const keys = [...(name === node ? [] : [['node.name', name]]), ...(listens === before ? [] : [[MQTT, listens]])]
    if (keys.length > 0) await commitKeys(keys as [string, string][])
    next()
  }
  return (
    <Form submit={t('wizard.next')} act={act}>
      <h2>{t('wizard.gateway')}</h2>
      <Field label={t('system.node')} hint={t('wizard.node.hint')} value={name} change={setName} required />
      {host && (
        <Choice
          {...{ label: t('wizard.listens'), value: listens, change: setListens }}
          options={[
            [`127.0.0.1:${port}`, t('wizard.listens.here')],
            [`0.0.0.0:${port}`, t('wizard.listens.all', { port: port! })],
          ]}
        />
      )}
      {access.anonymous && listens.startsWith('0.') && <p class="warning">{t('wizard.listens.anybody')}</p>}
      <p class={clock.trusted ? 'hint' : 'warning'}>
        {t(clock.trusted ? 'wizard.clock' : 'wizard.clock.notSet', { source: t(`clock.source.${clock.source}`) })}{' '}
        {t('wizard.clock.here', { time: moment(Date.now()) })}
      </p>
    </Form>
  )
}
