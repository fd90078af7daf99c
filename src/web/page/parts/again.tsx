// The password once more: what is done with accounts, tokens and backups wants a login that is not old.

import { useState } from 'preact/hooks'
import { ask, onOldLogin } from '../api.ts'
import { cell, useCell } from '../cell.ts'
import { session } from '../session.ts'
import { t } from '../texts.ts'
import { Dialog } from './dialog.tsx'
import { Field } from './field.tsx'
import { Form } from './form.tsx'

const wanted = cell<((given: boolean) => void) | null>(null)
let asking: Promise<boolean> | undefined

/** Once, for all that ask at the same time. */
onOldLogin.call = () => {
  asking ??= new Promise<boolean>((resolve) => {
    wanted.value = resolve
  }).finally(() => {
    asking = undefined
    wanted.value = null
  })
  return asking
}

/** Once in the page. */
export function PasswordAgain() {
  const answer = useCell(wanted)
  return answer && <Asking answer={answer} />
}

function Asking({ answer }: { answer: (given: boolean) => void }) {
  const [password, setPassword] = useState('')
  const act = async (): Promise<void> => {
    await ask('POST', '/session', { name: session.value?.name, password })
    answer(true)
  }
  return (
    <Dialog title={t('again')} close={() => answer(false)}>
      <p>{t('again.why')}</p>
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
