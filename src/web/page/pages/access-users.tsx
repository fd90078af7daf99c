// MQTT's users: who may connect.

import { useState } from 'preact/hooks'
import { number } from '../format.ts'
import { Action, askFor } from '../parts/action.tsx'
import { Empty } from '../parts/empty.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { Table } from '../parts/table.tsx'
import { useRead } from '../parts/use-read.ts'
import { t } from '../texts.ts'

interface User {
  readonly name: string
  readonly clients: number
  readonly rules: number
  readonly admin: boolean
}

export function Users() {
  const { result, fault, again } = useRead<User[]>('users')
  const set = (name: string, password: string): void => {
    const command = result?.some((one) => one.name === name) ? 'user passwd' : 'user add'
    askFor({ command, values: { name, password }, label: t('operator.set'), done: again })
  }
  return (
    <section class="card">
      <h2>{t('system.users')}</h2>
      <FaultBox fault={fault} />
      {result && (
        <Table<User>
          {...{ label: t('system.users'), rows: result, keyOf: ({ name }) => name, filter: result.length > 10 }}
          empty={
            <Empty title={t('users.none')}>
              <p>{t('users.none.next')}</p>
            </Empty>
          }
          columns={[
            {
              title: t('name'),
              text: ({ name }) => name,
              cell: ({ name, admin }) => (
                <>
                  {name} {admin && <span class="badge">{t('user.admin')}</span>}
                </>
              ),
            },
            { title: t('clients'), cell: ({ clients }) => number(clients), width: '6rem', wide: true },
            { title: t('access.rules'), cell: ({ rules }) => number(rules), width: '8rem', wide: true },
            {
              title: '',
              width: '8rem',
              cell: ({ name }) => (
                <Action
                  {...{ command: 'user remove', values: { name }, label: t('remove'), done: again }}
                  name={`${t('remove')} ${name}`}
                />
              ),
            },
          ]}
        />
      )}
      <NameAndPassword least={1} submit={set} />
    </section>
  )
}

/** @param least characters of the password */
export function NameAndPassword({
  least,
  submit,
}: {
  least: number
  submit: (name: string, password: string) => void
}) {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const act = async (): Promise<void> => {
    setPassword('')
    submit(name, password)
  }
  return (
    <Form submit={t('operator.set')} act={act}>
      <div class="row">
        <Field label={t('name')} value={name} change={setName} autocomplete="off" required />
        <Field
          {...{ label: t('password'), type: 'password', value: password, change: setPassword, minLength: least }}
          autocomplete="new-password"
          required
        />
      </div>
    </Form>
  )
}
