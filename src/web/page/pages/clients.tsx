// Who is connected, who may come back, what they wait for.

import { useState } from 'preact/hooks'
import { has } from '../declared.ts'
import { ago, moment, number } from '../format.ts'
import { Action } from '../parts/action.tsx'
import { Badge } from '../parts/badge.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Empty } from '../parts/empty.tsx'
import { Facts } from '../parts/facts.tsx'
import { FaultBox } from '../parts/fault.tsx'
import { Check } from '../parts/field.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { LIST_MS, useRead } from '../parts/use-read.ts'
import { t } from '../texts.ts'

interface Client {
  readonly clientid: string
  readonly state: 'connected' | 'away'
  readonly since: string
  readonly address: string | null
  readonly username: string | null
  readonly listener: string | null
  readonly protocol: string | null
  readonly keepalive: number | null
  readonly clean: boolean
  readonly subscriptions: number
  readonly inflight: number
  readonly waiting: number
}

export function Clients() {
  const [all, setAll] = useState(true)
  const [shown, setShown] = useState<string | null>(null)
  const { result, fault, again } = useRead<Client[]>('clients', all ? { all } : {}, LIST_MS)
  return (
    <section class="card">
      <Check label={t('clients.all')} value={all} change={setAll} />
      <FaultBox fault={fault} />
      {result && (
        <Table<Client>
          {...{ label: t('clients'), rows: result, columns: columnsOf(setShown), filter: true }}
          keyOf={({ clientid }) => clientid}
          empty={
            <Empty title={t('clients.none')}>
              <p>{t('clients.none.next')}</p>
              <pre>npx -y mqtt sub -h {location.hostname} -t '#'</pre>
            </Empty>
          }
        />
      )}
      {shown !== null && <ClientDialog clientid={shown} close={() => setShown(null)} changed={again} />}
    </section>
  )
}

const columnsOf = (show: (clientid: string) => void): Column<Client>[] => [
  {
    title: t('client'),
    width: 'minmax(0, 2fr)',
    text: ({ clientid }) => clientid,
    cell: ({ clientid }) => (
      <button type="button" class="link" onClick={() => show(clientid)}>
        {clientid}
      </button>
    ),
  },
  { title: t('state'), cell: ({ state }) => <Badge state={state} />, width: '8rem' },
  {
    title: t('client.since'),
    text: ({ since }) => moment(since),
    cell: ({ since }) => ago(since),
    width: '6rem',
    wide: true,
  },
  {
    title: t('client.address'),
    text: ({ address }) => address ?? '',
    cell: ({ address }) => address ?? '–',
    wide: true,
  },
  {
    title: t('client.user'),
    text: ({ username }) => username ?? '',
    cell: ({ username }) => username ?? '–',
    wide: true,
  },
  { title: t('client.subscriptions'), cell: ({ subscriptions }) => number(subscriptions), width: '6rem', wide: true },
  {
    title: t('client.waiting'),
    cell: ({ inflight, waiting }) => number(inflight + waiting),
    width: '5rem',
    wide: true,
  },
]

interface WholeClient extends Omit<Client, 'subscriptions'> {
  readonly subscriptions: readonly { filter: string; qos: number }[]
}

const DIALOG_MS = 2000

function ClientDialog({ clientid, close, changed }: { clientid: string; close: () => void; changed: () => void }) {
  const { result, fault } = useRead<WholeClient>('client show', { clientid }, DIALOG_MS)
  const values = { clientid }
  const done = (): void => {
    close()
    changed()
  }
  return (
    <Dialog title={clientid} close={close}>
      <FaultBox fault={fault} />
      {result && (
        <>
          <Facts
            facts={[
              [t('state'), <Badge key="state" state={result.state} />],
              [t('client.since'), moment(result.since)],
              [t('client.address'), result.address ?? '–'],
              [t('client.user'), result.username ?? '–'],
              [t('client.listener'), result.listener ?? '–'],
              [t('client.protocol'), `MQTT ${result.protocol ?? '–'}, ${result.keepalive ?? '–'} s`],
              [t('client.clean'), t(result.clean ? 'yes' : 'no')],
              [t('client.inflight'), number(result.inflight)],
              [t('client.waiting'), number(result.waiting)],
            ]}
          />
          <h3>{t('client.subscriptions')}</h3>
          {result.subscriptions.length === 0 && <p class="hint">{t('client.subscriptions.none')}</p>}
          <ul class="plain">
            {result.subscriptions.map(({ filter, qos }) => (
              <li key={filter}>
                <code>{filter}</code> QoS {qos}
              </li>
            ))}
          </ul>
          <div class="buttons">
            <button type="button" onClick={close}>
              {t('action.close')}
            </button>
            {result.state === 'connected' && (
              <Action {...{ command: 'client kick', values, label: t('client.kick'), look: 'danger', done }} />
            )}
            {result.state === 'away' && has('client forget') && (
              <Action {...{ command: 'client forget', values, label: t('client.forget'), look: 'danger', done }} />
            )}
          </div>
        </>
      )}
    </Dialog>
  )
}
