// The first run, step by step.

import { useState } from 'preact/hooks'
import { Wishes } from '../app.tsx'
import { Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { inWizard, setUp } from '../session.ts'
import { t } from '../texts.ts'

const LEAST_PASSWORD = 8

export function Wizard() {
  return (
    <main class="door">
      <h1>
        <img src="/icon.svg" alt="" width="40" height="40" /> {t('wizard')}
      </h1>
      <Account
        next={() => {
          inWizard.value = false
        }}
      />
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
