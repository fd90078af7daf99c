// The password once more: what is done with accounts, tokens and backups wants a login that is not old; and a login ends.

import { useState } from 'preact/hooks'
import { ask, onOldLogin } from '../api.ts'
import { cell, useCell } from '../cell.ts'
import { session } from '../session.ts'
import { t } from '../texts.ts'
import { Dialog } from './dialog.tsx'
import { Field } from './field.tsx'
import { Form } from './form.tsx'

interface Wanted {
  readonly why: 'old' | 'ended'
  readonly answer: (given: boolean) => void
}

const wanted = cell<Wanted | null>(null)
let asking: Promise<boolean> | undefined

/** Once, for all that ask at the same time. */
onOldLogin.call = (why) => {
  asking ??= new Promise<boolean>((resolve) => {
    wanted.value = { why, answer: resolve }
  }).finally(() => {
    asking = undefined
    wanted.value = null
  })
  return asking
}

/** Once in the page. */
export function PasswordAgain() {
  const asked = useCell(wanted)
  return asked && <Asking {...asked} />
}

function Asking({ why, answer }: Wanted) {
  const [password, setPassword] = useState('')
  const act = async (): Promise<void> => {
    await ask('POST', '/session', { name: session.value?.name, password })
    answer(true)
  }
  return (
    <Dialog title={t('again')} close={() => answer(false)} covers={why === 'ended'}>
      <p>{t(`again.${why}`, { name: session.value?.name ?? '' })}</p>
      <Form
        submit={t('login')}
        act={act}
        beside={
          <button type="button" onClick={() => answer(false)}>
            {t('action.cancel')}
          </button>
        }
      >
        <Field
          {...{ label: t('password'), type: 'password', value: password, change: setPassword }}
          autocomplete="current-password"
          required
          autofocus
        />
      </Form>
    </Dialog>
  )
}
