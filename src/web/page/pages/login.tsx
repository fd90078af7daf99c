import { useState } from 'preact/hooks'
import { Wishes } from '../app.tsx'
import { Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { logIn } from '../session.ts'
import { t } from '../texts.ts'

export function Login() {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  return (
    <main class="door">
      <h1>
        <img src="/icon.svg" alt="" width="40" height="40" /> Holdfast
      </h1>
      <Form submit={t('login')} act={() => logIn(name, password)}>
        <Field label={t('name')} value={name} change={setName} autocomplete="username" required autofocus />
        <Field
          {...{ label: t('password'), type: 'password', value: password, change: setPassword }}
          autocomplete="current-password"
          required
        />
      </Form>
      <p class="hint">{t('login.hint')}</p>
      <Wishes />
    </main>
  )
}
