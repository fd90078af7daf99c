// The first run, step by step: an account, the gateway's name and time, a database.

import { useState } from 'preact/hooks'
import { run } from '../api.ts'
import { Wishes } from '../app.tsx'
import { useCell } from '../cell.ts'
import { has } from '../declared.ts'
import { moment } from '../format.ts'
import { live } from '../live.ts'
import { Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { inWizard, session, setUp } from '../session.ts'
import { t } from '../texts.ts'
import { FirstDatabase } from './wizard-database.tsx'

const LEAST_PASSWORD = 8
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

/** Its name, and whether its clock is right. */
function GatewayItself({ next }: { next: () => void }) {
  const now = useCell(live)
  const [written, setName] = useState<string | null>(null)
  if (!now) return <p class="loading">{t('loading')}</p>
  const { node, clock } = now.status
  const name = written ?? node
  const act = async (): Promise<void> => {
    if (name !== node) {
      await run('config set', { key: 'node.name', value: name })
      await run('config commit', { comment: t('wizard') })
    }
    next()
  }
  return (
    <Form submit={t('wizard.next')} act={act}>
      <h2>{t('wizard.gateway')}</h2>
      <Field label={t('system.node')} hint={t('wizard.node.hint')} value={name} change={setName} required />
      <p class={clock.trusted ? 'hint' : 'warning'}>
        {t(clock.trusted ? 'wizard.clock' : 'wizard.clock.notSet', { source: clock.source })}{' '}
        {t('wizard.clock.here', { time: moment(Date.now()) })}
      </p>
    </Form>
  )
}
