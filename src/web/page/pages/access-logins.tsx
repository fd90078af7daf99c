// Who is logged in here.

import { ago } from '../format.ts'
import { Action } from '../parts/action.tsx'
import { Empty } from '../parts/empty.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { Table } from '../parts/table.tsx'
import { useRead } from '../parts/use-read.ts'
import { t } from '../texts.ts'

interface Login {
  readonly id: string
  readonly operator: string
  readonly from: string
  readonly since: string
  readonly used: string
}

export function Logins() {
  const { result, fault, again } = useRead<Login[]>('logins')
  return (
    <section class="card">
      <h2>{t('logins')}</h2>
      <FaultBox fault={fault} />
      {result && (
        <Table<Login>
          {...{ label: t('logins'), rows: result, keyOf: ({ id }) => id, empty: <Empty title={t('result.none')} /> }}
          columns={[
            { title: t('name'), cell: ({ operator }) => operator },
            { title: t('client.address'), cell: ({ from }) => from },
            { title: t('login.used'), cell: ({ used }) => t('ago', { time: ago(used) }), wide: true },
            {
              title: '',
              width: '7.5rem',
              cell: ({ id, operator }) => (
                <Action
                  {...{ command: 'login end', values: { login: id }, label: t('login.end'), done: again }}
                  name={`${t('login.end')} ${operator} ${id}`}
                />
              ),
            },
          ]}
        />
      )}
    </section>
  )
}
