// Who may command the gateway, and which programs may ask it; who may publish and subscribe.

import { useState } from 'preact/hooks'
import { ask } from '../api.ts'
import { useCell } from '../cell.ts'
import { has } from '../declared.ts'
import { ago, number } from '../format.ts'
import { live } from '../live.ts'
import { Action, askFor } from '../parts/action.tsx'
import { Empty } from '../parts/empty.tsx'
import { Facts } from '../parts/facts.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { Check, Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { type Part, Parts } from '../parts/parts.tsx'
import { Table } from '../parts/table.tsx'
import { tell } from '../parts/toast.tsx'
import { useRead } from '../parts/use-read.ts'
import { LEAST_PASSWORD, session } from '../session.ts'
import { t } from '../texts.ts'
import { Logins } from './access-logins.tsx'
import { Rules } from './access-rules.tsx'
import { NameAndPassword, Users } from './access-users.tsx'

const PARTS: readonly Part[] = [
  { name: 'devices', title: 'access.devices', Body: Devices },
  { name: 'rules', title: 'rules', Body: Rules, needs: 'acl' },
  { name: 'operators', title: 'accounts', Body: People },
]

export const Access = () => <Parts page="access" title="access" parts={PARTS} />

/** MQTT's users and what holds for them. */
function Devices() {
  const now = useCell(live)
  if (!now) return null
  const { access } = now.status
  return (
    <>
      {has('users') && <Users />}
      <section class="card">
        <Facts
          facts={[
            [t('access.anonymous'), t(access.anonymous ? 'yes' : 'no')],
            [t('access.rules'), number(access.aclLines)],
            [t('system.denied'), number(Object.values(access.denied).reduce((sum, count) => sum + count, 0))],
            [t('access.held'), number(access.held.names + access.held.addresses)],
          ]}
        />
        <div class="buttons">
          <Action command="reload" values={{}} label={t('access.reload')} />
        </div>
      </section>
    </>
  )
}

function People() {
  return (
    <>
      <Operators />
      <OwnPassword />
      {has('logins') && <Logins />}
      <Tokens />
    </>
  )
}

function Operators() {
  const { result, fault, again } = useRead<{ name: string }[]>('operators')
  const set = (name: string, password: string): void =>
    askFor({ command: 'operator set', values: { name, password }, label: t('operator.set'), done: again })
  return (
    <section class="card">
      <h2>{t('operators')}</h2>
      <FaultBox fault={fault} />
      <ul class="plain lines">
        {result?.map((one) => (
          <li key={one.name}>
            <span>
              {one.name} {one.name === session.value?.name && <span class="hint">({t('operator.you')})</span>}
            </span>
            <Action
              {...{ command: 'operator remove', values: { name: one.name }, label: t('remove'), done: again }}
              name={`${t('remove')} ${one.name}`}
            />
          </li>
        ))}
      </ul>
      <NameAndPassword least={LEAST_PASSWORD} submit={set} />
    </section>
  )
}

function OwnPassword() {
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const act = async (): Promise<void> => {
    await ask('POST', '/password', { current, password })
    setCurrent('')
    setPassword('')
    tell(t('password.changed'))
  }
  return (
    <section class="card">
      <h2>{t('password.own')}</h2>
      <Form submit={t('password.change')} act={act}>
        <div class="row">
          <Field
            {...{ label: t('password.current'), type: 'password', value: current, change: setCurrent }}
            autocomplete="current-password"
            required
          />
          <Field
            {...{ label: t('password.new'), type: 'password', value: password, change: setPassword }}
            minLength={LEAST_PASSWORD}
            autocomplete="new-password"
            required
          />
        </div>
      </Form>
    </section>
  )
}

interface Token {
  readonly name: string
  readonly may: 'read' | 'all'
  readonly made: string
}

function Tokens() {
  const { result, fault, again } = useRead<Token[]>('tokens')
  const [name, setName] = useState('')
  const [readOnly, setReadOnly] = useState(true)
  const [made, setMade] = useState<{ name: string; token: string } | null>(null)
  const create = async (): Promise<void> => {
    const done = (result: unknown): void => {
      setMade(result as NonNullable<typeof made>)
      setName('')
      again()
    }
    askFor({ command: 'token create', values: { name, readOnly }, label: t('token.create'), done })
  }
  return (
    <section class="card">
      <h2>{t('tokens')}</h2>
      <p class="hint">{t('tokens.hint')}</p>
      <FaultBox fault={fault} />
      {result && (
        <Table<Token>
          {...{ label: t('tokens'), rows: result, keyOf: (one) => one.name, empty: <NoToken /> }}
          columns={[
            { title: t('name'), cell: (one) => one.name },
            { title: t('token.may'), cell: ({ may }) => t(`token.may.${may}`) },
            { title: t('token.made'), cell: (one) => ago(one.made), wide: true },
            {
              title: '',
              cell: (one) => (
                <Action
                  {...{ command: 'token revoke', values: { name: one.name }, label: t('remove'), done: again }}
                  name={`${t('remove')} ${one.name}`}
                />
              ),
            },
          ]}
        />
      )}
      {made && (
        <p class="well" role="status">
          {t('token.once', { name: made.name })} <code>{made.token}</code>
        </p>
      )}
      <Form submit={t('token.create')} act={create}>
        <Field label={t('token.for')} value={name} change={setName} autocomplete="off" required />
        <Check label={t('token.readOnly')} value={readOnly} change={setReadOnly} />
      </Form>
    </section>
  )
}

const NoToken = () => (
  <Empty title={t('tokens.none')}>
    <p>{t('tokens.none.next')}</p>
  </Empty>
)
